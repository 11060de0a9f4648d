import { describe, expect, it } from 'vitest';
import { touchpointId } from '@cairn/contracts/ids.ts';
import {
  FIRST_SWEEP,
  MAX_IDS_PER_SLOT,
  remember,
  seenKey,
  sweepGroup,
  SWEEP_GROUPS,
  withoutExpired,
} from './deduplicate.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 5, 9, 30);
const idOf = (n: number): string => touchpointId('w1', `m${n}`);

describe('the memory of messageIds', () => {
  it('knows an id again for 24 hours at least, whenever in the hour it came', () => {
    for (let minute = 0; minute < 60; minute += 7) {
      const at = NOW + minute * 60_000;
      const slot = remember(undefined, idOf(1), at)!;
      expect(remember(slot, idOf(1), at + 24 * HOUR)).toBeNull();
      // An other id arrives later: what is expired by then goes.
      expect(remember(slot, idOf(2), at + 26 * HOUR)).toHaveLength(slot.length);
    }
  });

  it('tells ids apart that share parts of their fingerprints', () => {
    const [one, other] = ['tp_AAAAAAAAAAAAAAbbbbbbbb', 'tp_AAAAAAAAAAAAAAbbbbbbbc'];
    const slot = remember(remember(undefined, 'tp_AAAAAAAAAAAAAAxbbbbbbb', NOW)!, 'tp_AAAAAAAAAAAAAAbxxxxxxx', NOW)!;
    expect(remember(slot, one, NOW)).not.toBeNull();
    expect(remember(remember(slot, one, NOW)!, other, NOW)).not.toBeNull();
  });

  it('spreads ids evenly over 65,536 slots', () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < 16_384; n++) counts.set(seenKey('w1', idOf(n)), (counts.get(seenKey('w1', idOf(n))) ?? 0) + 1);
    // A quarter a slot on average: by Poisson's law some 14,500 slots are taken, and hardly one by six.
    expect(counts.size).toBeGreaterThan(14_200);
    expect(Math.max(...counts.values())).toBeLessThan(9);
  });

  it('is bounded: the oldest of a full slot go first', () => {
    let slot: string | undefined;
    for (let n = 0; n < MAX_IDS_PER_SLOT + 10; n++) slot = remember(slot, idOf(n), NOW)!;
    expect(slot).toHaveLength(MAX_IDS_PER_SLOT * 9);
    expect(remember(slot, idOf(0), NOW)).not.toBeNull();
    expect(remember(slot, idOf(MAX_IDS_PER_SLOT), NOW)).toBeNull();
  });

  it('is swept group by group, and a round that finds nothing ends the sweeping', () => {
    const slots = new Map<string, string>();
    for (let n = 0; n < 500; n++)
      slots.set(seenKey('w1', idOf(n)), remember(slots.get(seenKey('w1', idOf(n))), idOf(n), NOW)!);
    const round = (now: number): number => {
      let rounds = 0;
      for (let sweep = FIRST_SWEEP; ; rounds++) {
        const { changes, next } = sweepGroup((key) => slots.get(key), 'w1', sweep, now);
        for (const { key, value } of changes) {
          if (value === null) slots.delete(key);
          else slots.set(key, value);
        }
        if (!next || rounds > SWEEP_GROUPS) return rounds;
        sweep = next;
      }
    };
    const before = slots.size;
    expect(round(NOW + 24 * HOUR)).toBeGreaterThan(SWEEP_GROUPS);
    expect(slots.size).toBe(before);
    round(NOW + 26 * HOUR);
    expect(slots.size).toBe(0);
    expect(round(NOW + 26 * HOUR)).toBe(SWEEP_GROUPS - 1);
    expect(withoutExpired('', NOW)).toBe('');
  });
});
