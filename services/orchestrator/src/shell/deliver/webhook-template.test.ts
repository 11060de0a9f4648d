import { describe, expect, test } from 'vitest';
import { compileTemplate } from './webhook-template.ts';

const event = {
  type: 'alert.opened',
  timestamp: '2026-01-31T08:00:00.000Z',
  data: {
    journey: { name: 'Acme' },
    reason: { text: 'silent' },
    people: [{ name: 'Jo' }, { name: 'Al' }],
    long: 'x'.repeat(10_000),
  },
};
const render = (text: string) => compileTemplate(text).render(event);

describe('a template', () => {
  test.each([
    ['{ "text": data.journey.name & " is " & data.reason.text }', { text: 'Acme is silent' }],
    ['{ "who": data.people.name, "n": $count(data.people) }', { who: ['Jo', 'Al'], n: 2 }],
    ['{ "who": $join(data.people.name, ", ") }', { who: 'Jo, Al' }],
    ['{ "up": $uppercase($$.type), "won": type = "journey.won" ? true : false }', { up: 'ALERT.OPENED', won: false }],
    ['data.people[name = "Jo"].{ "n": name }', { n: 'Jo' }],
    ['[data.people^(name).name]', ['Al', 'Jo']],
    ['data.people.$uppercase(name)', ['JO', 'AL']],
  ])('%s', async (text, body) => {
    expect(JSON.parse(await render(text))).toEqual(body);
  });

  test.each([
    ['{ "a": ', 'no JSONata'],
    ['(function($x){ $x })(1)', 'functions'],
    ['( $a := data; $a )', 'variables'],
    ['$replace(data.reason.text, /(a+)+$/, "")', 'must not'],
    ['$match(data.reason.text, /x/)', 'must not'],
    ['data[reason.text ~> /x/]', 'regular expressions'],
    ['[1..1000000]', 'ranges'],
    ['$eval("1")', 'must not call $eval'],
    ['$pad("x", 1000000000)', 'must not call $pad'],
    ['$now()', 'must not call $now'],
    ['$random()', 'must not call $random'],
    ['$map(data.people, $eval)', 'must not call $map'],
    ['data.people ~> |$|{"x":1}|', 'transformations'],
    ['data.people ~> $eval', 'variables'],
    ['x'.repeat(8_193), 'longer'],
  ])('%s is refused', (text, why) => {
    expect(() => compileTemplate(text)).toThrow(why);
  });

  test.each([
    'data.nothing',
    '$join($split(data.long, ""), data.long)',
    '[data.long,data.long,data.long,data.long,data.long,data.long,data.long,data.long,data.long,data.long]',
    '$number("x")',
  ])('%s rejects instead of making nothing or too much', async (text) => {
    await expect(render(text)).rejects.toBeDefined();
  });
});
