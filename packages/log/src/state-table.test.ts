import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { describe, expect, test } from 'vitest';
import { compareKeys } from './key-order.ts';
import type { DueTimer } from './log.ts';
import { createStateTable } from './state-table.ts';
import { createTimerIndex } from './timer-index.ts';

describe('the state table', () => {
  test('agrees with a naive model over thousands of random changes', () => {
    const random = seededRandom(11);
    const pick = (n: number): number => Math.floor(random() * n);
    const table = createStateTable();
    const model = new Map<string, Record<string, number>>();
    for (let step = 0; step < 5_000; step++) {
      const key = `k${pick(40)}`;
      const timers: Record<string, number> = {};
      if (pick(4) > 0) for (const purpose of ['stall', 'remind']) if (pick(3) > 0) timers[purpose] = pick(1_000);
      const value = pick(5) === 0 ? null : Uint8Array.of(pick(256), pick(256));
      table.apply({ key, value, timers });
      if (value === null && Object.keys(timers).length === 0) model.delete(key);
      else model.set(key, timers);

      const before = pick(1_100);
      const limit = 1 + pick(10);
      const expected: DueTimer[] = [...model]
        .flatMap(([owner, ofKey]) => Object.entries(ofKey).map(([purpose, dueAt]) => ({ key: owner, purpose, dueAt })))
        .sort((a, b) => a.dueAt - b.dueAt || compareKeys(a.key, b.key) || compareKeys(a.purpose, b.purpose));
      expect(table.nextDue()).toBe(expected[0]?.dueAt ?? null);
      expect(table.due(before, limit)).toEqual(expected.filter((timer) => timer.dueAt <= before).slice(0, limit));
      expect(table.size()).toBe(model.size);
    }
  });

  test('keeps every byte of a value', () => {
    const table = createStateTable();
    const value = Uint8Array.from({ length: 256 }, (_, i) => i);
    table.apply({ key: 'k', value: value.subarray(3, 250), timers: {} });
    expect([...table.get('k')!.value!]).toEqual([...value.subarray(3, 250)]);
  });
});

describe('the timer index', () => {
  test('a deadline that is pushed on a million times holds one entry', () => {
    let dueAt = 1_000;
    const index = createTimerIndex(() => dueAt);
    index.add(dueAt, 'k', 'stall');
    for (let i = 0; i < 1_000_000; i++) dueAt++;
    expect(index.due(dueAt - 1, 10)).toEqual([]);
    expect(index.due(dueAt, 10)).toEqual([{ key: 'k', purpose: 'stall', dueAt }]);
    expect(index.size()).toBe(1);
  });
});

describe('the order of keys', () => {
  test('is the order of their UTF-8 bytes', () => {
    const keys = ['', 'a', 'ab', 'b', 'é', '\ud7ff', '\ue000', '\uffee', '😀', '😀a', '\u{10ffff}', 'a😀', 'a\uffee'];
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...keys].sort(compareKeys)).toEqual(byBytes);
  });
});
