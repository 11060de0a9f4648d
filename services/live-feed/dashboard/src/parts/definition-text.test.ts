import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { keysAt, lineOf, pathAt } from './definition-schema.ts';
import { toYaml } from './to-yaml.ts';

const folder = join(import.meta.dirname, '../../../../../definitions');
const files = readdirSync(folder).filter((name) => /^[\w-]+\.yaml$/.test(name));

describe('a definition as YAML', () => {
  it.each(files)('of %s is read back as the same', (name) => {
    const definition = parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;
    expect(parse(toYaml(definition))).toEqual(definition);
  });

  it.each([
    'yes',
    '08:00',
    '1',
    '1e3',
    'null',
    '',
    ' led',
    'a: b',
    '# no',
    '{{ alert.reason }}',
    '-1',
    '3 days',
    '250ms',
    '5 business days',
    '(?i)chief|vp',
    'a,b',
    '[x]',
    'ünï',
    'two\nlines',
    '0x1f',
    '2026-01-01',
    'Page Viewed',
    '*',
    '~',
  ])('keeps the text %j', (text) => {
    const value = { name: text, list: [text], inner: { key: text, more: { deep: [{ name: text, enter: text }] } } };
    expect(parse(toYaml(value))).toEqual(value);
  });
});

const TEXT = `cairn: journey-definition/1
name: a
unit: account
stages:
  - name: one
    stall: { after: 3 days }
  - name: two
    enter: { event: X }
    stall:
      learned: { horizon: 1 day,  }
score:
  engagement:
    points:
      - { name: x, add: 1,  }
`;
/** The keys offered behind a mark in the text. */
const offered = (mark: string): string[] => keysAt(TEXT, TEXT.indexOf(mark) + mark.length).map(({ key }) => key);

describe('completion', () => {
  it.each([
    ['\nunit', 'stages'],
    ['  - name: two\n    ', 'stall'],
    ['stall: { ', 'after'],
    ['learned: { horizon: 1 day, ', 'probability'],
    ['{ name: x, add: 1, ', 'atMost'],
    ['score:\n  ', 'engagement'],
  ])('behind %j offers %s', (mark, key) => {
    expect(offered(mark)).toContain(key);
  });

  it('knows where it is', () => {
    const at = TEXT.indexOf('horizon');
    expect(pathAt(TEXT, at)).toEqual(['stages', '[]', 'stall', 'learned']);
  });

  it('offers nothing where the schema has nothing', () => {
    expect(keysAt('nowhere:\n  ', 11)).toEqual([]);
  });
});

describe('the line of a fault', () => {
  it.each([
    ['unit', 3],
    ['stages[0].stall.after', 6],
    ['stages[1].enter', 8],
    ['stages[1].stall.learned.horizon', 10],
    ['score.engagement.points[0].add', 14],
    ['nowhere', 1],
    ['', 1],
  ])('%s is %i', (path, line) => {
    expect(lineOf(TEXT, path)).toBe(line);
  });
});
