import { describe, expect, it } from 'vitest';
import { commonKind, verdictLabel, VERDICTS } from './verdicts.ts';

describe('a verdict', () => {
  it('is called by what it says of this kind of alert', () => {
    const labels = (kind: Parameters<typeof verdictLabel>[1]): string[] =>
      VERDICTS.map((one) => verdictLabel(one, kind));
    expect(labels('stall')).toEqual(['Real stall', 'Not a stall', 'Already handled']);
    expect(labels('role-missing')).toEqual(['Really missing', 'False alarm', 'Already handled']);
    expect(labels('role-silent')).toEqual(['Really silent', 'False alarm', 'Already handled']);
    expect(labels('single-threaded')).toEqual(['Really one buyer', 'False alarm', 'Already handled']);
  });

  it('on several kinds at once is called by what fits them all', () => {
    expect(commonKind(['stall', 'stall'])).toBe('stall');
    expect(commonKind(['stall', 'role-missing'])).toBeNull();
    expect(commonKind([])).toBeNull();
    expect(VERDICTS.map((one) => verdictLabel(one, null))).toEqual(['Real', 'False alarm', 'Already handled']);
  });
});
