import { describe, expect, it } from 'vitest';
import { createAdvanceWorld } from '../testkit/advance-world.ts';

const B2B = `
cairn: journey-definition/1
name: b2b
unit: account
timezone: Europe/Warsaw
outbound: { event: [Email Sent] }
stages:
  - name: awareness
  - name: consideration
    enter: { event: Webinar Attended }
    stall: { after: 2 seconds }
  - name: evaluation
    enter: { event: Demo Requested }
    stall: { after: 5 seconds }
outcomes:
  won: { enter: { event: Deal Won } }
  lost: { enter: { event: Deal Lost } }
score:
  engagement:
    halfLife: 7 days
    points: [ { name: any touch, when: { direction: inbound }, add: 1 } ]
`;
const T = Date.parse('2026-03-04T10:00:00Z');

function world() {
  const made = createAdvanceWorld();
  made.define(B2B);
  return made;
}

describe('a journey that goes quiet', () => {
  it('opens one alert when the limit has passed, and resolves it when the buyer is back', () => {
    const w = world();
    w.endpoint({ id: 'ep_1', types: ['alert.*'] });
    w.touch({ at: T, account: 'acme', event: 'Webinar Attended' });
    w.until(T + 1_999);
    expect(w.alerts).toEqual([]);
    w.until(T + 60_000);
    expect(w.alerts.map(({ type, at }) => [type, at])).toEqual([['alert.opened', T + 2_000]]);
    expect(w.alerts[0]!.alert.reason.text).toBe('No reply for 2 seconds; the limit in consideration is 2 seconds');
    expect(w.living()[0]).toMatchObject({ status: 'stalled', stage: 'consideration' });
    w.touch({ at: T + 61_000, account: 'acme', event: 'Email Sent' });
    expect(w.alerts).toHaveLength(1);
    w.touch({ at: T + 62_000, account: 'acme', person: 'bob', event: 'Page Viewed', kind: 'page' });
    expect(w.alerts[1]).toMatchObject({ type: 'alert.resolved', alert: { resolvedBy: 'buyer', state: 'resolved' } });
    expect(w.living()[0]).toMatchObject({ status: 'active', alerts: [], touchpoints: 3 });
    expect(w.deliveries.map(({ factType }) => factType)).toEqual(['alert.opened', 'alert.resolved']);
    expect(w.journeys.map(({ journey }) => journey.seq)).toEqual([1, 2, 3, 4]);
  });
});
