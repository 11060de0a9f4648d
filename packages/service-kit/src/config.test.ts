import { describe, expect, it } from 'vitest';
import * as config from './config.ts';
import { ConfigError, readEnv, readProcessConfig, type Setting } from './config.ts';

const read = (setting: Setting<unknown>, text: string | undefined): unknown =>
  readEnv({ [setting.variable]: text }, { it: setting }).it;

describe('settings from the environment', () => {
  it.each<[string, Setting<unknown>, string | undefined, unknown]>([
    ['a port', config.port('X', 8080), '9000', 9000],
    ['a free port', config.port('X', 8080), '0', 0],
    ['a port left out', config.port('X', 8080), undefined, 8080],
    ['a blank port', config.port('X', 8080), ' ', 8080],
    ['a host', config.host('X', '127.0.0.1'), '::1', '::1'],
    ['a duration', config.duration('X', 1), '5 seconds', 5_000],
    ['durations', config.durations('X', null), '0, 5s,5m, 2 hours', [0, 5_000, 300_000, 7_200_000]],
    ['durations left out', config.durations('X', null), undefined, null],
    ['a list', config.list('X', []), ' a, b ,,c ', ['a', 'b', 'c']],
    ['hosts and ports', config.hostPorts('X', []), 'localhost:80,[::1]:443', ['localhost:80', '[::1]:443']],
    ['an address', config.url('X', null), 'https://a.example/x/', 'https://a.example/x'],
    ['yes', config.boolean('X', false), 'TRUE', true],
    ['no', config.boolean('X', true), 'off', false],
    ['a choice', config.oneOf('X', ['a', 'b'], 'a'), 'b', 'b'],
    ['a text', config.text('X', null), ' t ', 't'],
    ['a path', config.path('X', null), '/a/../b', '/b'],
  ])('reads %s', (_name, setting, text, expected) => expect(read(setting, text)).toEqual(expected));

  it.each<[Setting<unknown>, string]>([
    [config.port('X', 1), '65536'],
    [config.port('X', 1), '80a'],
    [config.port('X', 1), '-1'],
    [config.port('X', 1), '1e3'],
    [config.host('X', ''), 'http://x'],
    [config.duration('X', 1), 'soon'],
    [config.duration('X', 1), '5 business days'],
    [config.durations('X', null), '5s,x'],
    [config.hostPorts('X', []), 'localhost'],
    [config.hostPorts('X', []), 'localhost:99999'],
    [config.url('X', null), 'localhost:9000'],
    [config.url('X', null), 'ftp://x'],
    [config.boolean('X', true), 'maybe'],
    [config.oneOf('X', ['a'], 'a'), 'c'],
    [config.integer('X', 1, 5, 9), '4'],
  ])('names the variable of a bad value (%#)', (setting, text) => {
    expect(() => read(setting, text)).toThrow(ConfigError);
    expect(() => read(setting, text)).toThrow(/^X must be /);
  });

  it('names every variable at fault at once, and never shows a value', () => {
    const spec = { a: config.port('PORT', 1), b: config.url('SECRET_URL', null) };
    const faults = (): unknown => readEnv({ PORT: 'x', SECRET_URL: 'hunter2' }, spec);
    expect(faults).toThrow(/PORT.*\nSECRET_URL/);
    expect(faults).not.toThrow(/hunter2/);
  });

  it('are frozen', () => {
    const settings = readProcessConfig({});
    expect(Object.isFrozen(settings)).toBe(true);
    expect(settings).toMatchObject({ port: 8080, host: '127.0.0.1', kafkaBrokers: null, otlpEndpoint: null });
  });
});
