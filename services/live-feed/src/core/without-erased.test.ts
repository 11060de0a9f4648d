import { describe, expect, it } from 'vitest';
import { alert, alertFact, journey, journeyChanged, touchpoint } from '../testkit/facts.ts';
import { alertFactWithout, journeyFactWithout } from './without-erased.ts';

const isAnn = (id: string): boolean => id === 'per_ann';
const ABOUT_ANN = { title: 'Call Ann', person: { id: 'per_ann', name: 'Ann', email: null } };

describe('a record from before somebody was erased', () => {
  it('is shown as it is where it names nobody who was', () => {
    const fact = journeyChanged(journey('w', 'acme'), { touchpoint: touchpoint('tp_1') });
    expect(journeyFactWithout(fact, () => false)).toBe(fact);
    const told = alertFact(alert('w', 'acme', 'alr_1'), 'alert.opened');
    expect(alertFactWithout(told, () => false)).toBe(told);
  });

  it('of a journey of their own is not shown', () => {
    const own = journey('w', 'per_ann', { unit: 'person', subject: { unit: 'person', id: 'per_ann' } });
    expect(journeyFactWithout(journeyChanged(own), isAnn)).toBeNull();
    const ownAlert = alert('w', 'per_ann', 'alr_1', { subject: { unit: 'person', id: 'per_ann' } });
    expect(alertFactWithout(alertFact(ownAlert, 'alert.opened'), isAnn)).toBeNull();
  });

  it('of an account is shown without them: as buyer, as who did it, in its alerts, as whom to talk to', () => {
    const reason = { ...alert('w', 'acme', 'alr_1').reason, lastTouchpoints: [touchpoint('tp_1')] };
    const open = alert('w', 'acme', 'alr_1', { reason, nextBestAction: ABOUT_ANN });
    const fact = journeyChanged(journey('w', 'acme', { alerts: [open], nextBestAction: ABOUT_ANN }), {
      touchpoint: touchpoint('tp_1'),
    });
    expect(JSON.stringify(fact)).toMatch(/per_ann|"Ann"|Call Ann/);
    const left = journeyFactWithout(fact, isAnn)!;
    expect(JSON.stringify(left)).not.toMatch(/per_ann|"Ann"|Call Ann/);
    expect(left).toMatchObject({ touchpoint: null, journey: { seq: 1, people: [], alerts: [{ id: 'alr_1' }] } });
    const told = alertFactWithout(alertFact(open, 'alert.opened'), isAnn)!;
    expect(JSON.stringify(told)).not.toMatch(/per_ann|"Ann"|Call Ann/);
    expect(told.alert).toMatchObject({ state: 'open', reason: { quietPersonId: null, lastTouchpoints: [] } });
  });

  it('keeps the others', () => {
    const others = [...journey('w', 'acme').people, { ...journey('w', 'acme').people[0]!, id: 'per_bob', name: 'Bob' }];
    const fact = journeyChanged(journey('w', 'acme', { people: others }), {
      touchpoint: touchpoint('tp_1', { personId: 'per_bob' }),
    });
    const left = journeyFactWithout(fact, isAnn)!;
    expect(left.journey.people.map(({ name }) => name)).toEqual(['Bob']);
    expect(left.touchpoint).toEqual(fact.touchpoint);
  });
});
