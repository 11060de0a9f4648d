import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedLines, lineDiff } from './line-diff.ts';

const told = (before: string, after: string): string[] => lineDiff(before, after).map(({ kind, line }) => kind + line);

describe('two texts line by line', () => {
  it('say what goes and what comes, and leave the rest', () => {
    expect(told('a\nb\nc', 'a\nx\nc')).toEqual([' a', '-b', '+x', ' c']);
    expect(told('a\nb', 'a\nb')).toEqual([' a', ' b']);
    expect(told('a\nb\na', 'a')).toEqual([' a', '-b', '-a']);
    expect(told('a', 'b\na')).toEqual(['+b', ' a']);
  });

  it('give back either text, whatever they are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '')).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const rows = lineDiff(before, after);
        const without = (kind: string): string =>
          rows
            .filter((row) => row.kind !== kind)
            .map(({ line }) => line)
            .join('\n');
        expect(without('+')).toBe(before);
        expect(without('-')).toBe(after);
      }),
    );
  });

  it('of a size that no person wrote are told whole', () => {
    const many = (word: string): string => Array.from({ length: 3_000 }, (_, n) => `${word}${n}`).join('\n');
    expect(lineDiff(many('a'), many('b')).length).toBe(6_000);
  });

  it('are shown with the lines around each change', () => {
    const lines = Array.from({ length: 20 }, (_, n) => String(n));
    const rows = lineDiff(lines.join('\n'), lines.with(10, 'x').join('\n'));
    expect(changedLines(rows).map((row) => row && row.kind + row.line)).toEqual([
      null,
      ...[' 8', ' 9', '-10', '+x', ' 11', ' 12'],
      null,
    ]);
  });
});
