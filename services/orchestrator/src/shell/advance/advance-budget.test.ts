/** Alert budgets through the advance task: partitions, slots, days that wait, thresholds that are chosen and taken up. */
import { describe, expect, it } from 'vitest';
import { keyOf } from '@cairn/contracts/topics.ts';
import { createAdvanceWorld, WORKSPACE, type AdvanceWorld } from '../../testkit/advance-world.ts';

/** A Monday. */
const T = Date.parse('2026-03-02T00:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const budgeted = (budget: string, more = ''): string => `
cairn: journey-definition/1
name: sales
unit: account
timezone: UTC
businessHours: { days: [mon, tue, wed, thu, fri], from: '09:00', to: '17:00' }
stages:
  - name: open
    stall: { learned: { horizon: 7 days, atLeast: 12 hours${more} } }
outcomes:
  won: { enter: { event: Won } }
alerts: { budget: ${budget} }
`;

const OWNERS = ['Ada', 'Ben'];

/** Accounts that are heard of once, on Monday at ten, a minute after each other: their silences are due on one morning. */
function fallSilent(
  w: AdvanceWorld,
  accounts: number,
  ownerOf: (i: number) => string | null,
  day = 0,
  name = 'acc',
): void {
  for (let i = 0; i < accounts; i++) {
    const owner = ownerOf(i);
    w.touch({
      at: T + day * DAY + 10 * HOUR + i * 60_000,
      person: `${name}-p${i}`,
      account: `${name}-${i}`,
      accountTraits: owner === null ? {} : { owner },
      messageId: `${name}-${i}-${day}`,
      event: 'Replied',
    });
  }
}

function openedPerDay(w: AdvanceWorld): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type, at, alert } of w.alerts) {
    if (type !== 'alert.opened') continue;
    const key = `${alert.owner} ${new Date(at).toISOString().slice(0, 10)}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

describe('an alert budget', () => {
  it('opens no more alerts of an owner on a day, over all partitions; the others wait for working days, five days at most', () => {
    for (const partitions of [1, 4]) {
      const w = createAdvanceWorld({ partitions });
      w.define(budgeted('{ count: 2, per: owner, for: day }'));
      fallSilent(w, 12, (i) => OWNERS[i % 2]!);
      w.until(T + 14 * DAY);
      const counts = openedPerDay(w);
      expect(Math.max(...Object.values(counts))).toBe(2);
      const days = [...new Set(Object.keys(counts).map((key) => key.slice(4)))].sort();
      for (const day of days) expect([1, 2, 3, 4, 5]).toContain(new Date(day).getUTCDay());
      for (const owner of OWNERS) {
        const last = w.budgets.filter(({ budget }) => budget.owner === owner).at(-1)!.budget;
        const opened = Object.entries(counts).reduce(
          (sum, [key, count]) => sum + (key.startsWith(owner) ? count : 0),
          0,
        );
        expect(last.totals).toMatchObject({ opened, dropped: 6 - opened, returned: 0 });
        expect(last.today.waiting).toBe(0);
        expect(opened).toBeGreaterThanOrEqual(5);
      }
      // Nothing is left that would ever be due.
      expect(w.timers().filter(({ key }) => key.startsWith('@budget/'))).toEqual([]);
    }
  });

  it('lets a buyer’s return take the place in the line, and opens nothing for it', () => {
    const w = createAdvanceWorld({ partitions: 2 });
    w.define(budgeted('{ count: 1 }'));
    fallSilent(w, 4, () => 'Ada');
    let day = 0;
    while (w.alerts.length === 0) w.until(T + ++day * DAY);
    const [first] = w.alerts;
    const due = w.living().filter(({ status }) => status === 'stalled');
    expect(due).toHaveLength(4);
    // Before work begins, when the next in line would have had the day's slot.
    const [next] = due.filter(({ id }) => id !== first!.alert.journeyId).map(({ name }) => name!);
    const number = next!.slice('acc-'.length);
    const person = `acc-p${number}`;
    const at = T + day * DAY + 4 * HOUR;
    w.touch({ at, person, account: `acc-${number}`, accountTraits: { owner: 'Ada' }, event: 'Replied' });
    expect(w.budgets.at(-1)).toMatchObject({ what: { returned: 1 }, budget: { today: { waiting: 2 } } });
    w.until(at + DAY);
    const opened = w.alerts.filter(({ type }) => type === 'alert.opened').map(({ journey }) => journey['name']);
    expect(opened).toHaveLength(2);
    expect(opened).not.toContain(next);
    expect(w.alerts.filter(({ type }) => type === 'alert.resolved')).toEqual([]);
    expect(w.budgets.at(-1)!.budget).toMatchObject({ owner: 'Ada', totals: { opened: 2, returned: 1, dropped: 0 } });
  });

  it('counts the slots of the owner who gets the journey, where owners take turns, and one for all per workspace', () => {
    const w = createAdvanceWorld({ partitions: 2 });
    w.define(budgeted('{ count: 1 }, owners: [Ada, Ben]'));
    fallSilent(w, 8, () => null);
    w.until(T + 20 * DAY);
    const turns = openedPerDay(w);
    expect(new Set(Object.keys(turns).map((key) => key.slice(0, 3)))).toEqual(new Set(OWNERS));
    expect(new Set(Object.values(turns))).toEqual(new Set([1]));

    const all = createAdvanceWorld({ partitions: 2 });
    all.define(budgeted('{ count: 1, per: workspace }'));
    fallSilent(all, 6, (i) => OWNERS[i % 2]!);
    all.until(T + 20 * DAY);
    const days = Object.keys(openedPerDay(all)).map((key) => key.slice(4));
    expect(new Set(days).size).toBe(days.length);
    expect(all.budgets.at(-1)!.budget).toMatchObject({ owner: null, per: 'workspace' });
  });

  it('leaves stages that give a probability alone, and opens what waits when the budget is taken away', () => {
    const given = createAdvanceWorld({ partitions: 1 });
    const later = '  - name: later\n    stall: { learned: { horizon: 7 days } }\noutcomes:';
    given.define(budgeted('{ count: 1 }', ', probability: 0.7').replace('outcomes:', later));
    fallSilent(given, 6, () => 'Ada');
    given.until(T + 9 * DAY);
    expect(Object.values(openedPerDay(given)).reduce((a, b) => a + b)).toBe(6);
    expect(given.budgets).toEqual([]);

    const w = createAdvanceWorld({ partitions: 1 });
    w.define(budgeted('{ count: 1 }'));
    fallSilent(w, 6, () => 'Ada');
    let day = 0;
    while (w.alerts.length === 0) w.until(T + ++day * DAY);
    w.define(budgeted('{ count: 1 }').replace(/^alerts.*$/m, ''), 2);
    w.until(T + (day + 4) * DAY);
    expect(w.alerts.filter(({ type }) => type === 'alert.opened')).toHaveLength(6);
    expect(w.timers().filter(({ key }) => /^@(budget|tally)/.test(key))).toEqual([]);
  });

  it('chooses a threshold once two weeks of horizons are over, tells every partition, and journeys take it up', () => {
    const run = (): AdvanceWorld => {
      const w = createAdvanceWorld({ partitions: 2 });
      w.define(budgeted('{ count: 1, per: workspace }'));
      // Each working day two accounts write for the first time; every fifth of them writes again five days later.
      for (let day = 0; day < 23; day++)
        for (let i = 0; i < 2; i++) {
          if (day >= 5 && (day - 5) % 5 === 0) reply(w, day, `d${day - 5}`, i);
          if (day % 7 < 5) reply(w, day, `d${day}`, i);
        }
      w.until(T + 23 * DAY);
      return w;
    };
    const w = run();
    const chosen = w.budgets.filter(({ what }) => what['chosen'] === 1);
    // The first horizon is over on day 7; two weeks of them on day 21.
    expect(Math.floor((chosen[0]!.at - T) / DAY)).toBe(21);
    const { threshold, expected } = chosen.at(-1)!.budget;
    expect(threshold).toBeGreaterThanOrEqual(0.5);
    expect(expected!.precision).toBeGreaterThan(0.5);
    expect(Math.max(...Object.values(openedPerDay(w)))).toBe(1);
    const later = w.alerts.filter(({ type, at }) => type === 'alert.opened' && at > chosen.at(-1)!.at);
    for (const { alert } of later) expect(alert.reason.probability).toBeGreaterThanOrEqual(0.5);
    // The same messages give the same alerts and thresholds, to the byte.
    const again = run();
    expect(JSON.stringify([again.alerts, again.budgets])).toBe(JSON.stringify([w.alerts, w.budgets]));
  });

  it('counts an owner’s days by the owner’s calendar, and one owner once whatever the CRM calls them', () => {
    const w = createAdvanceWorld({ partitions: 2 });
    const sam = '{ email: sam@ours.example, name: Sam, timezone: America/New_York, inTurn: false }';
    w.define(budgeted(`{ count: 1 }, owners: [${sam}]`));
    fallSilent(w, 4, (i) => ['Sam', 'sam@ours.example'][i % 2]!);
    w.until(T + 12 * DAY);
    const opened = w.alerts.filter(({ type }) => type === 'alert.opened');
    expect(opened).toHaveLength(4);
    // Nine to five in New York is 14:00 to 22:00 UTC until 8 March, an hour sooner after it.
    for (const { at } of opened) expect(new Date(at).getUTCHours()).toBeGreaterThanOrEqual(13);
    expect(new Set(opened.map(({ at }) => Math.floor((at - 5 * HOUR) / DAY))).size).toBe(4);
    expect(new Set(w.budgets.map(({ budget }) => budget.owner))).toEqual(new Set(['sam@ours.example']));
  });

  it('forgets a person who is erased while an alert of theirs waits', () => {
    const w = createAdvanceWorld({ partitions: 2 });
    w.define(budgeted('{ count: 1, per: workspace }'));
    for (let i = 0; i < 3; i++) w.touch({ at: T + 10 * HOUR + i * 60_000, person: `p${i}`, event: 'Replied' });
    let day = 0;
    while (w.alerts.length === 0) w.until(T + ++day * DAY);
    const open = w.alerts[0]!.alert.subject.id;
    const personId = ['p0', 'p1', 'p2'].find((id) => id !== open)!;
    const at = T + day * DAY;
    const erased = {
      type: 'person.erased',
      workspace: WORKSPACE,
      subject: { unit: 'person', id: personId },
      personId,
      absorbed: [],
      cause: 'test',
      at,
    };
    w.send(keyOf.subject(WORKSPACE, personId), erased, at);
    expect(w.budgets.at(-1)).toMatchObject({ what: { returned: 1 }, budget: { today: { waiting: 1 } } });
    w.until(at + 5 * DAY);
    expect(w.alerts.filter(({ type }) => type === 'alert.opened')).toHaveLength(2);
  });

  it('gives no alert to a journey that was handed over while it waited but through its new home', () => {
    const w = createAdvanceWorld({ partitions: 2 });
    w.define(budgeted('{ count: 1, per: workspace }'));
    for (let i = 0; i < 3; i++) w.touch({ at: T + 10 * HOUR + i * 60_000, person: `p${i}`, event: 'Replied' });
    let day = 0;
    while (w.alerts.length === 0) w.until(T + ++day * DAY);
    const open = w.alerts[0]!.alert.subject.id;
    const moved = ['p0', 'p1', 'p2'].find((id) => id !== open)!;
    w.handOver({ unit: 'person', id: moved }, { unit: 'account', id: 'acc' }, T + day * DAY + HOUR);
    w.until(T + (day + 6) * DAY);
    const opened = w.alerts.filter(({ type }) => type === 'alert.opened');
    expect(opened.map(({ alert }) => alert.subject.id).sort()).toEqual(
      ['acc', 'p0', 'p1', 'p2'].filter((id) => id !== moved),
    );
    const perDay = opened.map(({ at }) => Math.floor(at / DAY));
    expect(new Set(perDay).size).toBe(3);
  });
});

function reply(w: AdvanceWorld, day: number, name: string, i: number): void {
  const at = T + day * DAY + (10 + i) * HOUR;
  w.touch({
    at,
    person: `${name}-${i}`,
    account: `a-${name}-${i}`,
    event: 'Replied',
    messageId: `${name}-${i}-${day}`,
  });
}
