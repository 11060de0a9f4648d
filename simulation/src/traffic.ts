import { seededRandom } from '@cairn/clock/clock.virtual.ts';

/**
 * The buyers of a run, made from the seed alone. Every silence of a family of buyers is clearly shorter or clearly longer than
 * the stall limits, by more than all faults together can delay, so that what must come of it is beyond doubt.
 */
export interface Traffic {
  startMs: number;
  /** After the last call and whatever follows from it. */
  endMs: number;
  workspaces: readonly string[];
  calls: readonly Call[];
  /** Moments at which a fault is likely to hurt: calls, and stalls coming due. */
  hotMoments: readonly number[];
}

/** One call of a client's SDK. */
export interface Call {
  workspace: string;
  /** Which buyers belong together: an account's, or one person. */
  family: string;
  /** Epoch ms: when it happened, by the client's clock. */
  happenedAt: number;
  /** When the client first sends it: later than it happened where it was delayed. */
  sentAt: number;
  /** When it sends it once more although it was answered; null: never. */
  repeatedAt: number | null;
  body: CallBody;
}

export interface CallBody {
  type: 'track' | 'identify' | 'group' | 'alias';
  messageId: string;
  userId?: string;
  anonymousId?: string;
  groupId?: string;
  previousId?: string;
  context?: Record<string, unknown>;
  event?: string;
  timestamp: string;
  traits?: Record<string, unknown>;
  properties?: Record<string, unknown>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Stall limits by stage; `definition.ts` says the same in words. */
export const STALL_AFTER_MS = { new: 2 * HOUR, engaged: HOUR };
/** All that faults may delay or skew anything by, with room to spare. */
export const MARGIN_MS = 20 * MINUTE;
/** Between two calls of one burst: a burst as a whole (some 12 calls) is shorter than every limit by the margin. */
const SHORT_GAP_MS = { least: 1_000, most: 3 * MINUTE };
/** Longer than every limit by the margin. */
const SILENCE_MS = { least: 2 * HOUR + 2 * MARGIN_MS, most: 5 * HOUR };
const DELAY_MS = { least: 500, most: MINUTE };

interface Member {
  userId: string;
  devices: string[];
  /** Devices that are known to be this user's. */
  identified: string[];
  joined: boolean;
}

export function createTraffic(seed: number, startMs: number): Traffic {
  const random = seededRandom(seed * 2 + 1);
  const pick = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const chance = (share: number): boolean => random() < share;
  const workspaces = ['wsp_one', 'wsp_two'];
  const calls: Call[] = [];
  const hotMoments: number[] = [];
  let messages = 0;

  for (const workspace of workspaces) for (let n = 1; n <= pick(2, 4); n++) writeFamily(workspace, `family-${n}`);

  function writeFamily(workspace: string, family: string): void {
    const groupId = chance(0.7) ? `${family}-inc` : null;
    const joinsInBurst = groupId === null ? Infinity : chance(0.6) ? 0 : 1;
    const members: Member[] = [];
    let at = startMs + pick(1, 90) * MINUTE;
    let engaged = false;

    const say = (body: Omit<CallBody, 'messageId' | 'timestamp'>, how: 'plain' | 'exact'): void => {
      const messageId = `${family}-${workspace}-${messages++}`;
      const sentAt = how === 'plain' && chance(0.15) ? at + pick(DELAY_MS.least, DELAY_MS.most) : at;
      const repeatedAt = chance(0.15) ? sentAt + pick(1_000, 3 * MINUTE) : null;
      const timestamp = new Date(at).toISOString();
      calls.push({ workspace, family, happenedAt: at, sentAt, repeatedAt, body: { ...body, messageId, timestamp } });
      hotMoments.push(at);
      at += pick(SHORT_GAP_MS.least, chance(0.5) ? 20_000 : SHORT_GAP_MS.most);
    };
    const track = (member: Member, event: string, how: 'plain' | 'exact' = 'plain', properties = {}): void => {
      const device = member.devices[pick(0, member.devices.length - 1)]!;
      const known = member.identified.includes(device);
      const ids = known ? (chance(0.5) ? { userId: member.userId } : { anonymousId: device }) : { anonymousId: device };
      say({ type: 'track', event, properties, ...ids }, how);
    };
    const identify = (member: Member): void => {
      for (const device of member.devices)
        if (!member.identified.includes(device)) {
          say({ type: 'identify', userId: member.userId, anonymousId: device, traits: { plan: 'x' } }, 'exact');
          member.identified.push(device);
        }
    };
    const join = (member: Member): void => {
      if (groupId === null || member.joined) return;
      say({ type: 'group', userId: member.userId, groupId, traits: { name: groupId } }, 'exact');
      member.joined = true;
    };
    /** A new buyer turns up: first unknown, perhaps on two devices, then by name, then with the account. */
    const introduce = (joinsNow: boolean): void => {
      const n = members.length + 1;
      const userId = `${family}-user-${n}`;
      const member: Member = { userId, devices: [`${userId}-laptop`], identified: [], joined: false };
      if (chance(0.4)) member.devices.push(`${userId}-phone`);
      members.push(member);
      for (const _ of member.devices) track(member, 'Page Opened', 'exact');
      // Two devices are two people until they are identified: soon, so that none of them stalls by itself.
      if (joinsNow || member.devices.length > 1 || chance(0.6)) identify(member);
      if (joinsNow) join(member);
    };

    const bursts = pick(2, 5);
    for (let burst = 0; burst < bursts; burst++) {
      if (burst === 0) introduce(joinsInBurst === 0);
      else track(members[0]!, 'Page Opened', 'exact');
      if (burst === joinsInBurst && burst > 0) {
        identify(members[0]!);
        join(members[0]!);
      }
      if (burst > 0 && burst >= joinsInBurst && members.length < 3 && chance(0.5)) introduce(true);
      for (let i = pick(0, 4); i > 0; i--) track(members[pick(0, members.length - 1)]!, 'Page Opened');
      if (!engaged && chance(0.4)) {
        track(members[0]!, 'Demo Requested', 'exact');
        engaged = true;
      }
      if (burst === bursts - 1 && chance(0.4)) {
        // Sometimes the deal is won out of the blue, in the middle of a stall.
        if (chance(0.5)) silence();
        track(members[0]!, 'Deal Won', 'exact');
      } else silence();
    }

    function silence(): void {
      const from = calls.at(-1)!.happenedAt;
      hotMoments.push(from + (engaged ? STALL_AFTER_MS.engaged : STALL_AFTER_MS.new));
      at = from + pick(SILENCE_MS.least, SILENCE_MS.most);
      if (!chance(0.4)) return;
      // Our own mail in the middle of it must not count as the buyer's return.
      const returnsAt = at;
      at = from + pick(5 * MINUTE, SILENCE_MS.least - MARGIN_MS);
      const properties = { direction: 'outbound' };
      track(members[0]!, 'Email Sent', 'plain', properties);
      at = returnsAt;
    }
  }

  calls.sort((a, b) => a.sentAt - b.sentAt || (a.body.messageId < b.body.messageId ? -1 : 1));
  hotMoments.sort((a, b) => a - b);
  return { startMs, endMs: Math.max(...hotMoments) + SILENCE_MS.most, workspaces, calls, hotMoments };
}
