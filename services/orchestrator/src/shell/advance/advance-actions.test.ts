import { describe, expect, it } from 'vitest';
import { createAdvanceWorld, type AdvanceWorld } from '../../testkit/advance-world.ts';

/** Wednesday, 11:00 in Warsaw. */
const T = Date.parse('2026-03-04T10:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const account = 'acme';

const BASE = `
cairn: journey-definition/1
name: b2b
unit: account
timezone: Europe/Warsaw
outbound: { event: [Email Sent] }
stages:
  - { name: awareness }
  - { name: consideration, enter: { event: Webinar Attended }, stall: { after: 2 days } }
  - { name: evaluation, enter: { event: Demo Requested }, stall: { after: 5 days } }
outcomes: { won: { enter: { event: Deal Won } }, lost: { enter: { event: Deal Lost } } }
`;
const ACTIONS = `
actions:
  - name: call-champion
    when: { all: [ { stage: [consideration, evaluation] }, { alert: stall } ] }
    expires: 24 hours
    template: { title: "Call {{ quietPerson.name }}", reason: "{{ alert.reason.text }}" }
`;

function world(yaml: string): AdvanceWorld {
  const made = createAdvanceWorld();
  made.define(yaml);
  made.endpoint({ id: 'ep', types: ['action.*'] });
  return made;
}
const told = (w: AdvanceWorld) => w.actions.map(({ type, at }) => [type, at - T]);
const sent = (w: AdvanceWorld) => w.deliveries.flatMap(({ factType }) => factType ?? []);
/** Stalls two days after T. */
function stall(w: AdvanceWorld, more: object = {}): void {
  w.touch({ at: T, account, event: 'Webinar Attended', ...more });
  w.until(T + 2 * DAY);
}

describe('a next best action', () => {
  it('has propensities that add up to 1 though they are told in six digits, that of the chosen one among them', () => {
    const names = ['call', 'mail', 'text', 'visit', 'write', 'invite'];
    const w = world(`${BASE}\nactions: [${names.map((name) => `{ name: ${name}, when: { alert: stall } }`).join()}]`);
    stall(w);
    const { action } = w.actions[0]!;
    expect(action.eligible.map(({ name }) => name)).toEqual([...names, 'wait']);
    expect(action.eligible.reduce((sum, { propensity }) => sum + propensity, 0)).toBeCloseTo(1, 12);
    expect(action.eligible.find(({ name }) => name === action.name)!.propensity).toBe(action.propensity);
  });

  it('is on the alert and the journey, requested with its texts, and told to the platform', () => {
    const w = world(BASE + ACTIONS);
    stall(w);
    expect(told(w)).toEqual([
      ['action.chosen', 2 * DAY],
      ['action.requested', 2 * DAY],
    ]);
    const { action } = w.actions[1]!;
    expect(action).toMatchObject({
      id: expect.stringMatching(/^act_/),
      name: 'call-champion',
      state: 'requested',
      title: 'Call ann',
      reason: 'No reply for 2 days; the limit in consideration is 2 days',
      expiresAt: '2026-03-07T10:00:00.000Z',
      policyVersion: 'squarecb-1.0',
      alertId: w.alerts[0]!.alert.id,
      person: { id: 'ann' },
    });
    expect(action.eligible.map(({ name }) => name)).toEqual(['call-champion', 'wait']);
    expect(action.eligible.reduce((sum, { propensity }) => sum + propensity, 0)).toBeCloseTo(1, 5);
    expect(w.alerts[0]).toMatchObject({
      type: 'alert.opened',
      alert: { nextBestAction: { id: action.id, title: 'Call ann' } },
    });
    expect(w.living()[0]).toMatchObject({
      nextBestAction: { id: action.id },
      alerts: [{ nextBestAction: { id: action.id } }],
    });
    expect(w.deliveries[0]).toMatchObject({
      factType: 'action.requested',
      expiresAt: T + 3 * DAY,
      data: { id: action.id, alertId: action.alertId, journey: { stage: 'consideration' } },
    });
  });

  it('is withdrawn when the buyer returns first', () => {
    const w = world(BASE + ACTIONS);
    stall(w);
    w.touch({ at: T + 2 * DAY + HOUR, account, person: 'bob', event: 'Replied' });
    expect(w.actions.at(-1)).toMatchObject({
      type: 'action.withdrawn',
      action: { suppressedBy: 'buyer-returned', state: 'withdrawn' },
    });
    expect(sent(w)).toEqual(['action.requested', 'action.withdrawn']);
    expect(w.living()[0]).toMatchObject({ nextBestAction: null, alerts: [] });
  });

  it.each([
    ['an outcome', { event: 'Deal Lost' }, 'outcome'],
    ['unsubscribing', { kind: 'track' as const, event: 'Unsubscribed', direction: 'none' as const }, 'do-not-contact'],
    ['a trait', { kind: 'identify' as const, personTraits: { doNotContact: true } }, 'do-not-contact'],
  ])('is withdrawn by %s', (_what, touch, why) => {
    const w = world(BASE + ACTIONS);
    stall(w);
    w.touch({ at: T + 2 * DAY + HOUR, account, ...touch });
    expect(w.actions.at(-1)).toMatchObject({ type: 'action.withdrawn', action: { suppressedBy: why } });
  });

  it('is not undone by an out-of-office note, a bot or our own mail', () => {
    const w = world(BASE + ACTIONS);
    stall(w);
    const at = T + 2 * DAY + HOUR;
    w.touch({ at, account, event: 'Email Replied', properties: { autoReply: true } });
    w.touch({ at: at + 1, account, event: 'Email Replied', properties: { subject: 'Automatic reply: Offer' } });
    w.touch({ at: at + 2, account, kind: 'page', bot: true });
    w.touch({ at: at + 3, account, event: 'Email Sent' });
    expect(w.actions).toHaveLength(2);
    expect(w.living()[0]).toMatchObject({ status: 'stalled', nextBestAction: { state: 'requested' } });
  });

  it('expires', () => {
    const w = world(BASE + ACTIONS);
    stall(w);
    w.until(T + 10 * DAY);
    expect(told(w).at(-1)).toEqual(['action.expired', 3 * DAY]);
    expect(w.living()[0]!.nextBestAction).toBeNull();
  });

  it('ends by its result, once', () => {
    const w = world(BASE + ACTIONS);
    stall(w);
    const { action } = w.actions[1]!;
    w.actionCommand(action, { command: 'accept' }, T + 2 * DAY + 1);
    w.actionCommand(action, { command: 'result', outcome: 'done', note: 'spoke for 10 minutes' }, T + 2 * DAY + 2);
    w.actionCommand(action, { command: 'result', outcome: 'failed' }, T + 2 * DAY + 3);
    expect(w.actions.slice(2)).toMatchObject([
      { type: 'action.accepted', commandId: `cmd-${T + 2 * DAY + 1}`, action: { by: 'Ada', state: 'accepted' } },
      { type: 'action.done', action: { outcome: 'done', note: 'spoke for 10 minutes', state: 'done' } },
    ]);
    expect(w.refused).toMatchObject([{ type: 'action.refused', code: 'not-open' }]);
    w.until(T + 10 * DAY);
    expect(w.actions).toHaveLength(4);
    expect(w.living()[0]!.nextBestAction).toBeNull();
  });

  it('is put off until later, and dismissed for good', () => {
    const w = world(BASE + ACTIONS);
    stall(w);
    const { action } = w.actions[1]!;
    w.actionCommand(action, { command: 'snooze', until: T + 2 * DAY + 5 * HOUR }, T + 2 * DAY + 1);
    expect(w.living()[0]).toMatchObject({ nextBestAction: { state: 'snoozed' } });
    w.until(T + 2 * DAY + 6 * HOUR);
    expect(told(w).slice(2)).toEqual([
      ['action.snoozed', 2 * DAY + 1],
      ['action.requested', 2 * DAY + 5 * HOUR],
    ]);
    expect(sent(w)).toEqual(['action.requested']);
    w.actionCommand(action, { command: 'dismiss' }, T + 2 * DAY + 7 * HOUR);
    expect(w.actions.at(-1)).toMatchObject({ type: 'action.declined', action: { outcome: 'declined' } });
  });

  it('gives way to a newer one when the journey moves', () => {
    const w = world(
      BASE +
        `
actions:
  - { name: send-story, when: { stage: consideration } }
  - { name: plan-pilot, when: { stage: evaluation } }
`,
    );
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.touch({ at: T + HOUR, account, kind: 'page' });
    w.touch({ at: T + 2 * HOUR, account, event: 'Demo Requested' });
    expect(w.actions.map(({ type, action }) => [type, action.name])).toEqual([
      ['action.chosen', 'send-story'],
      ['action.requested', 'send-story'],
      ['action.withdrawn', 'send-story'],
      ['action.chosen', 'plan-pilot'],
      ['action.requested', 'plan-pilot'],
    ]);
  });

  it('is never caused by imported history', () => {
    const w = world(BASE + ACTIONS);
    w.touch({ at: T, account, event: 'Webinar Attended', imported: true }, T + 9 * DAY);
    w.until(T + 20 * DAY);
    expect(w.actions).toEqual([]);
  });
});

describe('guard rails', () => {
  it('wait for the end of quiet hours in the buyer’s zone', () => {
    const w = world(`${BASE}${ACTIONS}guardRails: { quietHours: { from: "20:00", to: "08:00" } }
`);
    // 10:00 UTC is 2:00 in Los Angeles: quiet until 8:00 there, 16:00 UTC.
    stall(w, { context: { timezone: 'America/Los_Angeles' } });
    expect(told(w)).toEqual([['action.chosen', 2 * DAY]]);
    expect(w.living()[0]).toMatchObject({ nextBestAction: { state: 'chosen' } });
    w.until(T + 2 * DAY + 8 * HOUR);
    expect(told(w).at(-1)).toEqual(['action.requested', 2 * DAY + 6 * HOUR]);
  });

  it('ask for consent, and withdraw when it goes', () => {
    const yaml = `${BASE}${ACTIONS}guardRails: { requireConsent: [marketing] }
`;
    const without = world(yaml);
    stall(without);
    expect(without.actions).toMatchObject([{ type: 'action.suppressed', action: { suppressedBy: 'no-consent' } }]);
    expect(sent(without)).toEqual([]);
    const w = world(yaml);
    const consent = (marketing: boolean) => ({ consent: { categoryPreferences: { marketing } } });
    stall(w, { context: consent(true) });
    expect(told(w).at(-1)).toEqual(['action.requested', 2 * DAY]);
    w.touch({ at: T + 2 * DAY + HOUR, account, kind: 'identify', context: consent(false) });
    expect(w.actions.at(-1)).toMatchObject({ type: 'action.withdrawn', action: { suppressedBy: 'consent-withdrawn' } });
  });

  it('cap the actions of a journey in a time', () => {
    const w = world(`${BASE}${ACTIONS}guardRails: { maxActionsPerJourney: { count: 1, per: 7 days } }
`);
    for (const days of [0, 3, 8]) {
      w.touch({ at: T + days * DAY, account: 'globex', event: 'Webinar Attended' });
      w.until(T + (days + 2.5) * DAY);
    }
    expect(w.actions.filter(({ type }) => type === 'action.requested').map(({ at }) => (at - T) / DAY)).toEqual([
      2, 10,
    ]);
    expect(w.actions.filter(({ type }) => type === 'action.suppressed')).toMatchObject([
      { action: { suppressedBy: 'frequency-cap' } },
    ]);
  });
});

describe('the holdout', () => {
  it('has the same choices, and nothing follows; what follows is learned when the windows close, never before', () => {
    const yaml = `${BASE}${ACTIONS}holdout: 0.5
`;
    const w = world(yaml);
    const accounts = Array.from({ length: 40 }, (_, i) => `acc${i}`);
    for (const name of accounts) w.touch({ at: T, account: name, person: `p-${name}`, event: 'Webinar Attended' });
    w.until(T + 2 * DAY);
    const chosen = w.actions.filter(({ type }) => type === 'action.chosen');
    const held = chosen.filter(({ action }) => action.holdout);
    expect(chosen).toHaveLength(40);
    expect(held.length).toBeGreaterThan(10);
    expect(held.length).toBeLessThan(30);
    const requested = w.actions.filter(({ type }) => type === 'action.requested');
    const journeysHeld = new Set(held.map(({ action }) => action.journeyId));
    expect(requested.some(({ action }) => journeysHeld.has(action.journeyId))).toBe(false);
    w.touch({ at: T + 3 * DAY, account: 'acc1', person: 'p-acc1', event: 'Replied' });
    w.until(T + 31 * DAY);
    expect(
      w.policies.every(({ arms }) =>
        Object.values(arms).every((arm) => arm.treated.labelled + arm.holdout.labelled === 0),
      ),
    ).toBe(true);
    w.until(T + 33 * DAY);
    const newest = new Map(w.policies.map((policy) => [policy.partition, policy]));
    const arms = [...newest.values()].flatMap((policy) => Object.values(policy.arms));
    const sum = (of: (arm: (typeof arms)[number]) => number): number => arms.reduce((total, arm) => total + of(arm), 0);
    expect(sum(({ treated, holdout }) => treated.labelled + holdout.labelled)).toBe(40);
    expect(sum(({ treated, holdout }) => treated.replied + holdout.replied)).toBe(1);
    expect(sum(({ held: count }) => count)).toBe(held.length);
    w.until(T + 40 * DAY);
    expect(w.timers().filter(({ purpose }) => /action|label|play/.test(purpose))).toEqual([]);
  });
});

describe('plays', () => {
  const play = (steps: string, more = ''): string => `${BASE}${ACTIONS}
plays:
  - name: nudge
    trigger: { alert: stall }
    ${more}
    steps: ${steps}
`;

  it('carry out the next best action when their time comes', () => {
    const w = world(play('[ { wait: { for: 2 hours } }, { action: call-champion } ]'));
    stall(w);
    expect(told(w)).toEqual([['action.chosen', 2 * DAY]]);
    expect(w.alerts[0]!.alert.nextBestAction).toMatchObject({ name: 'call-champion', play: 'nudge', state: 'chosen' });
    w.until(T + 3 * DAY);
    expect(told(w).slice(1)).toEqual([['action.requested', 2 * DAY + 2 * HOUR]]);
  });

  it('end when the buyer is back before', () => {
    const w = world(play('[ { wait: { for: 2 hours } }, { action: call-champion } ]'));
    stall(w);
    w.touch({ at: T + 2 * DAY + HOUR, account, event: 'Replied' });
    w.until(T + 2 * DAY + 4 * HOUR);
    expect(told(w).slice(1)).toEqual([['action.withdrawn', 2 * DAY + HOUR]]);
    // The receiver never heard of it.
    expect(sent(w)).toEqual([]);
  });

  const STEPS = `${BASE}
actions: [ { name: a }, { name: b } ]
plays:
  - name: onboarding
    trigger: { event: Demo Requested }
    exit: { event: Meeting Held }
    entry: { atMost: 2, every: 1 day }
    steps:
      - action: a
      - wait: { until: { event: Docs Read }, for: 3 days }
      - branch: { if: { where: { journey.touchpoints: { gte: 4 } } }, then: [ { exit: true } ], else: [ { wait: { for: 1 hour } } ] }
      - action: b
`;

  it('wait until something happens, at most so long; branch, and end', () => {
    const w = world(STEPS);
    w.touch({ at: T, account, event: 'Demo Requested' });
    w.touch({ at: T + DAY, account, event: 'Docs Read' });
    w.until(T + 2 * DAY);
    const requested = (): unknown[] =>
      w.actions.filter(({ type }) => type === 'action.requested').map(({ at, action }) => [action.name, at - T]);
    expect(requested()).toEqual([
      ['a', 0],
      ['b', DAY + HOUR],
    ]);
    // The second time it waits in vain, and the branch says that this is enough.
    w.touch({ at: T + 2 * DAY, account, event: 'Demo Requested' });
    w.touch({ at: T + 3 * DAY, account, event: 'Other' });
    w.until(T + 9 * DAY);
    // The third time is one too many.
    w.touch({ at: T + 10 * DAY, account, event: 'Demo Requested' });
    w.until(T + 30 * DAY);
    expect(requested().slice(2)).toEqual([['a', 2 * DAY]]);
  });

  it('are left by their exit', () => {
    const w = world(STEPS);
    w.touch({ at: T, account, event: 'Demo Requested' });
    w.touch({ at: T + 1, account, event: 'Meeting Held' });
    w.touch({ at: T + 2, account, event: 'Docs Read' });
    w.until(T + 30 * DAY);
    expect(w.actions.filter(({ type }) => type === 'action.requested')).toHaveLength(1);
  });

  it('go on as one when two journeys become one, no step twice', () => {
    const w = world(STEPS);
    w.touch({ at: T, person: 'ann', event: 'Demo Requested' });
    w.touch({ at: T, account, person: 'bob', event: 'Demo Requested' });
    w.touch({ at: T + HOUR, person: 'ann', event: 'Docs Read' });
    w.handOver({ unit: 'person', id: 'ann' }, { unit: 'account', id: account }, T + HOUR + 1, 'ann');
    w.until(T + 20 * DAY);
    const names = w.actions.filter(({ type }) => type === 'action.requested').map(({ action }) => action.name);
    expect(names).toEqual(['a', 'a', 'b']);
  });

  it('finish on the version that they began with', () => {
    const w = world(STEPS);
    w.touch({ at: T, account, event: 'Demo Requested' });
    w.define(STEPS.replaceAll('for: 3 days', 'for: 20 days').replace('- action: b', '- action: a'), 2);
    w.until(T + 10 * DAY);
    const names = w.actions.filter(({ type }) => type === 'action.requested').map(({ action }) => action.name);
    expect(names).toEqual(['a', 'b']);
    expect(w.living()[0]!.definitionVersion).toBe(2);
  });

  it('split A/B by a stable hash', () => {
    const w = world(`${BASE}
actions: [ { name: a }, { name: b } ]
plays: [ { name: test, trigger: { stage: evaluation }, steps: [ { branch: { share: 0.5, then: [ { action: a } ], else: [ { action: b } ] } } ] } ]
`);
    for (let i = 0; i < 60; i++) w.touch({ at: T, account: `acc${i}`, person: `p${i}`, event: 'Demo Requested' });
    const names = w.actions.filter(({ type }) => type === 'action.requested').map(({ action }) => action.name);
    expect(names).toHaveLength(60);
    expect(names.filter((name) => name === 'a').length).toBeGreaterThan(15);
    expect(names.filter((name) => name === 'b').length).toBeGreaterThan(15);
  });
});

describe('counts in a window', () => {
  it('start a play at the third pricing view in seven days, and not at three in a month', () => {
    const w = world(`${BASE}
actions: [ { name: offer-help } ]
plays:
  - name: pricing
    trigger: { count: { of: { type: page, where: { properties.path: { startsWith: /pricing } } }, within: 7 days, gte: 3 } }
    steps: [ { action: offer-help } ]
`);
    const view = (days: number): void =>
      w.touch({ at: T + days * DAY, account, kind: 'page', event: 'Page Viewed', properties: { path: '/pricing/eu' } });
    [0, 5, 10].forEach(view);
    expect(w.actions).toEqual([]);
    view(11);
    expect(w.actions.map(({ type, at }) => [type, (at - T) / DAY])).toEqual([
      ['action.chosen', 11],
      ['action.requested', 11],
    ]);
  });
});

describe('a meeting that lies ahead', () => {
  const silentUntil = (w: AdvanceWorld): number[] =>
    w.alerts.filter(({ type }) => type === 'alert.opened').map(({ at }) => (at - T) / DAY);

  it('suspends the stall clock until it is over and a business day more', () => {
    const w = world(BASE);
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.touch({ at: T + HOUR, account, event: 'Meeting Booked', properties: { startsAt: '2026-03-13T10:00:00Z' } });
    w.until(T + 30 * DAY);
    // Friday the 13th and a business day: Monday the 16th, 12 days on.
    expect(silentUntil(w)).toEqual([12]);
  });

  it('no longer does once it is called off', () => {
    const w = world(BASE);
    w.touch({ at: T, account, event: 'Webinar Attended' });
    w.touch({ at: T + HOUR, account, event: 'Meeting Booked', properties: { startsAt: '2026-03-13T10:00:00Z' } });
    w.touch({ at: T + DAY, account, event: 'Meeting Cancelled' });
    w.until(T + 30 * DAY);
    expect(silentUntil(w)).toEqual([3]);
  });
});

describe('an alert’s owner', () => {
  it('is the account’s, else the next in turn, for good', () => {
    const w = world(`${BASE}alerts: { owners: [Ada, Ben] }\n`);
    for (const name of ['a1', 'a3', 'a4', 'a5'])
      w.touch({ at: T, account: name, person: name, event: 'Webinar Attended' });
    w.touch({ at: T, account: 'own', person: 'own', event: 'Webinar Attended', accountTraits: { owner: 'Cleo' } });
    w.until(T + 3 * DAY);
    const owners = w.alerts.map(({ alert }) => alert.owner).sort();
    expect(owners.filter((owner) => owner === 'Cleo')).toHaveLength(1);
    expect(new Set(owners)).toEqual(new Set(['Ada', 'Ben', 'Cleo']));
    const before = w.living().map(({ id, owner }) => [id, owner]);
    w.touch({ at: T + 4 * DAY, account: 'a1', person: 'a1', event: 'Replied' });
    w.until(T + 8 * DAY);
    expect(w.living().map(({ id, owner }) => [id, owner])).toEqual(before);
  });
});

describe('two alerts at once', () => {
  it('a stall’s action goes first; the other alert has its own once the stall is over', () => {
    const w = world(`${BASE}roles: { boss: { where: { person.traits.title: VP } } }
requiredRoles: { consideration: [boss] }
alerts: { anyHour: true }
actions:
  - { name: find-boss, when: { alert: role-missing } }
  - { name: call, when: { alert: stall } }
`);
    const deal = { account: 'initech', person: 'ian' };
    w.touch({ at: T, ...deal, event: 'Webinar Attended' });
    w.until(T + 2 * DAY + HOUR);
    const open = (): unknown[] =>
      w
        .living()[0]!
        .alerts.map(({ kind, nextBestAction }) => [kind, nextBestAction?.['name'] ?? null])
        .sort();
    expect(open()).toContainEqual(['stall', 'call']);
    expect(open()).toContainEqual(['role-missing', null]);
    w.touch({ at: T + 2 * DAY + 2 * HOUR, ...deal, event: 'Replied' });
    expect(w.actions.filter(({ type }) => type === 'action.withdrawn').at(-1)).toMatchObject({
      action: { name: 'call' },
    });
    expect(open()).toContainEqual(['role-missing', 'find-boss']);
  });
});
