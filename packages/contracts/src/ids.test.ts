import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { idOf, touchpointId } from './ids.ts';

describe('an id', () => {
  it('is the first 128 bits of a SHA-256 over its length-prefixed parts', () => {
    for (let i = 0; i < 500; i++) {
      const parts = [`w${i}`, 'żółć 🚀'.repeat(i % 4), i];
      const reference = createHash('sha256');
      for (const part of parts) reference.update(`${String(part).length}:`).update(String(part));
      expect(idOf('x', ...parts)).toBe(`x_${reference.digest().subarray(0, 16).toString('base64url')}`);
    }
  });
  it('differs where the same text is cut elsewhere', () => expect(idOf('x', 'ab', 'c')).not.toBe(idOf('x', 'a', 'bc')));
  it('stays what it is: ids are kept for ever', () =>
    expect(touchpointId('w1', 'm1')).toBe('tp_A-w7sWitdFEf9dIT1zy4Eg'));
});
