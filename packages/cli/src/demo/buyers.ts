/**
 * Seeded, believable B2B buyers. Each company follows one of a few stories; what it does comes in working hours, with the pauses of
 * people who have other work. Pure: the same seed gives the same touchpoints at the same virtual times.
 */
import { wallClock } from '@cairn/clock/calendar.ts';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { makeCompany, type DemoCompany, type DemoPerson } from './companies.ts';

/** A Segment-shaped call that is due at `at` (epoch ms). The sender leaves the timestamp to the server. */
export interface DemoCall {
  at: number;
  call: { type: 'identify' | 'track' | 'page' | 'group'; messageId: string; [field: string]: unknown };
}

/** How a company's story goes: the share of each is what a sales team sees in a good quarter. */
const STORIES = [
  { name: 'wins', share: 0.22 },
  { name: 'loses', share: 0.14 },
  { name: 'stalls and returns', share: 0.22 },
  { name: 'goes quiet', share: 0.17 },
  { name: 'champion goes quiet', share: 0.1 },
  { name: 'looks around', share: 0.15 },
] as const;
type Story = (typeof STORIES)[number]['name'];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONE = 'Europe/Warsaw';

export interface BuyersOptions {
  seed: number;
  companies: number;
  /** First company appears about here. */
  startMs: number;
  /** New companies appear evenly until here. */
  endMs: number;
}

/** Every call of every company, in the order of time. */
export function makeBuyers({ seed, companies, startMs, endMs }: BuyersOptions): DemoCall[] {
  const random = seededRandom(seed);
  const calls: DemoCall[] = [];
  for (let index = 0; index < companies; index++) {
    const company = makeCompany(index, random);
    const from = startMs + ((endMs - startMs) * index) / companies;
    calls.push(...tell(company, pickStory(random), inOffice(from, random), random));
  }
  return calls.sort((a, b) => a.at - b.at);
}

function tell(company: DemoCompany, story: Story, from: number, random: () => number): DemoCall[] {
  const calls: DemoCall[] = [];
  let at = from;
  let number = 0;
  const champion = company.people[0]!;
  const decider = company.people.find((person) => person.role === 'decision-maker') ?? champion;
  const others = company.people.slice(1);
  const messageId = (): string => `demo-${company.domain}-${number++}`;
  const anonymousId = (person: DemoPerson): string => `anon-${person.email}`;

  function pause(days: number): void {
    at = inOffice(at + days * DAY * (0.6 + random() * 0.8), random);
  }
  function push(
    type: DemoCall['call']['type'],
    person: DemoPerson,
    fields: Record<string, unknown>,
    known = true,
  ): void {
    calls.push({
      at,
      call: {
        type,
        messageId: messageId(),
        ...(known ? { userId: person.email } : {}),
        anonymousId: anonymousId(person),
        ...fields,
      },
    });
    at += 20_000 + random() * 240_000;
  }
  const page = (person: DemoPerson, path: string, context: Record<string, unknown> = {}, known = true): void =>
    push(
      'page',
      person,
      { name: path, properties: { path, url: `https://www.product.example${path}` }, context },
      known,
    );
  const track = (person: DemoPerson, event: string, properties: Record<string, unknown> = {}): void =>
    push('track', person, { event, properties });
  const ours = (person: DemoPerson, event: string, channel: string): void => {
    pause(0.4);
    track(person, event, { direction: 'outbound', channel });
  };
  function introduce(person: DemoPerson): void {
    push('identify', person, { traits: { email: person.email, name: person.name, title: person.title } });
    push('group', person, {
      groupId: company.domain,
      traits: {
        name: company.name,
        domain: company.domain,
        employees: company.employees,
        industry: company.industry,
        owner: company.owner,
      },
    });
  }

  // Answers of buyers, so that the map has a mood: who is served well says so.
  const mood =
    story === 'wins' || story === 'stalls and returns' ? 1 : story === 'loses' || story === 'goes quiet' ? -1 : 0;
  const csat = (usual: number): { csat: number } => ({ csat: Math.min(5, Math.max(1, usual + mood)) });

  page(champion, '/blog/why-deals-stall', { campaign: { source: 'linkedin', medium: 'paid_social' } }, false);
  page(champion, '/product', {}, false);
  pause(0.8);
  introduce(champion);
  page(champion, '/pricing');
  ours(champion, 'Email Sent', 'email');
  if (story === 'looks around') {
    pause(2);
    page(champion, '/customers');
    return calls;
  }
  pause(1);
  track(champion, random() < 0.5 ? 'Webinar Attended' : 'Trade Fair Visited', { channel: 'event', ...csat(4) });
  page(champion, '/pricing');
  if (others[0]) {
    pause(0.7);
    introduce(others[0]);
    page(others[0], '/docs/security');
  }
  ours(champion, 'Call Logged', 'phone');
  pause(1);
  track(champion, 'Demo Requested');
  pause(1.2);
  track(champion, 'Meeting Held', { channel: 'meeting', minutes: 45, ...csat(3) });
  if (others[0]) track(others[0], 'Meeting Held', { channel: 'meeting', minutes: 45 });

  if (story === 'champion goes quiet' && others[0]) {
    for (let week = 0; week < 3; week++) {
      pause(2);
      page(others[0], '/docs/integrations');
      ours(champion, 'Email Sent', 'email');
    }
    return calls;
  }
  if (story === 'stalls and returns' || story === 'goes quiet') {
    ours(champion, 'Email Sent', 'email');
    pause(3);
    ours(champion, 'Call Logged', 'phone');
    if (story === 'goes quiet') return calls;
    pause(9);
    track(champion, 'Email Replied', { channel: 'email' });
    pause(1);
  }
  page(decider, '/pricing');
  track(decider, 'Proposal Viewed', { channel: 'document', sentiment: mood < 0 ? 'negative' : 'neutral' });
  ours(decider, 'Call Logged', 'phone');
  pause(1.5);
  if (story === 'loses') {
    track(champion, 'Deal Lost', { reason: random() < 0.5 ? 'budget' : 'competitor', channel: 'crm', nps: 4 });
    return calls;
  }
  track(decider, 'Contract Requested', { channel: 'email' });
  pause(2);
  track(decider, 'Deal Won', { value: company.employees * 90, channel: 'crm', nps: 9 });
  return calls;
}

function pickStory(random: () => number): Story {
  let left = random();
  for (const { name, share } of STORIES) {
    if (left < share) return name;
    left -= share;
  }
  return 'looks around';
}

/** The first moment at or after `ms` within 9 to 17 on a weekday, a little spread. */
function inOffice(ms: number, random: () => number): number {
  let at = ms;
  for (let i = 0; i < 200; i++) {
    const wall = wallClock(at, ZONE);
    if (wall.weekday <= 5 && wall.hour >= 9 && wall.hour < 17) return at;
    at += HOUR;
  }
  return at + random() * HOUR;
}
