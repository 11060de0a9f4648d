import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import type { CallBody } from './traffic.ts';

/**
 * A workspace in which everything that identities can meet happens, with what an admin orders on top: made from the seed alone. Nobody
 * says here what must come of it; that is the oracle's (`identity/plain-identities.ts`), from the log.
 */
export interface IdentityTraffic {
  workspace: string;
  calls: readonly { at: number; repeatedAt: number | null; body: CallBody }[];
  orders: readonly Order[];
  /** People write from companies, whose accounts are taken over and given back: `check-people.ts` says what is checked then. */
  hasCompanies: boolean;
}

/** People are named by an identifier: the admin looks up who that is when it orders. */
export interface Order {
  at: number;
  command: 'merge' | 'split' | 'erase' | 'link' | 'unlink' | 'configure';
  /** `namespace:value`; of a merge, who is absorbed. */
  who: string;
  /** merge: who lives on. split: cut too, where the same person holds it. */
  other: string;
  /** Named by the id that the first holder had: absorbed, erased or living meanwhile. */
  byFirstId: boolean;
  groupId: string;
  settings?: Record<string, unknown>;
}

export const IDENTITY_WORKSPACE = 'wsp_people';
const MINUTE = 60_000;
const CALLS = 45;
const ORDERS = 14;

const USERS = ['ann', 'bob', 'cy', 'dee'];
const DEVICES = ['laptop', 'phone', 'tablet', 'kiosk', 'watch', 'tv', 'car'];
const EMAILS = ['ann@acme.example', 'Bob@acme.example', 'cy@globex.example', 'dee@gmail.com', 'ann@globex.example'];
const PRIVATE_EMAILS = ['ann@gmail.com', 'Bob@gmail.com', 'cy@gmail.com', 'dee@gmail.com'];
const GROUPS = ['acme', 'globex-inc'];
const EVENTS = ['Page Opened', 'Page Opened', 'Page Opened', 'Demo Requested', 'Deal Won'];

export function createIdentityTraffic(seed: number, startMs: number): IdentityTraffic {
  const random = seededRandom(seed * 7 + 5);
  const chance = (share: number): boolean => random() < share;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const hasCompanies = seed % 2 === 0;
  const emails = hasCompanies ? EMAILS : PRIVATE_EMAILS;
  const calls: { at: number; repeatedAt: number | null; body: CallBody }[] = [];
  const orders: Order[] = [];
  const keys = [
    ...USERS.map((user) => `userId:${user}`),
    ...DEVICES.map((device) => `anonymousId:${device}`),
    ...emails.map((email) => `email:${email.toLowerCase()}`),
    'device:d1',
    'crm:c1',
  ];
  let at = startMs + between(1, 30) * MINUTE;
  const pause = (): void => void (at += chance(0.1) ? between(60, 240) * MINUTE : between(1_000, 4 * MINUTE));

  // Some workspaces have settings of their own, small enough to be reached.
  if (chance(0.4)) {
    const settings = {
      sharedDevices: pick(['isolate', 'first', 'last']),
      ...(chance(0.5) ? { maxIdsPerPerson: between(4, 7), maxMergesPerPerson: between(1, 3) } : {}),
      ...(chance(0.5) ? { quarantineAbove: between(2, 4) } : {}),
    };
    orders.push({ at, command: 'configure', who: '', other: '', byFirstId: false, groupId: '', settings });
    pause();
  }
  const orderAfter = new Set(Array.from({ length: ORDERS }, () => between(8, CALLS - 1)));
  for (let n = 0; n < CALLS; n++) {
    const timestamp = new Date(at - (chance(0.1) ? between(1, 90) * MINUTE : 0)).toISOString();
    const body = { ...callOf(), messageId: `people-${n}`, timestamp } as CallBody;
    calls.push({ at, repeatedAt: chance(0.15) ? at + between(1_000, 3 * MINUTE) : null, body });
    if (chance(0.7)) pause();
    if (!orderAfter.has(n)) continue;
    orders.push(orderOf());
    // Sometimes at once, sometimes with calls at its heels.
    if (chance(0.6)) pause();
  }
  return { workspace: IDENTITY_WORKSPACE, calls, orders, hasCompanies };

  function callOf(): Partial<CallBody> {
    const device = pick(DEVICES);
    const what = random();
    const context = {
      ...(chance(0.1) ? { device: { id: pick(['d1', 'd2']) } } : {}),
      ...(chance(0.1)
        ? { externalIds: [{ type: 'crm', id: pick(['c1', 'c2']), collection: 'users', encoding: 'none' }] }
        : {}),
      ...(chance(0.05) ? { externalIds: [{ type: 'crm', id: 'k1', collection: 'accounts', encoding: 'none' }] } : {}),
      ...(chance(0.05) ? { groupId: pick(GROUPS) } : {}),
      ...(chance(0.05) ? { userAgent: 'Googlebot/2.1' } : {}),
    };
    const user = pick(USERS);
    if (what < 0.25) return { type: 'track', event: pick(EVENTS), anonymousId: device, context };
    if (what < 0.45) return { type: 'track', event: pick(EVENTS), userId: user, anonymousId: device, context };
    if (what < 0.6) return { type: 'track', event: pick(EVENTS), userId: user, context };
    if (what < 0.8) {
      const email = pick([...emails, ...emails, 'null', ...(hasCompanies ? ['info@acme.example'] : [])]);
      const traits = { email, ...(chance(0.2) ? { phone: pick(['+48600700800', '+48600700801']) } : {}) };
      return { type: 'identify', anonymousId: device, traits, context, ...(chance(0.5) ? { userId: user } : {}) };
    }
    if (what < 0.9) return { type: 'group', groupId: pick(GROUPS), userId: user, traits: { name: 'a group' }, context };
    if (what < 0.95) return { type: 'alias', userId: user, previousId: pick([...DEVICES, ...USERS]), context };
    return { type: 'track', event: 'Page Opened', userId: pick(['null', 'guest', user]), anonymousId: device, context };
  }

  function orderOf(): Order {
    const command = pick([
      'merge',
      'merge',
      'merge',
      'split',
      'split',
      'split',
      'split',
      'erase',
      'link',
      'unlink',
    ] as const);
    const who =
      command === 'merge' && chance(0.7) ? pick(keys.filter((key) => key.startsWith('anonymousId'))) : pick(keys);
    return { at, command, who, other: pick(keys), byFirstId: chance(0.2), groupId: pick(GROUPS) };
  }
}
