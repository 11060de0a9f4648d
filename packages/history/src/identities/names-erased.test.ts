import { expect, test } from 'vitest';
import { namesErased } from './names-erased.ts';

const ANN = '0b0dbb10-9e62-5fe4-8b67-4a0b5d3a1111';
const BEN = '1b0dbb10-9e62-5fe4-8b67-4a0b5d3a2222';
const isAnn = (id: string): boolean => id === ANN;
const alertOf = (id: string | null): string =>
  JSON.stringify({ subject: { id: 'acme' }, reason: { quietPersonId: id, lastTouchpoints: [{ personId: id }] } });
const actionFor = (id: string): string => {
  const reason = { quietPersonId: null, lastTouchpoints: [] };
  return JSON.stringify({ subject: { id: 'acme' }, reason, nextBestAction: { person: { id } } });
};

test.each([
  ['touchpoints', { person_id: ANN }, { person_id: BEN }],
  ['alert_facts', { alert: alertOf(ANN) }, { alert: alertOf(BEN) }],
  ['alert_facts', { alert: alertOf(ANN) }, { alert: alertOf(null) }],
  ['alert_facts', { alert: actionFor(ANN) }, { alert: actionFor(BEN) }],
  ['dead_letters', { raw: `{"data":{"person":{"id":"${ANN}"}}}` }, { raw: `{"data":{"person":{"id":"${BEN}"}}}` }],
  ['delivery_attempts', { answer: `unknown contact ${ANN}` }, { answer: '' }],
] as const)('a row of %s that says who was erased, and one that does not', (table, named, other) => {
  expect(namesErased(table, named, isAnn)).toBe(true);
  expect(namesErased(table, other, isAnn)).toBe(false);
});
