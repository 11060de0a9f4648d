import { describe, expect, it } from 'vitest';
import { parseForeignJson, wellFormedJson } from './json.ts';

describe('JSON text of valid Unicode', () => {
  it.each([
    ['"a\\ud800"', 'a\ufffd'],
    ['"\\udc00\\ud800"', '\ufffd\ufffd'],
    ['"\\ud83d\\ud83d\\ude00"', '\ufffd😀'],
    ['"\\uD83D\\uDE00"', '😀'],
    ['"\\\\ud800"', '\\ud800'],
    ['"\\\\\\ud800"', '\\\ufffd'],
    ['"\\ud800\\\\ude00"', '\ufffd\\ude00'],
    ['"\\u00e9\\n"', 'é\n'],
  ])('%s', (text, means) => expect(JSON.parse(wellFormedJson(text))).toBe(means));

  it('gives the text itself where there is nothing to mend', () => {
    const text = '{"a":"\\u0000 ż 😀"}';
    expect(wellFormedJson(text)).toBe(text);
  });
});

describe('JSON as others send it', () => {
  it.each([
    ['{"userId":9007199254740993}', { userId: '9007199254740993' }],
    ['[12345678901234567890, -9007199254740993]', ['12345678901234567890', '-9007199254740993']],
    [
      '{"a":9007199254740992,"b":1e30,"c":0.1234567890123456789}',
      { a: 9007199254740992, b: 1e30, c: 0.1234567890123456789 },
    ],
    ['{"text":": 9007199254740993","n":9007199254740993}', { text: ': 9007199254740993', n: '9007199254740993' }],
    ['{"a":"\\ud800"}', { a: '\ufffd' }],
  ])('%s keeps the digits of whole numbers that a double would change', (text, value) => {
    expect(parseForeignJson(text)).toEqual(value);
  });
});
