import { describe, expect, it } from 'vitest';
import { wellFormedJson } from './json.ts';

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
