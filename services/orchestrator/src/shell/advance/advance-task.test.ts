import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAdvanceWorld, WORKSPACE, type AdvanceWorld } from '../../testkit/advance-world.ts';

const B2B = `
cairn: journey-definition/1
name: b2b
unit: account
timezone: Europe/Warsaw
outbound: { event: [Email Sent, Stage Noted] }
stages:
  - name: awareness
  - name: consideration
    enter: { event: Webinar Attended }
    stall: { after: 2 seconds }
  - name: evaluation
    enter: { event: [Demo Requested, Stage Noted] }
    stall: { after: 5 seconds }
outcomes:
  won: { enter: { event: Deal Won } }
  lost: { enter: { event: Deal Lost } }
score:
  engagement: { halfLife: 7 days, points: [ { name: any touch, when: { direction: inbound }, add: 10 } ] }
  fit: { points: [ { name: size, when: { where: { account.traits.employees: { gte: 50 } } }, add: 5 } ] }
  thresholds: { mql: 25, sql: 60 }
roles: { decision-maker: { where: { person.traits.title: { matches: "(?i)vp" } } } }
`;
const PER_PERSON = B2B.replace('name: b2b', 'name: b2c').replace('unit: account', 'unit: person');
/** Wednesday, 11:00 in Warsaw. */
const T = Date.parse('2026-03-04T10:00:00Z');
const DAY = 86_400_000;
const account = 'acme';

function world(...definitions: string[]): AdvanceWorld {
  const made = createAdvanceWorld();
  for (const yaml of definitions.length ? definitions : [B2B]) made.define(yaml);
  return made;
}

const types = (w: AdvanceWorld): string[] => w.alerts.map(({ type }) => type);
const only = (w: AdvanceWorld) => {
  const [journey, ...others] = w.living();
  expect(others).toEqual([]);
  return journey!;
};

/** Every journey's facts are numbered one after the other. */
function expectSeqs(w: AdvanceWorld): void {
  const last = new Map<string, number>();
  for (const { journey } of w.journeys) {
    expect(journey.seq).toBe((last.get(journey.id) ?? 0) + 1);
    last.set(journey.id, journey.seq);
  }
}

describe('a touchpoint that names nobody', () => {
  it('makes no journey; of a company it is on its journey', () => {
    const w = world(B2B, PER_PERSON);
    w.touch({ at: T, person: null, event: 'Webinar Attended' });
    expect(w.journeys).toEqual([]);
    w.touch({ at: T + 1, account, person: null, event: 'Webinar Attended' });
    expect(w.living().map(({ unit, touchpoints }) => [unit, touchpoints])).toContainEqual(['account', 1]);
  });
});

describe('a journey that goes quiet', () => {
  it('opens one alert when the limit has passed, and resolves it when the buyer is back', () => {
    const w = world();
    w.endpoint({ id: 'ep_1', types: ['alert.*'] });
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.until(T + 1_999);
    expect(w.alerts).toEqual([]);
    w.until(T + 60_000);
    expect(w.alerts.map(({ type, at }) => [type, at])).toEqual([['alert.opened', T + 2_000]]);
    expect(w.alerts[0]!.alert).toMatchObject({
      kind: 'stall',
      state: 'open',
      stage: 'consideration',
      reason: {
        text: 'No reply for 2 seconds; the limit in consideration is 2 seconds',
        silentFor: 'PT2S',
        quietPersonId: 'ann',
        lastTouchpoints: [{ event: 'Webinar Attended', direction: 'inbound' }],
      },
    });
    expect(only(w)).toMatchObject({ status: 'stalled', alerts: [{ id: w.alerts[0]!.alert.id }] });

    w.touch({ at: T + 61_000, account, event: 'Email Sent' });
    expect(w.alerts).toHaveLength(1);
    w.touch({ at: T + 62_000, account, person: 'bob', kind: 'page' });
    expect(w.alerts[1]).toMatchObject({
      type: 'alert.resolved',
      alert: { id: w.alerts[0]!.alert.id, resolvedBy: 'buyer', state: 'resolved' },
    });
    expect(only(w)).toMatchObject({ status: 'active', alerts: [], touchpoints: 3 });
    expect(w.deliveries.map(({ factType }) => factType)).toEqual(['alert.opened', 'alert.resolved']);
    expectSeqs(w);
  });

  it('is kept awake by any buyer of the account, and by none of our own touches', () => {
    const w = world();
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.touch({ at: T + 1_500, account, person: 'bob', event: 'Replied' });
    w.touch({ at: T + 3_000, account, event: 'Email Sent' });
    w.touch({ at: T + 3_200, account, person: 'bob', kind: 'identify' });
    w.touch({ at: T + 3_300, account, person: 'bob', kind: 'page', bot: true });
    w.until(T + 3_499);
    expect(types(w)).toEqual([]);
    w.until(T + 3_500);
    expect(types(w)).toEqual(['alert.opened']);
    expect(only(w).pace).toMatchObject({
      lastInboundAt: '2026-03-04T10:00:01.500Z',
      lastOutboundAt: '2026-03-04T10:00:03.000Z',
      stallsAt: '2026-03-04T10:00:03.500Z',
      basis: 'fixed',
    });
  });

  it('raises nothing in a stage without a limit, and nothing after its end', () => {
    const w = world();
    w.touch({ at: T, account, event: 'Replied' });
    w.until(T + DAY);
    w.touch({ at: T + DAY, account, event: 'Webinar Attended' });
    w.touch({ at: T + DAY + 1, account, event: 'Deal Lost' });
    w.until(T + 9 * DAY);
    w.touch({ at: T + 9 * DAY, account, event: 'Replied' });
    w.until(T + 20 * DAY);
    expect(w.alerts).toEqual([]);
    expect(w.timers().filter(({ purpose }) => !purpose.endsWith('learn'))).toEqual([]);
    expect(only(w)).toMatchObject({ status: 'lost', pace: { stallsAt: null, basis: null } });
  });

  it('ends its alert by the outcome when the deal is won meanwhile', () => {
    const w = world();
    w.endpoint({ id: 'ep_1', types: ['journey.won', 'alert.resolved'] });
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.touch({ at: T + 5_000, account, event: 'Deal Won' });
    expect(w.alerts[1]).toMatchObject({ type: 'alert.resolved', alert: { resolvedBy: 'outcome' } });
    expect(only(w)).toMatchObject({ status: 'won', stage: 'consideration' });
    expect(w.deliveries.map(({ factType }) => factType)).toEqual(['alert.resolved', 'journey.won']);
  });

  it('starts its clock anew when it enters another stage, whoever moved it', () => {
    const w = world();
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.touch({ at: T + 1_000, account, event: 'Stage Noted' });
    w.until(T + 5_999);
    expect(w.alerts).toEqual([]);
    w.until(T + 6_000);
    expect(types(w)).toEqual(['alert.opened']);
    expect(w.alerts[0]!.alert.reason.text).toContain('since entering evaluation');
  });

  it('raises no second alert in the same silence', () => {
    const w = world();
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.until(T + 3_000);
    w.command(w.alerts[0]!.alert, { command: 'resolve', verdict: 'already-handled' }, T + 4_000);
    w.touch({ at: T + 5_000, account, event: 'Email Sent' });
    w.until(T + DAY);
    expect(types(w)).toEqual(['alert.opened', 'alert.resolved']);
    expect(only(w).status).toBe('active');
    w.touch({ at: T + DAY, account, event: 'Replied' });
    w.until(T + DAY + 2_000);
    expect(types(w)).toEqual(['alert.opened', 'alert.resolved', 'alert.opened']);
    expect(new Set(w.alerts.map(({ factId }) => factId)).size).toBe(3);
  });
});

describe('touchpoints that come late', () => {
  it('raise no stall because the pipeline was behind', () => {
    const w = world();
    // Ten seconds of touches, a second apart, all handled ten seconds late.
    for (let i = 0; i < 10; i++) w.touch({ at: T + i * 1_000, account, event: 'Webinar Attended' }, T + 10_000 + i);
    expect(w.alerts).toEqual([]);
    w.until(T + 60_000);
    expect(types(w)).toEqual(['alert.opened']);
    expect(w.alerts[0]!.at).toBeGreaterThanOrEqual(T + 11_000);
    expect(w.alerts[0]!.at).toBeLessThanOrEqual(T + 13_000);
  });

  it('raise no stall while the pipeline is steadily behind', () => {
    const w = world();
    for (let i = 0; i < 10; i++)
      w.touch({ at: T + i * 1_800, account, event: 'Webinar Attended' }, T + i * 1_800 + 1_500);
    expect(w.alerts).toEqual([]);
    w.until(T + DAY);
    expect(w.alerts.map(({ at }) => at - T)).toEqual([9 * 1_800 + 2_000 + 1_500]);
  });

  it('open an alert a little later where they were old when they were sent, once', () => {
    const w = world();
    for (const day of [30, 20, 10])
      w.touch({ at: T - day * DAY, receivedAt: T, account, event: 'Webinar Attended' }, T + 30 - day);
    expect(w.alerts).toEqual([]);
    expect(only(w).pace.stallsAt).toBe('2026-02-22T10:00:02.000Z');
    w.until(T + DAY);
    expect(types(w)).toEqual(['alert.opened']);
  });

  it('do not take back the stage or the clock of what came after them', () => {
    const w = world();
    w.touch({ at: T, account, event: 'Demo Requested' });
    w.touch({ at: T - DAY, receivedAt: T, account, event: 'Webinar Attended' }, T + 100);
    expect(only(w)).toMatchObject({ stage: 'evaluation', stageSince: '2026-03-04T10:00:00.000Z', touchpoints: 2 });
    expect(only(w).stages.map(({ stage }) => stage)).toEqual(['awareness', 'consideration', 'evaluation']);
    expect(only(w).pace.stallsAt).toBe('2026-03-04T10:00:05.000Z');
  });

  it('from a clock that is ahead count as now', () => {
    const w = world();
    w.touch({ at: T + 3_600_000, receivedAt: T, account, event: 'Webinar Attended' }, T);
    w.touch({ at: T + 1_000, account, event: 'Demo Requested' });
    expect(only(w)).toMatchObject({ stage: 'evaluation', pace: { stallsAt: '2026-03-04T10:00:06.000Z' } });
  });
});

describe('imported history', () => {
  it('is state: a stall that is long due opens no alert and sends nothing', () => {
    const w = world();
    w.endpoint({ id: 'ep_1' });
    const imported = { account, imported: true, receivedAt: T };
    w.touch({ ...imported, at: T - 30 * DAY, event: 'Webinar Attended' }, T);
    w.touch({ ...imported, at: T - 20 * DAY, event: 'Demo Requested' }, T + 1);
    w.until(T + DAY);
    expect(only(w)).toMatchObject({ status: 'stalled', stage: 'evaluation', alerts: [] });
    expect(w.alerts).toEqual([]);
    expect(w.deliveries).toEqual([]);
    w.touch({ at: T + DAY, account, event: 'Replied' });
    expect(only(w).status).toBe('active');
    w.until(T + 2 * DAY);
    expect(types(w)).toEqual(['alert.opened']);
    expect(w.deliveries.map(({ factType }) => factType)).toEqual(['alert.opened']);
  });

  it('of a return resolves an alert, and tells nobody', () => {
    const w = world();
    w.endpoint({ id: 'ep_1' });
    w.touch({ at: T, account, event: 'Replied' });
    w.touch({ at: T + 1, account, event: 'Webinar Attended' });
    w.until(T + 3_000);
    w.touch({ at: T + 4_000, account, event: 'Demo Requested', imported: true });
    expect(w.alerts.map(({ type, imported }) => [type, imported])).toEqual([
      ['alert.opened', false],
      ['alert.resolved', true],
    ]);
    expect(w.deliveries.map(({ factType }) => factType)).toEqual(['journey.stage_changed', 'alert.opened']);
  });

  it('whose limit is still ahead stalls like any other', () => {
    const w = world(B2B.replace('2 seconds', '3 days'));
    w.touch({ account, imported: true, receivedAt: T, at: T - DAY, event: 'Webinar Attended' }, T);
    expect(only(w).status).toBe('active');
    w.until(T + 2 * DAY);
    expect(w.alerts).toMatchObject([{ type: 'alert.opened', at: T + 2 * DAY, imported: false }]);
  });
});

describe('working hours', () => {
  const hours = (extra = ''): string =>
    `${B2B.replace('2 seconds', '1 day').replace('5 seconds', '3 business days')}businessHours: { from: "09:00", to: "17:00", holidays: PL }\n${extra}`;

  it('hold an alert back until work begins; the journey is stalled before', () => {
    const w = world(hours());
    // Friday 20:00 + 1 day is Saturday 20:00: the alert waits for Monday 09:00.
    w.touch({ at: '2026-03-06T20:00:00+01:00', account, event: 'Webinar Attended' });
    w.until(Date.parse('2026-03-08T12:00:00+01:00'));
    expect(only(w).status).toBe('stalled');
    expect(w.alerts).toEqual([]);
    w.until(Date.parse('2026-03-10T12:00:00+01:00'));
    expect(w.alerts.map(({ at }) => at)).toEqual([Date.parse('2026-03-09T09:00:00+01:00')]);
  });

  it('let a buyer come back before anybody is told', () => {
    const w = world(hours());
    w.touch({ at: '2026-03-06T20:00:00+01:00', account, event: 'Webinar Attended' });
    w.touch({ at: '2026-03-08T12:00:00+01:00', account, event: 'Replied' });
    w.until(Date.parse('2026-03-09T11:59:00+01:00'));
    expect(w.alerts).toEqual([]);
    expect(only(w).status).toBe('active');
  });

  it('do not matter where alerts open at any hour', () => {
    const w = world(hours('alerts: { anyHour: true }\n'));
    w.touch({ at: '2026-03-06T20:00:00+01:00', account, event: 'Webinar Attended' });
    w.until(Date.parse('2026-03-09T12:00:00+01:00'));
    expect(w.alerts.map(({ at }) => at)).toEqual([Date.parse('2026-03-07T20:00:00+01:00')]);
  });

  it('and business days: three after Friday 15:00 is Wednesday 15:00', () => {
    const w = world(hours());
    w.touch({ at: '2026-03-06T15:00:00+01:00', account, event: 'Demo Requested' });
    expect(only(w).pace.stallsAt).toBe('2026-03-11T14:00:00.000Z');
    w.until(Date.parse('2026-03-20T15:00:00+01:00'));
    expect(w.alerts.map(({ at }) => at)).toEqual([Date.parse('2026-03-11T15:00:00+01:00')]);
    expect(w.alerts[0]!.alert.reason.text).toBe(
      'No reply for 3 business days; the limit in evaluation is 3 business days',
    );
  });
});

describe('what people do with an alert', () => {
  const stalled = (yaml = B2B): AdvanceWorld => {
    const w = world(yaml);
    w.endpoint({ id: 'ep_1', types: ['alert.*'] });
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.until(T + 2_000);
    return w;
  };

  it('is a fact each, with the command it answers', () => {
    const w = stalled();
    w.command(w.alerts[0]!.alert, { command: 'acknowledge', commandId: 'c1' }, T + 3_000);
    w.command(w.alerts[0]!.alert, { command: 'snooze', until: T + 9_000, commandId: 'c2' }, T + 4_000);
    w.until(T + 10_000);
    w.command(w.alerts[0]!.alert, { command: 'resolve', verdict: 'real', commandId: 'c3' }, T + 11_000);
    expect(w.alerts.map(({ type, commandId, at }) => [type, commandId, at - T])).toEqual([
      ['alert.opened', null, 2_000],
      ['alert.acknowledged', 'c1', 3_000],
      ['alert.snoozed', 'c2', 4_000],
      ['alert.opened', null, 9_000],
      ['alert.resolved', 'c3', 11_000],
    ]);
    expect(w.alerts.at(-1)!.alert).toMatchObject({ resolvedBy: 'person', verdict: 'real', state: 'resolved' });
    expect(w.deliveries).toHaveLength(5);
    expect(new Set(w.deliveries.map(({ deliveryId }) => deliveryId)).size).toBe(5);
    expectSeqs(w);
  });

  it('is refused where the alert is not open to it', () => {
    const w = stalled();
    const { alert } = w.alerts[0]!;
    w.command(alert, { command: 'resolve' }, T + 3_000);
    w.command(alert, { command: 'acknowledge' }, T + 4_000);
    w.command({ ...alert, id: 'alr_none' }, { command: 'acknowledge' }, T + 5_000);
    w.command({ ...alert, subject: { unit: 'account', id: 'nobody' } }, { command: 'acknowledge' }, T + 6_000);
    expect(w.refused.map(({ code }) => code)).toEqual(['not-open', 'not-open', 'not-open']);
    expect(w.journeys.filter(({ cause }) => cause.startsWith('cmd'))).toHaveLength(1);
  });

  it('left undone is escalated, once; acknowledged, it is not', () => {
    const escalating = `${B2B}alerts: { escalateAfter: 1 hour }\n`;
    const ignored = stalled(escalating);
    ignored.until(T + DAY);
    expect(ignored.alerts.map(({ type, at }) => [type, at - T])).toEqual([
      ['alert.opened', 2_000],
      ['alert.escalated', 3_602_000],
    ]);
    expect(ignored.alerts[1]!.alert).toMatchObject({
      state: 'open',
      history: [{ state: 'open' }, { state: 'escalated' }],
    });
    const seen = stalled(escalating);
    seen.command(seen.alerts[0]!.alert, { command: 'acknowledge' }, T + 3_000);
    seen.until(T + DAY);
    expect(types(seen)).toEqual(['alert.opened', 'alert.acknowledged']);
  });

  it('snoozed until the buyer is back, it resolves then', () => {
    const w = stalled();
    w.command(w.alerts[0]!.alert, { command: 'snooze' }, T + 3_000);
    w.until(T + 30 * DAY);
    w.touch({ at: T + 30 * DAY, account, event: 'Replied' });
    expect(types(w)).toEqual(['alert.opened', 'alert.snoozed', 'alert.resolved']);
  });
});

describe('a journey as it is told', () => {
  it('is the resource of the contract', () => {
    const w = world();
    w.touch({ at: T, account, kind: 'group', accountTraits: { employees: 80, owner: 'Eve' } });
    w.touch({ at: T + 1_000, account, kind: 'page', properties: { path: '/pricing' }, personTraits: { title: 'VP' } });
    w.touch({ at: T + 2_000, account, person: 'bob', event: 'Webinar Attended', channel: 'email' });
    expect(w.journeys.at(-1)).toMatchObject({
      type: 'journey.changed',
      workspace: WORKSPACE,
      events: ['stage_changed'],
      from: 'awareness',
      touchpoint: {
        event: 'Webinar Attended',
        type: 'track',
        personId: 'bob',
        accountId: 'acme',
        direction: 'inbound',
      },
      imported: false,
      journey: {
        definition: 'b2b',
        definitionVersion: 1,
        unit: 'account',
        subject: { unit: 'account', id: 'acme' },
        name: 'acme',
        people: [
          { id: 'ann', roles: ['decision-maker'], touchpoints: 2, lastInboundAt: '2026-03-04T10:00:01.000Z' },
          { id: 'bob', roles: [], touchpoints: 1 },
        ],
        stage: 'consideration',
        stages: [
          { stage: 'awareness', leftAt: '2026-03-04T10:00:02.000Z', touchpointId: null },
          { stage: 'consideration', leftAt: null },
        ],
        status: 'active',
        channels: ['web', 'email'],
        touchpoints: 3,
        seq: 3,
      },
    });
    const { score } = only(w);
    expect(score).toMatchObject({ qualification: null });
    expect(score.reasons).toHaveLength(1);
  });

  it('says when it qualifies, and does not say it again for every touch', () => {
    const w = world();
    w.endpoint({ id: 'ep_1', types: ['journey.*'] });
    for (let i = 0; i < 8; i++)
      w.touch({ at: T + i * 1_000, account, event: 'Replied', accountTraits: { employees: 80 } });
    const qualified = w.journeys.filter(({ events }) => events.includes('qualified'));
    expect(qualified.map(({ journey }) => [journey.score.qualification, journey.touchpoints])).toEqual([
      ['mql', 3],
      ['sql', 6],
    ]);
    const { score } = only(w);
    expect(score).toMatchObject({ fit: 5, fitReasons: [{ name: 'size', points: 5 }] });
    expect(score.reasons.at(-1)).toEqual({ name: 'size', points: 5, touchpointId: null });
    expect(score.reasons.reduce((sum, { points }) => sum + points, 0)).toBe(score.total);
    expect(w.deliveries.map(({ factType }) => factType)).toEqual(['journey.qualified', 'journey.qualified']);
    expect(new Set(w.deliveries.map(({ deliveryId }) => deliveryId)).size).toBe(2);
  });

  it('belongs to the person while there is no account', () => {
    const w = world();
    w.touch({ at: T, person: 'ann', event: 'Webinar Attended' });
    expect(only(w)).toMatchObject({
      unit: 'person',
      subject: { unit: 'person', id: 'ann' },
      account: null,
      name: 'ann',
    });
  });

  it('is one for each definition, each by its own rules', () => {
    const w = world(B2B, B2B.replace('name: b2b', 'name: other').replace('2 seconds', '4 seconds'));
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.until(T + 10_000);
    expect(w.living().map(({ definition }) => definition)).toEqual(['b2b', 'other']);
    expect(w.alerts.map(({ alert, at }) => [alert.definition, at - T])).toEqual([
      ['b2b', 2_000],
      ['other', 4_000],
    ]);
  });
});

describe('a person who joins an account', () => {
  const ann = { unit: 'person', id: 'ann' } as const;
  const acme = { unit: 'account', id: 'acme' } as const;

  it('brings the journey along: every touchpoint counted once, the old one absorbed', () => {
    const w = world();
    w.touch({ at: T, person: 'ann', event: 'Demo Requested' });
    w.touch({ at: T + 100, account, person: 'bob', event: 'Webinar Attended' });
    w.handOver(ann, acme, T + 200);
    w.touch({ at: T + 300, account, person: 'ann', event: 'Replied' });
    const absorbed = w.journeys.find(({ journey }) => journey.status === 'absorbed')!;
    expect(absorbed).toMatchObject({ events: ['absorbed'], journey: { absorbedInto: only(w).id, alerts: [] } });
    expect(only(w)).toMatchObject({ touchpoints: 3, stage: 'consideration' });
    expect(Object.fromEntries(only(w).people.map(({ id, touchpoints }) => [id, touchpoints]))).toEqual({
      ann: 2,
      bob: 1,
    });
    expectSeqs(w);
  });

  it('gives the same whether the account hears of it before or after its next touchpoint', () => {
    const outcome = (held: boolean) => {
      const w = world();
      w.touch({ at: T, messageId: 'm1', person: 'ann', event: 'Demo Requested' });
      w.touch({ at: T + 100, messageId: 'm2', account, person: 'bob', event: 'Webinar Attended' });
      if (held) w.hold();
      w.handOver(ann, acme, T + 200);
      w.touch({ at: T + 300, messageId: 'm3', account, person: 'ann', event: 'Replied' });
      if (held) w.release(T + 310);
      w.until(T + 60_000);
      expectSeqs(w);
      const { seq: _seq, updatedAt: _at, people, ...journey } = only(w);
      return {
        journey: { ...journey, alerts: journey.alerts.length, people: people.map(({ id }) => id).sort() },
        alerts: types(w),
      };
    };
    expect(outcome(true)).toEqual(outcome(false));
  });

  it('takes the stall clock along: none is lost, none fires twice', () => {
    const w = world();
    w.touch({ at: T, person: 'ann', event: 'Webinar Attended' });
    w.handOver(ann, acme, T + 1_000);
    expect(w.timers().map(({ key, dueAt }) => [key, dueAt - T])).toEqual([['ws/acme', 2_000]]);
    w.until(T + 60_000);
    expect(w.alerts.map(({ type, at, alert }) => [type, at - T, alert.subject.id])).toEqual([
      ['alert.opened', 2_000, 'acme'],
    ]);
  });

  it('takes an open alert along, and people can still act on it where it was', () => {
    const w = world(`${B2B}alerts: { escalateAfter: 1 hour }\n`);
    w.touch({ at: T, person: 'ann', event: 'Webinar Attended' });
    w.until(T + 3_000);
    const { alert } = w.alerts[0]!;
    w.handOver(ann, acme, T + 4_000);
    expect(only(w)).toMatchObject({ status: 'stalled', alerts: [{ id: alert.id, journeyId: only(w).id }] });
    w.until(T + 3_700_000);
    expect(types(w)).toEqual(['alert.opened', 'alert.escalated']);
    w.command(alert, { command: 'acknowledge' }, T + 3_800_000);
    expect(w.alerts.at(-1)).toMatchObject({ type: 'alert.acknowledged', alert: { id: alert.id, subject: acme } });
  });

  it('resolves the alert of a person whose colleagues are awake', () => {
    const w = world();
    w.touch({ at: T, person: 'ann', event: 'Webinar Attended' });
    w.until(T + 3_000);
    w.touch({ at: T + 3_500, account, person: 'bob', event: 'Webinar Attended' });
    w.handOver(ann, acme, T + 4_000);
    expect(types(w)).toEqual(['alert.opened', 'alert.resolved']);
    expect(only(w)).toMatchObject({ status: 'active', alerts: [] });
  });

  it('leaves one alert where both had one', () => {
    const w = world();
    w.touch({ at: T, person: 'ann', event: 'Webinar Attended' });
    w.touch({ at: T + 500, account, person: 'bob', event: 'Webinar Attended' });
    w.until(T + 3_000);
    w.handOver(ann, acme, T + 4_000);
    expect(types(w)).toEqual(['alert.opened', 'alert.opened', 'alert.resolved']);
    expect(only(w).alerts.map(({ id }) => id)).toEqual([w.alerts[0]!.alert.id]);
    expect(w.alerts[2]!.alert).toMatchObject({ id: w.alerts[1]!.alert.id, resolvedBy: null });
  });

  it('who leaves again begins anew, and its numbers go on', () => {
    const w = world();
    w.touch({ at: T, person: 'ann', event: 'Webinar Attended' });
    w.handOver(ann, acme, T + 100);
    w.touch({ at: T + 200, person: 'ann', event: 'Replied' });
    expect(w.living().map(({ unit, touchpoints, seq }) => [unit, touchpoints, seq])).toEqual([
      ['person', 1, 3],
      ['account', 1, 1],
    ]);
    expectSeqs(w);
  });

  it('follows an account that was taken over meanwhile', () => {
    const w = world();
    const crm = { unit: 'account', id: 'crm' } as const;
    w.touch({ at: T, person: 'ann', event: 'Webinar Attended' });
    w.touch({ at: T + 10, account, person: 'bob', event: 'Replied' });
    w.hold();
    w.handOver(ann, acme, T + 100);
    w.handOver(acme, crm, T + 200);
    w.release(T + 300);
    expect(only(w)).toMatchObject({ subject: crm, touchpoints: 2 });
    expectSeqs(w);
  });

  it('does not go round in circles when two accounts took each other over', () => {
    const w = world();
    const crm = { unit: 'account', id: 'crm' } as const;
    w.touch({ at: T, account, person: 'bob', event: 'Replied' });
    w.hold();
    w.handOver(acme, crm, T + 100);
    w.handOver(crm, acme, T + 200);
    w.release(T + 300);
    expect(only(w)).toMatchObject({ subject: acme, touchpoints: 1 });
  });
});

describe('two people who are one', () => {
  const merge = (
    w: AdvanceWorld,
    from: string,
    into: string,
    subject: { unit: 'account' | 'person'; id: string },
    now: number,
  ): void =>
    w.send(
      `${WORKSPACE}/${subject.id}`,
      {
        type: 'person.merged',
        workspace: WORKSPACE,
        at: now,
        from,
        into,
        person: { id: into, userId: into, name: 'Ann', email: 'ann@acme.example', anonymous: false, traits: {} },
        subject,
        cause: 'test',
      },
      now,
    );

  it('are one person on the account’s journey', () => {
    const w = world();
    w.touch({ at: T, account, person: 'anon', event: 'Webinar Attended' });
    w.touch({ at: T + 100, account, person: 'ann', event: 'Replied' });
    merge(w, 'anon', 'ann', { unit: 'account', id: 'acme' }, T + 200);
    expect(only(w).people).toMatchObject([{ id: 'ann', name: 'Ann', email: 'ann@acme.example', touchpoints: 2 }]);
    w.until(T + 10_000);
    expect(w.alerts[0]!.alert.reason).toMatchObject({
      quietPersonId: 'ann',
      lastTouchpoints: [{ personId: 'ann' }, { personId: 'ann' }],
    });
    expectSeqs(w);
  });

  it('are one person also where the state arrives after the news', () => {
    const w = world();
    w.touch({ at: T, person: 'anon', event: 'Webinar Attended' });
    w.hold();
    w.handOver({ unit: 'person', id: 'anon' }, { unit: 'account', id: 'acme' }, T + 100);
    merge(w, 'anon', 'ann', { unit: 'account', id: 'acme' }, T + 200);
    w.release(T + 300);
    expect(only(w).people).toMatchObject([{ id: 'ann', touchpoints: 1 }]);
  });
});

describe('a definition of unit person', () => {
  it('gives each person of an account a journey, and moves it along when they join one', () => {
    const w = world(PER_PERSON);
    w.touch({ at: T, person: 'ann', event: 'Webinar Attended' });
    w.handOver({ unit: 'person', id: 'ann' }, { unit: 'account', id: 'acme' }, T + 100);
    w.touch({ at: T + 200, account, person: 'ann', event: 'Replied' });
    w.touch({ at: T + 300, account, person: 'bob', event: 'Demo Requested' });
    expect(
      w.living().map(({ unit, name, touchpoints, subject, stage }) => [unit, name, touchpoints, subject.id, stage]),
    ).toEqual([
      ['person', 'ann', 2, 'acme', 'consideration'],
      ['person', 'bob', 1, 'acme', 'evaluation'],
    ]);
    w.until(T + 60_000);
    expect(types(w)).toEqual(['alert.opened', 'alert.opened']);
    w.command(w.alerts[0]!.alert, { command: 'acknowledge' }, T + 61_000);
    expect(w.alerts[2]).toMatchObject({ type: 'alert.acknowledged', alert: { id: w.alerts[0]!.alert.id } });
    expectSeqs(w);
  });

  it('makes one journey of two when two people of an account are one', () => {
    const w = world(PER_PERSON);
    w.touch({ at: T, account, person: 'anon', event: 'Demo Requested' });
    w.touch({ at: T + 100, account, person: 'ann', event: 'Replied' });
    w.send(
      `${WORKSPACE}/acme`,
      {
        type: 'person.merged',
        workspace: WORKSPACE,
        at: T + 200,
        from: 'anon',
        into: 'ann',
        person: { id: 'ann', userId: 'ann', name: 'Ann', email: null, anonymous: false, traits: {} },
        subject: { unit: 'account', id: 'acme' },
        cause: 'test',
      },
      T + 200,
    );
    expect(only(w)).toMatchObject({ touchpoints: 2, stage: 'evaluation', people: [{ id: 'ann', touchpoints: 2 }] });
    expectSeqs(w);
  });
});

describe('a new version of a definition', () => {
  it.each(['Replied', 'Deal Won'])('that has no stall any more leaves the open alert until %s', (event) => {
    const w = world();
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.until(T + 3_000);
    expect(types(w)).toEqual(['alert.opened']);
    w.define(B2B.replace(/stall: \{[^}]*\}/g, ''), 2);
    w.touch({ at: T + 4_000, account, event: 'Email Sent' });
    expect(types(w)).toEqual(['alert.opened']);
    w.touch({ at: T + 5_000, account, event });
    expect(types(w)).toEqual(['alert.opened', 'alert.resolved']);
    expect(only(w)).toMatchObject({ status: event === 'Replied' ? 'active' : 'won' });
  });

  it('takes effect for open journeys: a shorter limit is not missed', () => {
    const w = world(B2B.replace('2 seconds', '10 days'));
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.define(B2B.replace('2 seconds', '1 day'), 2);
    w.until(T + 20 * DAY);
    expect(w.alerts.map(({ at }) => at - T)).toEqual([DAY]);
    expect(only(w).definitionVersion).toBe(2);
  });

  it('takes effect for open journeys: a longer limit is waited for', () => {
    const w = world();
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.define(B2B.replace('2 seconds', '1 day'), 2);
    w.until(T + 20 * DAY);
    expect(w.alerts.map(({ at }) => at - T)).toEqual([DAY]);
  });

  it('leaves open alerts open, and rules of the same name keep their sums', () => {
    const w = world();
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.until(T + 3_000);
    w.define(B2B.replace('2 seconds', '1 day'), 2);
    w.touch({ at: T + 4_000, account, event: 'Email Sent' });
    expect(only(w)).toMatchObject({ status: 'stalled', alerts: [{}], definitionVersion: 2 });
    expect(only(w).score.engagement).toBeCloseTo(10, 3);
  });

  it('without the stage that a journey is in puts it in the first', () => {
    const w = world();
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.define(B2B.replaceAll('consideration', 'interest'), 2);
    w.touch({ at: T + 1_000, account, event: 'Replied' });
    expect(only(w)).toMatchObject({ stage: 'awareness', status: 'active' });
  });

  it('that has faults is refused as a whole, and the version before goes on', () => {
    const w = world();
    const broken = {
      type: 'definition.put',
      workspace: WORKSPACE,
      name: 'b2b',
      version: 2,
      definition: { name: 'b2b' },
      by: '',
      at: 2,
    };
    expect(() => w.send('any', broken, T)).toThrow(/needs 'stages'/);
    w.touch({ at: T, account, event: 'Webinar Attended' });
    expect(only(w)).toMatchObject({ definitionVersion: 1, stage: 'consideration' });
  });

  it('that is older than what is live is left aside', () => {
    const w = world();
    w.define(B2B.replace('2 seconds', '1 day'), 3);
    w.define(B2B, 2);
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.until(T + 3_000);
    expect(w.alerts).toEqual([]);
  });
});

describe('any run of touchpoints', () => {
  /** What must come of it, worked out the slow way: silences between what resets the clock. */
  function expectedAlerts(touches: readonly { at: number; event: string }[], end: number): [string, number][] {
    const limits: Record<string, number> = { consideration: 2_000, evaluation: 5_000 };
    const entered: Record<string, string> = {
      'Webinar Attended': 'consideration',
      'Demo Requested': 'evaluation',
      'Stage Noted': 'evaluation',
    };
    const alerts: [string, number][] = [];
    let stage = 'awareness';
    let resetAt = 0;
    let ended = false;
    let open = false;
    const silentUntil = (at: number): void => {
      const due = resetAt + (limits[stage] ?? Infinity);
      if (!ended && !open && due <= at) {
        alerts.push(['alert.opened', due]);
        open = true;
      }
    };
    for (const { at, event } of touches) {
      silentUntil(at);
      const next = entered[event] ?? stage;
      const resets = !['Email Sent', 'Stage Noted'].includes(event) || next !== stage;
      stage = next;
      if (event === 'Deal Won') ended = true;
      if (resets || ended) {
        resetAt = at;
        if (open) alerts.push(['alert.resolved', at]);
        open = false;
      }
    }
    silentUntil(end);
    return alerts;
  }

  it('opens and resolves alerts exactly where the slow way says', () => {
    const touches = fc.array(
      fc.record({
        gap: fc.integer({ min: 1, max: 9_000 }),
        event: fc.constantFrom(
          'Replied',
          'Replied',
          'Webinar Attended',
          'Demo Requested',
          'Email Sent',
          'Stage Noted',
          'Deal Won',
        ),
        person: fc.constantFrom('ann', 'bob'),
      }),
      { minLength: 1, maxLength: 15 },
    );
    fc.assert(
      fc.property(touches, (list) => {
        const w = world();
        let at = T;
        const sent = list.map(({ gap, event, person }) => ({ at: (at += gap), event, person, account }));
        for (const touch of sent) w.touch(touch);
        w.until(at + 60_000);
        expect(w.alerts.map((fact) => [fact.type, fact.at])).toEqual(expectedAlerts(sent, at + 60_000));
        expectSeqs(w);
      }),
      { numRuns: 60 },
    );
  });
});

describe('any run of hand-overs', () => {
  it('loses no touchpoint and no clock, and leaves one open alert on every journey that is silent', () => {
    const subjects = ['ann', 'bob', 'cid'].map((id) => ({ unit: 'person' as const, id }));
    const accounts = ['acme', 'crm'].map((id) => ({ unit: 'account' as const, id }));
    const steps = fc.array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({
            do: fc.constant('touch' as const),
            who: fc.nat(2),
            where: fc.option(fc.nat(1)),
            event: fc.constantFrom('Replied', 'Webinar Attended', 'Demo Requested'),
          }),
        },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), who: fc.nat(2), where: fc.nat(1) }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('take over' as const), where: fc.nat(1) }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('become' as const), who: fc.nat(2) }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('hold' as const, 'release' as const) }) },
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(steps, fc.constantFrom(B2B, PER_PERSON), (list, yaml) => {
        const w = world(yaml);
        let now = T;
        let sent = 0;
        for (const step of list) {
          now += 700;
          if (step.do === 'touch') {
            sent++;
            w.touch({
              at: now,
              person: subjects[step.who]!.id,
              event: step.event,
              ...(step.where === null ? {} : { account: accounts[step.where]!.id }),
            });
          } else if (step.do === 'join')
            w.handOver(subjects[step.who]!, accounts[step.where]!, now, subjects[step.who]!.id);
          else if (step.do === 'take over') w.handOver(accounts[step.where]!, accounts[1 - step.where]!, now);
          else if (step.do === 'become')
            w.handOver(subjects[step.who]!, subjects[(step.who + 1) % 3]!, now, subjects[(step.who + 1) % 3]!.id);
          else if (step.do === 'hold') w.hold();
          else w.release(now);
        }
        w.release(now + 1);
        w.until(now + DAY);
        expectSeqs(w);
        expect(w.living().reduce((sum, journey) => sum + journey.touchpoints, 0)).toBe(sent);
        for (const journey of w.living()) {
          const isSilent = journey.stage !== 'awareness';
          expect([journey.stage, journey.status, journey.alerts.length]).toEqual(
            isSilent ? [journey.stage, 'stalled', 1] : ['awareness', 'active', 0],
          );
        }
        // Silences are learned from for months; nothing else is left to happen.
        expect(w.timers().filter(({ purpose }) => !purpose.endsWith('learn'))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the inbox alone', () => {
  it('decides: the same messages give the same bytes', () => {
    const run = (): string => {
      const w = world(B2B, PER_PERSON);
      w.endpoint({ id: 'ep_1' });
      for (let i = 0; i < 200; i++) {
        const who = `p${(i * 7) % 5}`;
        const where = i % 3 === 0 ? {} : { account: `a${(i * 11) % 3}` };
        const event = ['Replied', 'Webinar Attended', 'Demo Requested', 'Email Sent'][(i * 13) % 4]!;
        w.touch({ at: T + i * 900, messageId: `m${i}`, person: who, event, ...where });
        if (i % 17 === 0) w.handOver({ unit: 'person', id: who }, { unit: 'account', id: 'a1' }, T + i * 900 + 1);
      }
      w.until(T + DAY);
      expectSeqs(w);
      return JSON.stringify([w.journeys, w.alerts, w.deliveries]);
    };
    expect(run()).toBe(run());
  });

  it('ignores a workspace that has no definition, and parks what it does not know', () => {
    const w = createAdvanceWorld();
    w.touch({ at: T, account, event: 'Replied' });
    expect(w.journeys).toEqual([]);
    expect(() => w.send('ws/x', { type: 'nonsense' }, T)).toThrow(/no messages of type nonsense/);
  });
});
