/** Owners with working hours of their own, through the advance task: when alerts open and escalate, holidays, changes of owner, budgets. */
import { describe, expect, it } from 'vitest';
import { createAdvanceWorld, type AdvanceWorld } from '../../testkit/advance-world.ts';
import { loadDefinition } from '../../core/definition/load-definition.ts';

/** A Monday, ten in the morning in Warsaw. */
const T = Date.parse('2026-03-02T09:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const sales = (alerts: string, stall = '{ after: 2 days }'): string => `
cairn: journey-definition/1
name: sales
unit: account
timezone: Europe/Warsaw
businessHours: { days: [mon, tue, wed, thu, fri], from: '09:00', to: '17:00', holidays: PL }
stages:
  - name: open
    stall: ${stall}
  - name: evaluation
    enter: { event: Demo Requested }
roles: { champion: { where: { person.traits.title: head } } }
requiredRoles: { evaluation: [champion] }
outcomes:
  won: { enter: { event: Won } }
alerts: ${alerts}
`;

const SAM = `{ email: sam@ours.example, name: Sam, timezone: America/New_York, businessHours: { holidays: US } }`;
const MIA = `{ email: mia@ours.example, timezone: Asia/Tokyo, businessHours: { from: '10:00', to: '16:00', holidays: [] } }`;

function world(yaml: string): AdvanceWorld {
  const w = createAdvanceWorld();
  w.define(yaml);
  return w;
}
const touch = (w: AdvanceWorld, at: number, owner: string | null, event = 'Replied', account = 'acme'): void =>
  w.touch({ at, person: `p-${account}`, account, event, accountTraits: owner === null ? {} : { owner } });
const told = (w: AdvanceWorld): string[] =>
  w.alerts.map(({ type, at, alert }) => `${type.slice(6)} ${alert.owner} ${new Date(at).toISOString().slice(0, 16)}`);

describe('an owner’s working hours', () => {
  it('are waited for in the owner’s zone, by e-mail or name; the journey stalls by its own clock all the same', () => {
    for (const owner of ['sam@ours.example', 'SAM']) {
      const w = world(sales(`{ owners: [${SAM}] }`));
      touch(w, T, owner);
      w.until(T + 5 * DAY);
      // Wednesday 9:00 UTC is ten in Warsaw, and four in the morning in New York.
      expect(told(w)).toEqual([`opened ${owner} 2026-03-04T14:00`]);
      const stalled = w.journeys.find(({ journey }) => journey.status === 'stalled')!;
      expect(stalled.at).toBe(T + 2 * DAY);
    }
  });

  it('know the holidays of the owner’s country, and none of the definition’s where the owner has their own', () => {
    // Monday 2026-05-25 is Memorial Day; Thursday 2026-06-04 is Corpus Christi in Poland.
    const w = world(sales(`{ owners: [${SAM}] }`));
    touch(w, Date.parse('2026-05-23T15:00:00Z'), 'Sam', 'Replied', 'one');
    touch(w, Date.parse('2026-06-02T15:00:00Z'), 'Sam', 'Replied', 'two');
    touch(w, Date.parse('2026-06-02T15:00:00Z'), 'Zoe', 'Replied', 'three');
    w.until(Date.parse('2026-06-10T00:00:00Z'));
    expect(told(w)).toEqual([
      'opened Sam 2026-05-26T13:00',
      'opened Sam 2026-06-04T15:00',
      'opened Zoe 2026-06-05T07:00',
    ]);
  });

  it('count for the escalation, too', () => {
    const w = world(sales(`{ escalateAfter: 1 business day, owners: [${SAM}] }`));
    // The alert opens on Thursday before Memorial Day, at three in New York.
    touch(w, Date.parse('2026-05-20T19:00:00Z'), 'Sam');
    w.until(Date.parse('2026-05-30T00:00:00Z'));
    expect(told(w)).toEqual(['opened Sam 2026-05-22T19:00', 'escalated Sam 2026-05-26T19:00']);
  });

  it('of whoever is next in turn are waited for, and who only says when they work gets no turn', () => {
    const w = world(
      sales(`{ owners: [${MIA}, { ...SAM, inTurn: false }] }`.replace('{ ...SAM,', `${SAM.slice(0, -2)},`)),
    );
    touch(w, T, null, 'Replied', 'one');
    touch(w, T + 1, null, 'Replied', 'two');
    w.until(T + 5 * DAY);
    // Wednesday evening in Tokyo; ten o'clock there on Thursday is one in UTC.
    expect(told(w)).toEqual(['opened mia@ours.example 2026-03-05T01:00', 'opened mia@ours.example 2026-03-05T01:00']);
  });

  it('change with the owner, while the alert waits', () => {
    const w = world(sales(`{ owners: [${SAM}, ${MIA}] }`));
    touch(w, T, 'mia@ours.example');
    w.until(T + 2 * DAY + HOUR);
    expect(w.alerts).toEqual([]);
    w.touch({
      at: T + 2 * DAY + HOUR,
      kind: 'group',
      person: 'p-acme',
      account: 'acme',
      accountTraits: { owner: 'Sam' },
    });
    w.until(T + 5 * DAY);
    expect(told(w)).toEqual(['opened Sam 2026-03-04T14:00']);
  });

  it('hold for alerts of roles', () => {
    const w = world(sales(`{ owners: [${SAM}] }`));
    touch(w, T, 'Sam', 'Demo Requested');
    w.until(T + 1.5 * DAY);
    expect(w.alerts.map(({ at, alert }) => [alert.kind, new Date(at).toISOString().slice(0, 16)])).toEqual([
      ['role-missing', '2026-03-03T14:00'],
    ]);
  });

  it('are not waited for where alerts open at any hour', () => {
    const w = world(sales(`{ anyHour: true, owners: [${SAM}] }`));
    touch(w, T, 'Sam');
    w.until(T + 5 * DAY);
    expect(told(w)).toEqual(['opened Sam 2026-03-04T09:00']);
  });

  it('are waited for once the budget gave the alert its slot', () => {
    const w = world(
      sales(`{ budget: { count: 1 }, owners: [${SAM}] }`, '{ learned: { horizon: 7 days, atLeast: 12 hours } }'),
    );
    for (const account of ['one', 'two', 'three']) touch(w, T, 'Sam', 'Replied', account);
    w.until(T + 20 * DAY);
    expect(w.alerts.length).toBeGreaterThan(1);
    const hours = w.alerts.map(({ at }) => new Date(at).getUTCHours() + new Date(at).getUTCMinutes() / 60);
    // 9:00 to 17:00 in New York: from 14:00 in winter, from 13:00 after 8 March.
    for (const hour of hours) expect(hour >= 13 && hour < 22).toBe(true);
    expect(new Set(w.alerts.map(({ at }) => Math.floor(at / DAY))).size).toBe(w.alerts.length);
  });
});

describe('an owner of a definition', () => {
  it('is told what is wrong with it', () => {
    const yaml = sales(
      `{ owners: [Ada, { email: a@b.example, timezone: Europe/Nowhere, businessHours: { from: '18:00' } }, { email: A@B.example, businessHours: { holidays: XX } }, { name: Zoe }] }`,
    );
    const loaded = loadDefinition(yaml);
    expect(loaded.ok ? [] : loaded.faults.map(({ path, message }) => `${path}: ${message}`).sort()).toEqual([
      "alerts.owners[1].businessHours.to: must be later than 'from'",
      "alerts.owners[1].timezone: 'Europe/Nowhere' is not an IANA time zone such as Europe/Warsaw",
      "alerts.owners[2].businessHours.holidays: 'XX' is not a country whose holidays are known (PL, DE, DE-BY, …)",
      "alerts.owners[2]: 'a@b.example' is owner 2 too",
      "alerts.owners[3]: needs 'email'",
    ]);
  });
});
