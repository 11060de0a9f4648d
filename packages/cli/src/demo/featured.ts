/**
 * Three accounts of the demo that are not left to chance, so that whoever watches can look for them: one whose champion goes quiet while a
 * colleague stays active, one that stalls and is won back by a next best action, one whose outreach is withdrawn because the buyer was back first.
 */
import { instantOf, wallClock } from '@cairn/clock/calendar.ts';
import { createHolidays } from '@cairn/orchestrator/core/holidays.ts';
import type { DemoCall } from './buyers.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONE = 'Europe/Warsaw';
/** As the definition's: a story told in its business days would come apart over a holiday that only one of the two knows. */
const isHoliday = createHolidays(['PL']);

export const FEATURED = {
  championQuiet: { name: 'Keystone Freight', domain: 'keystone-freight.example' },
  wonBack: { name: 'Beacon Instruments', domain: 'beacon-instruments.example' },
  withdrawn: { name: 'Drift Textiles', domain: 'drift-textiles.example' },
} as const;

interface Person {
  name: string;
  title: string;
}
type Company = (typeof FEATURED)[keyof typeof FEATURED];

/** In the order of time. `startMs`: the first of them appears on the next working day. */
export function makeFeatured(startMs: number): DemoCall[] {
  return [...championQuiet(startMs), ...wonBack(startMs), ...withdrawn(startMs)].sort((a, b) => a.at - b.at);
}

/** Nadia leads the evaluation, then falls silent. Pavel goes on reading: the account is not quiet, its champion is. */
function championQuiet(startMs: number): DemoCall[] {
  const tell = teller(FEATURED.championQuiet, startMs);
  const nadia = { name: 'Nadia Berg', title: 'Operations Director' };
  const pavel = { name: 'Pavel Dorn', title: 'Software Engineer' };
  tell.introduce(0, 9, nadia);
  tell.page(0, 10, nadia, '/pricing');
  tell.track(1, 10, nadia, 'Demo Requested');
  tell.introduce(1, 11, pavel);
  tell.track(2, 10, nadia, 'Meeting Held', { channel: 'meeting' });
  for (let day = 3; day <= 25; day += 2)
    tell.page(day, 14, pavel, day % 4 === 1 ? '/docs/integrations' : '/docs/security');
  for (let day = 6; day <= 24; day += 6)
    tell.track(day, 11, nadia, 'Email Sent', { direction: 'outbound', channel: 'email' });
  return tell.calls;
}

/** Quiet for five working days after the demo; a rep follows the next best action, and two days later they are back. */
function wonBack(startMs: number): DemoCall[] {
  const tell = teller(FEATURED.wonBack, startMs);
  const ines = { name: 'Ines Rossi', title: 'Product Manager' };
  const hugo = { name: 'Hugo Weber', title: 'Chief Financial Officer' };
  tell.introduce(1, 9, ines);
  tell.page(1, 10, ines, '/customers');
  tell.track(2, 10, ines, 'Demo Requested');
  tell.track(9, 10, ines, 'Email Replied', { channel: 'email' });
  tell.introduce(10, 9, hugo);
  tell.track(10, 11, hugo, 'Proposal Viewed', { channel: 'document' });
  tell.track(12, 11, hugo, 'Deal Won', { channel: 'crm', value: 48_000 });
  return tell.calls;
}

/** Quiet for five working days, too; but a colleague writes an hour after the alert, before anyone has called. */
function withdrawn(startMs: number): DemoCall[] {
  const tell = teller(FEATURED.withdrawn, startMs);
  const mei = { name: 'Mei Tanaka', title: 'Marketing Lead' };
  const sven = { name: 'Sven Lindqvist', title: 'Analyst' };
  tell.introduce(2, 9, mei);
  tell.track(3, 10, mei, 'Demo Requested');
  tell.introduce(3, 12, sven);
  tell.track(8, 13, sven, 'Email Replied', { channel: 'email' });
  tell.track(10, 10, mei, 'Meeting Held', { channel: 'meeting' });
  return tell.calls;
}

interface Teller {
  calls: DemoCall[];
  introduce(day: number, hour: number, person: Person): void;
  page(day: number, hour: number, person: Person, path: string): void;
  track(day: number, hour: number, person: Person, event: string, properties?: Record<string, unknown>): void;
}

/** `day`: working days after the start, counted from 0; `hour` on the wall clock. */
function teller({ name, domain }: Company, startMs: number): Teller {
  const calls: DemoCall[] = [];
  function push(
    type: DemoCall['call']['type'],
    day: number,
    hour: number,
    person: Person,
    fields: Record<string, unknown>,
  ): void {
    const email = `${person.name.toLowerCase().replace(' ', '.')}@${domain}`;
    const call = { type, messageId: `featured-${domain}-${calls.length}`, userId: email, ...fields };
    calls.push({ at: workingHour(startMs, day, hour) + calls.length, call });
  }
  return {
    calls,
    introduce(day, hour, person) {
      const email = `${person.name.toLowerCase().replace(' ', '.')}@${domain}`;
      push('identify', day, hour, person, { traits: { email, name: person.name, title: person.title } });
      push('group', day, hour, person, {
        groupId: domain,
        traits: { name, domain, employees: 420, industry: 'logistics', owner: 'Anna Zielińska' },
      });
    },
    page: (day, hour, person, path) => push('page', day, hour, person, { name: path, properties: { path } }),
    track: (day, hour, person, event, properties = {}) => push('track', day, hour, person, { event, properties }),
  };
}

/** Days are counted from the first working day after the start, whatever its hour: counted by the hour, a story's afternoons would come a day before its mornings. */
function workingHour(startMs: number, day: number, hour: number): number {
  const first = wallClock(startMs, ZONE);
  for (let next = 1, left = day; ; next++) {
    const at = instantOf(first.year, first.month, first.day + next, hour, 0, ZONE);
    const wall = wallClock(at, ZONE);
    if (wall.weekday > 5 || isHoliday(instantOf(wall.year, wall.month, wall.day, 0, 0, 'UTC') / DAY)) continue;
    if (left-- === 0) return at;
  }
}

/** How long the demo's rep takes to follow an action: longer than a buyer who comes back within hours. */
export const REP_TAKES_MS = 4 * HOUR;
