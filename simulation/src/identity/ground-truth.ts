import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import type { Call } from '@cairn/stitcher/testkit/touchpoint-of.ts';

/**
 * A town of people and devices, made from a seed, that knows who really did what: households with a tablet, a kiosk in a shop, people with
 * several devices, logouts with and without a reset, mistyped addresses, role mailboxes, job changes, crawlers, skewed clocks, doubled and
 * reordered messages. What is written down as truth is what an observer in the room would say.
 */
export interface Witnessed {
  call: Call & { messageId: string };
  /** Who did it; null: nobody could tell (a crawler, a role mailbox). */
  who: number | null;
}

export interface TownOptions {
  people: number;
  /** Visits of each person, about. */
  visits: number;
}

interface Dweller {
  number: number;
  userId: string;
  emails: string[];
  devices: string[];
  /** Signed in there since. */
  signedIn: Set<string>;
  skewMs: number;
}

const HOUR = 3_600_000;
const SHARE = {
  household: 0.3,
  kiosk: 0.1,
  secondDevice: 0.4,
  typo: 0.01,
  roleMailbox: 0.01,
  jobChange: 0.05,
  skew: 0.1,
};
const CRAWLERS_EVERY = 50;

export function createTown(seed: number, { people, visits }: TownOptions): Witnessed[] {
  const random = seededRandom(seed);
  const chance = (share: number): boolean => random() < share;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const seen: Witnessed[] = [];
  let messages = 0;
  let devices = 0;
  let now = 0;
  const newDevice = (): string => `device-${devices++}`;
  const kiosk = { id: 'kiosk', user: null as Dweller | null };

  const dwellers = Array.from({ length: people }, (_, number): Dweller => {
    const free = chance(0.5);
    return {
      number,
      userId: `user-${number}`,
      emails: [free ? `person${number}@gmail.com` : `person${number}@company${number % 40}.example`],
      devices: [newDevice(), ...(chance(SHARE.secondDevice) ? [newDevice()] : [])],
      signedIn: new Set(),
      skewMs: chance(SHARE.skew) ? Math.floor((random() - 0.5) * 48 * HOUR) : 0,
    };
  });
  // A tablet on the sofa: two people, one anonymous id, now and then a sign-out without a reset.
  for (let i = 0; i + 1 < people; i += 2) {
    if (!chance(SHARE.household)) continue;
    const tablet = newDevice();
    dwellers[i]!.devices.push(tablet);
    dwellers[i + 1]!.devices.push(tablet);
  }

  function say(who: number | null, call: Call, skewMs = 0): void {
    const messageId = `m${messages++}`;
    seen.push({ who, call: { ...call, messageId, at: now + skewMs } });
    if (chance(0.02)) seen.push({ who, call: { ...call, messageId, at: now + skewMs } });
    now += 1_000 + Math.floor(random() * 60_000);
  }

  function visit(person: Dweller): void {
    const { number, skewMs } = person;
    const atKiosk = chance(SHARE.kiosk);
    let device = atKiosk ? kiosk.id : pick(person.devices);
    // Cookies are deleted: the same browser, another id.
    if (!atKiosk && chance(0.03)) {
      const renewed = newDevice();
      person.devices = person.devices.map((one) => (one === device ? renewed : one));
      device = renewed;
    }
    for (let i = 0; i < 2; i++) say(number, { type: 'page', anonymousId: device }, skewMs);
    const signsIn = atKiosk || chance(person.signedIn.has(device) ? 0.5 : 0.6);
    if (signsIn) {
      const email = chance(SHARE.typo) ? `x${pick(person.emails)}` : pick(person.emails);
      const said = chance(SHARE.roleMailbox) ? `info@company${number % 40}.example` : email;
      say(number, { type: 'identify', userId: person.userId, anonymousId: device, traits: { email: said } }, skewMs);
      person.signedIn.add(device);
    }
    for (let i = 0; i < 3; i++)
      say(
        number,
        {
          type: 'track',
          event: 'Clicked',
          anonymousId: device,
          ...(signsIn && chance(0.8) ? { userId: person.userId } : {}),
        },
        skewMs,
      );
    if (atKiosk) kiosk.user = person;
    if (chance(SHARE.jobChange / visits)) person.emails.push(`person${number}@company${(number + 7) % 40}.example`);
  }

  for (let round = 0; round < visits * people; round++) {
    visit(pick(dwellers));
    if (round % CRAWLERS_EVERY === 0)
      say(null, { type: 'page', anonymousId: 'crawler', bot: true, userId: pick(dwellers).userId });
    now += Math.floor((random() * 24 * HOUR) / people);
  }
  // The network: neighbours change places.
  for (let i = 1; i < seen.length; i++) if (chance(0.05)) [seen[i - 1], seen[i]] = [seen[i]!, seen[i - 1]!];
  return seen;
}
