import { describe, expect, it } from 'vitest';
import { encodeJson } from '@cairn/contracts/json.ts';
import { createStateTable } from '@cairn/log/state-table.ts';
import { createStateMap } from './state-map.ts';

function filled(entries: Record<string, unknown>, cacheBytes = 1_000_000) {
  const table = createStateTable();
  for (const [key, value] of Object.entries(entries)) table.apply({ key, value: encodeJson(value), timers: { t: 5 } });
  let reads = 0;
  const reader = { ...table, get: (key: string) => (reads++, table.get(key)) };
  const state = createStateMap(reader, cacheBytes);
  const commit = (): void => {
    for (const change of state.changes()) table.apply(change);
    state.committed();
  };
  return { state, table, commit, reads: () => reads };
}

describe('the state map', () => {
  it('lays the changes of the cycle over what is committed', () => {
    const { state, table } = filled({ a: 1 });
    state.setValue('a', 2);
    state.setValue('b', 3);
    expect([state.get('a'), state.get('b'), table.get('b')]).toEqual([2, 3, undefined]);
    state.setValue('a', null);
    expect([state.get('a'), state.timers('a')]).toEqual([undefined, {}]);
  });

  it('reads and parses a value once, and keeps it for the next cycles', () => {
    const { state, commit, reads } = filled({ a: { n: 1 } });
    const first = state.get('a');
    commit();
    expect(state.get('a')).toBe(first);
    expect(reads()).toBe(1);
  });

  it('keeps the value where only a timer changed', () => {
    const { state, commit, table } = filled({ a: 1 });
    state.setTimer('a', 'u', 9);
    state.setTimer('a', 't', null);
    commit();
    expect(table.get('a')).toEqual({ value: Buffer.from('1'), timers: { u: 9 } });
  });

  it('removes a key with neither value nor timers', () => {
    const { state, commit, table } = filled({ a: 1 });
    state.setValue('a', null);
    commit();
    expect(table.get('a')).toBeUndefined();
  });

  it('lists keys in order, with the changes of the cycle, without the task’s own', () => {
    const { state } = filled({ 'p/b': 1, 'p/a': 1, 'q/a': 1, '~effect/x': 1 });
    state.setValue('p/c', 1);
    state.setValue('p/b', null);
    expect([...state.keys('p/')]).toEqual(['p/a', 'p/c']);
    expect([...state.keys('')]).toEqual(['p/a', 'p/c', 'q/a']);
  });

  it('forgets what it holds beyond its budget, the least recently used first', () => {
    const value = 'x'.repeat(800);
    const { state, commit, reads } = filled(
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, value])),
      10_000,
    );
    const touch = (i: number): void => {
      state.get(`k${i}`);
      state.get('k0');
      commit();
    };
    for (let i = 1; i < 100; i++) touch(i);
    expect(reads()).toBe(100);
    touch(1);
    expect(reads()).toBe(101);
  });

  it('asks for an absent key once, and finds it when it was set later', () => {
    const { state, commit, reads } = filled({});
    expect(state.get('later')).toBeUndefined();
    expect(state.get('later')).toBeUndefined();
    expect(reads()).toBe(1);
    state.setValue('later', 1);
    expect(state.get('later')).toBe(1);
    commit();
    for (let i = 0; i < 3; i++) {
      state.setValue(`other${i}`, 'x'.repeat(200_000));
      commit();
    }
    expect(state.get('later')).toBe(1);
  });

  it('gives out the place of a key, which follows its value until the notes are others', () => {
    const { state, commit } = filled({ a: 1 }, 10_000);
    const [place, notes] = [state.entry!('a')!, state.notes!];
    expect([place.key, place.value, state.entry!('b')]).toEqual(['a', 1, undefined]);
    state.setValue('a', 2);
    commit();
    expect([place.value, state.entry!('a'), state.notes]).toEqual([2, place, notes]);
    state.setValue('a', null);
    expect([place.value, state.entry!('a')]).toEqual([undefined, undefined]);
    state.setValue('a', 3);
    expect(place.value).toBe(3);
    state.setValue('a', 4, place);
    expect(state.get('a')).toBe(4);
    notes.set('anything', 1);
    state.setValue('large', 'x'.repeat(8_000));
    commit();
    expect(state.notes).not.toBe(notes);
    expect(state.notes!.size).toBe(0);
    // One that was given out before may be forgotten by now: what is written through it is written all the same.
    state.setValue('larger', 'x'.repeat(8_000));
    commit();
    state.setValue('a', 5, place);
    commit();
    expect(state.get('a')).toBe(5);
    const later = state.notes;
    state.reset();
    expect(state.get('a')).toBe(5);
    expect(state.notes).not.toBe(later);
  });

  it('forgets everything on reset', () => {
    const { state } = filled({ a: 1 });
    state.setValue('a', 2);
    state.reset();
    expect(state.get('a')).toBe(1);
    expect(state.changes()).toEqual([]);
  });
});
