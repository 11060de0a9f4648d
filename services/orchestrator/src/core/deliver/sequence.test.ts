import { expect, test } from 'vitest';
import { sequenceOf } from './sequence.ts';

test('rises with the journey’s seq, whatever the facts of a change are', () => {
  const of = (seq: number): number[] => [
    ...['stall', 'role-silent', 'single-threaded', 'role-missing'].flatMap((kind) =>
      ['resolved', 'opened', 'acknowledged', 'snoozed', 'escalated'].map((step) =>
        sequenceOf(`alert.${step}`, { kind, journey: { seq } })!,
      ),
    ),
    sequenceOf('action.withdrawn', { journey: { seq } })!,
    sequenceOf('action.requested', { journey: { seq } })!,
    ...['stage_changed', 'qualified', 'won', 'lost'].map((step) => sequenceOf(`journey.${step}`, { seq })!),
  ];
  const all = [...of(1), ...of(2), ...of(118)];
  expect(all).toEqual([...all].sort((a, b) => a - b));
  expect(new Set(all).size).toBe(all.length);
});

test('is left out where no journey’s seq is told', () => {
  expect(sequenceOf('endpoint.test', {})).toBeNull();
  expect(sequenceOf('identity.merged', { id: 'per_1' })).toBeNull();
  expect(sequenceOf('alert.opened', { journey: null })).toBeNull();
});
