import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import type { TimedRow } from '@cairn/replay/admit-rows.ts';
import { createSortedRows } from './sort-rows.ts';

describe('sorted rows', () => {
  it('come in the order of their times, equal times as in the file, also where they did not fit into memory', () => {
    const random = seededRandom(9);
    const rows = Array.from({ length: 2_000 }, (_, i): TimedRow => {
      const item = { n: i, text: 'zażółć\tgęślą\njaźń'.slice(0, Math.floor(random() * 17)) };
      return { at: Math.floor(random() * 300), number: i + 1, text: JSON.stringify(item), item };
    });
    const expected = [...rows].sort((a, b) => a.at - b.at || a.number - b.number);
    for (const limits of [
      { chars: 1e9, rows: 1e9 },
      { chars: 1e9, rows: 150 },
      { chars: 1_000, rows: 1e9 },
    ]) {
      const sorted = createSortedRows(limits);
      try {
        for (const row of rows) sorted.add(row);
        expect([...sorted.rows()]).toEqual(expected);
        expect([...sorted.rows()]).toEqual(expected);
      } finally {
        sorted.close();
      }
    }
  });
});
