import { describe, expect, it } from 'vitest';
import { composedText, emailText, trimmedText } from './identifier-text.ts';

describe('a text that is compared as an identifier', () => {
  it.each([
    [' u1 ', 'u1'],
    ['\u200bu1\u200d', 'u1'],
    ['\ufeff \u2060u1\u00ad ', 'u1'],
    ['a\u200bb', 'a\u200bb'],
    ['\u200b', ''],
    ['', ''],
  ])('%j is %j without what nobody sees around it', (text, trimmed) => {
    expect(trimmedText(text)).toBe(trimmed);
  });

  it('is trimmed in one pass however long the white space within it is', () => {
    const long = `\u200b${' \u200b'.repeat(100_000)}x`;
    expect(trimmedText(`${long}${' \u200b'.repeat(100_000)}y`).endsWith('y')).toBe(true);
    expect(trimmedText(long)).toBe('x');
  });

  it('has one Unicode composition', () => {
    expect(composedText('Zoe\u0308')).toBe('Zo\u00eb');
  });
});

describe('an e-mail address', () => {
  it.each([
    ['Ann@Acme.COM', 'ann@acme.com'],
    ['ann+x@gmail.com', 'ann+x@gmail.com'],
    ['ann@B\u00dcCHER.example', 'ann@xn--bcher-kva.example'],
    ['jose\u0301@acme.com', 'jos\u00e9@acme.com'],
    ['an\u200bn@acme.com\ufeff', 'ann@acme.com'],
  ])('%j is kept as %j', (text, email) => {
    expect(emailText(text)).toBe(email);
  });

  it.each(['ann', '@acme.com', 'ann@', 'a@@b.com', 'a@b@c.com', 'a b@c.com', 'ann@b\u00fc/cher.com', 'ann@\u00fc:80'])(
    '%j is none',
    (text) => {
      expect(emailText(text)).toBe(null);
    },
  );
});
