/** Alerts of roles through the advance task: a champion who goes quiet, a role that nobody has, a single buyer. */
import { describe, expect, it } from 'vitest';
import { createAdvanceWorld, type AdvanceWorld } from '../../testkit/advance-world.ts';

// A Monday.
const T = Date.parse('2026-03-02T10:00:00Z');
const DAY = 86_400_000;

const ROLES = `
cairn: journey-definition/1
name: roles
unit: account
timezone: UTC
stages:
  - name: first
  - name: evaluation
    enter: { event: Demo Requested }
    stall: { after: 5 days }
outcomes:
  won: { enter: { event: Won } }
roles: { champion: { where: { person.traits.title: head } } }
requiredRoles: { evaluation: [champion] }
`;

function world(): AdvanceWorld {
  const w = createAdvanceWorld();
  w.define(ROLES);
  return w;
}

const champion = { person: 'cleo', personTraits: { title: 'head' }, account: 'acme' };
const colleague = { person: 'cole', account: 'acme' };
const told = (w: AdvanceWorld): string[] => w.alerts.map(({ type, alert }) => `${alert.kind} ${type.slice(6)}`);

describe('roles', () => {
  it('tell when the champion goes quiet while a colleague stays active: no stall, but role-silent, until the champion is back', () => {
    const w = world();
    w.touch({ at: T, ...champion, event: 'Demo Requested' });
    for (let day = 1; day <= 7; day++) w.touch({ at: T + day * DAY, ...colleague, event: 'Replied' });
    expect(told(w)).toEqual(['role-silent opened']);
    expect(w.alerts[0]!.at).toBe(T + 5 * DAY);
    expect(w.alerts[0]!.alert.reason).toMatchObject({
      text: 'No reply from the champion for 5 days, while others stay active',
      quietPersonId: 'cleo',
    });
    w.touch({ at: T + 8 * DAY, ...champion, event: 'Replied' });
    expect(told(w).at(-1)).toBe('role-silent resolved');
    w.until(T + 9 * DAY);
    expect(w.alerts).toHaveLength(2);
  });

  it('tell once that nobody has a required role and that only one buyer takes part, and end when that changes', () => {
    const w = world();
    w.touch({ at: T, ...colleague, event: 'Demo Requested' });
    w.until(T + 3 * DAY);
    expect(told(w)).toEqual(['role-missing opened', 'single-threaded opened']);
    expect(w.alerts.map(({ at }) => (at - T) / DAY)).toEqual([1, 2]);
    w.touch({ at: T + 3 * DAY, ...colleague, event: 'Replied' });
    expect(w.alerts).toHaveLength(2);
    w.touch({ at: T + 4 * DAY, ...champion, event: 'Replied' });
    expect(told(w).slice(2).sort()).toEqual(['role-missing resolved', 'single-threaded resolved']);
  });

  it('ask for nothing in a stage without required roles, nor once a journey has ended', () => {
    const w = world();
    w.touch({ at: T, ...colleague, event: 'Replied' });
    w.until(T + 4 * DAY);
    w.touch({ at: T + 4 * DAY, ...colleague, event: 'Demo Requested' });
    w.touch({ at: T + 4 * DAY + 1, ...colleague, event: 'Won' });
    w.until(T + 30 * DAY);
    expect(w.alerts).toEqual([]);
  });
});

describe('what buyers make of their account together', () => {
  it('is there for conditions: a play when all hangs on one buyer, a stage when every required role is engaged', () => {
    const w = createAdvanceWorld();
    w.define(
      ROLES.replace(
        'outcomes:',
        '  - name: covered\n    enter: { where: { journey.coverage: { gte: 1 }, journey.engagedRoles: { contains: champion } } }\noutcomes:',
      ) +
        `actions: [{ name: win-another }]
plays:
  - name: alone
    trigger: { stage: evaluation, where: { journey.engagedPeople: { gte: 2 }, journey.topShare: { gte: 0.75 }, journey.missingRoles: { contains: champion } } }
    steps: [{ action: win-another }]
`,
    );
    w.touch({ at: T, ...colleague, event: 'Demo Requested' });
    for (let i = 1; i <= 2; i++) w.touch({ at: T + i, ...colleague, event: 'Replied' });
    expect(w.actions).toEqual([]);
    w.touch({ at: T + 3, person: 'dan', account: 'acme', event: 'Replied' });
    expect(w.actions.filter(({ type }) => type === 'action.requested').map(({ action }) => action.name)).toEqual([
      'win-another',
    ]);
    w.touch({ at: T + 4, ...champion, event: 'Replied' });
    expect(w.living()[0]!.stage).toBe('covered');
  });
});
