/**
 * A subject as it is kept on disk: lists instead of objects, times from the journey's start, people by their place in the subject's list.
 * About half of the plain JSON, and a third of the time to write it. Only the stored form: whatever reads state sees `SubjectState`.
 * State that an older Cairn wrote (plain JSON) is read as well. Lists of keys only ever grow at their end, with keys that may be absent.
 */
import type { AccountSummary } from '@cairn/contracts/generated/stitched.ts';
import type {
  JourneyState,
  LastTouchpoint,
  PersonInfo,
  PersonTrace,
  Points,
  Silence,
  StallState,
  SubjectState,
  Visit,
  WinTrace,
} from './state.ts';

/** Stands at the front of a packed subject. A list that could not be read by this code would have another. */
const MARK = 's1';

type Packed = readonly unknown[];

/** What is written for a value of the task's state: subjects packed, all else as it is. */
export function packStored(value: unknown): unknown {
  return isSubject(value) ? packSubject(value) : value;
}

/** What was stored → what handlers see. Plain subjects get the shape of new ones. */
export function unpackStored(value: unknown): unknown {
  if (Array.isArray(value)) return value[0] === MARK ? unpackSubject(value) : (value as unknown);
  return isSubject(value) ? unpackSubject(packSubject(value)) : value;
}

function isSubject(value: unknown): value is SubjectState {
  return typeof value === 'object' && value !== null && 'journeys' in value && 'people' in value && 'unit' in value;
}

export function packSubject(subject: SubjectState): Packed {
  const { unit, id, host, account, people, aliases, journeys, seqs } = subject;
  const seenAt = people[0]?.seenAt ?? 0;
  const packed: unknown[] = [
    MARK,
    unit === 'account' ? 0 : 1,
    id,
    host,
    account && packAccount(account, id),
    seenAt,
    people.map((info) => packPerson(info, seenAt)),
  ];
  const byName: Record<string, Packed> = {};
  for (const name in journeys) byName[name] = packJourney(journeys[name]!, people);
  packed.push(byName, aliases, seqs);
  return trimmed(packed);
}

export function unpackSubject(packed: Packed): SubjectState {
  const [, unit, id, host, account, seenAt, people, byName, aliases, seqs] = packed as [
    string,
    number,
    string,
    string | null,
    Packed | null,
    number,
    Packed[],
    Record<string, Packed>,
    SubjectState['aliases'] | null,
    SubjectState['seqs'] | null,
  ];
  const infos = people.map((one) => unpackPerson(one, seenAt));
  const journeys: Record<string, JourneyState> = {};
  for (const name in byName) journeys[name] = unpackJourney(byName[name]!, infos);
  return {
    unit: unit === 0 ? 'account' : 'person',
    id,
    host,
    account: account && unpackAccount(account, id),
    people: infos,
    journeys,
    ...(aliases ? { aliases } : {}),
    ...(seqs ? { seqs } : {}),
  };
}

function packAccount({ id, groupId, name, domain, traits }: AccountSummary, subjectId: string): Packed {
  return [id === subjectId ? 0 : id, groupId, name, domain, traits];
}

function unpackAccount(packed: Packed, subjectId: string): AccountSummary {
  const [id, groupId, name, domain, traits] = packed as [
    string | 0,
    string | null,
    string | null,
    string | null,
    never,
  ];
  return { id: id === 0 ? subjectId : id, groupId, name, domain, traits };
}

function packPerson({ id, name, email, userId, seenAt }: PersonInfo, base: number): Packed {
  return [id, name, email, userId, packTime(seenAt, base)];
}

function unpackPerson(packed: Packed, base: number): PersonInfo {
  const [id, name, email, userId, seenAt] = packed as [string, string | null, string | null, string | null, PackedTime];
  return { id, name, email, userId, seenAt: unpackTime(seenAt, base)! };
}

/** Every key of a journey has its place; the compiler misses one that has none. */
const PLACES: Record<keyof JourneyState, true> = {
  id: true,
  version: true,
  seq: true,
  startedAt: true,
  stage: true,
  stageSince: true,
  visits: true,
  status: true,
  endedAt: true,
  touchpoints: true,
  channels: true,
  inboundAt: true,
  outboundAt: true,
  pauses: true,
  stall: true,
  points: true,
  fit: true,
  qualification: true,
  people: true,
  last: true,
  alerts: true,
  updatedAt: true,
  silence: true,
  win: true,
  roles: true,
  outreach: true,
  counts: true,
  meetingAt: true,
  owner: true,
  judged: true,
};
/** Every journey that was read has them all. */
export const JOURNEY_PLACES = Object.keys(PLACES).length;

function packJourney(journey: JourneyState, people: readonly PersonInfo[]): Packed {
  const base = Number.isInteger(journey.startedAt) ? journey.startedAt : 0;
  const at = (time: number | null | undefined): PackedTime => packTime(time, base);
  const { silence, win, counts } = journey;
  return trimmed([
    journey.id,
    journey.version,
    journey.seq,
    journey.startedAt,
    journey.stage,
    at(journey.stageSince),
    journey.visits.map(([stage, enteredAt, leftAt, id]) => [stage, at(enteredAt), at(leftAt), packId(id)]),
    journey.status,
    at(journey.endedAt),
    journey.touchpoints,
    journey.channels,
    at(journey.inboundAt),
    at(journey.outboundAt),
    journey.pauses,
    packStall(journey.stall, base),
    packPoints(journey.points, base),
    journey.fit,
    journey.qualification,
    journey.people.map((trace) => packTrace(trace, people, base)),
    journey.last.map((touch) => packLast(touch, people, base)),
    packAlerts(journey.alerts),
    at(journey.updatedAt),
    silence && packSilence(silence, base),
    win && trimmed([at(win.at), win.slots, win.traits.length > 0 ? win.traits : undefined]),
    journey.roles,
    packOutreach(journey.outreach),
    counts,
    at(journey.meetingAt),
    journey.owner,
    journey.judged,
  ]);
}

function unpackJourney(packed: Packed, people: readonly PersonInfo[]): JourneyState {
  const startedAt = packed[3] as number;
  const base = Number.isInteger(startedAt) ? startedAt : 0;
  const time = (place: number): number | null => unpackTime(packed[place] as PackedTime, base);
  const optional = <T>(place: number): T | undefined => (packed[place] ?? undefined) as T | undefined;
  const silence = optional<Packed>(22);
  const win = optional<readonly [PackedTime, WinTrace['slots'], (WinTrace['traits'] | null)?]>(23);
  return {
    id: packed[0] as string,
    version: packed[1] as number,
    seq: packed[2] as number,
    startedAt,
    stage: packed[4] as string,
    stageSince: time(5)!,
    visits: (packed[6] as [string, PackedTime, PackedTime, string | null][]).map(
      ([stage, enteredAt, leftAt, id]): Visit => [
        stage,
        unpackTime(enteredAt, base)!,
        unpackTime(leftAt, base),
        unpackId(id),
      ],
    ),
    status: packed[7] as JourneyState['status'],
    endedAt: time(8),
    touchpoints: packed[9] as number,
    channels: packed[10] as readonly string[],
    inboundAt: time(11),
    outboundAt: time(12),
    pauses: packed[13] as JourneyState['pauses'],
    stall: unpackStall(packed[14] as Packed, base),
    points: unpackPoints(packed[15] as Packed, base),
    fit: packed[16] as readonly string[],
    qualification: packed[17] as JourneyState['qualification'],
    people: (packed[18] as Packed[]).map((trace) => unpackTrace(trace, people, base)),
    last: (packed[19] as Packed[]).map((touch) => unpackLast(touch, people, base)),
    alerts: unpackAlerts(packed[20] as Readonly<Record<string, unknown>>),
    updatedAt: time(21)!,
    silence: silence && unpackSilence(silence, base),
    win: win && { at: unpackTime(win[0], base)!, slots: win[1], traits: win[2] ?? [] },
    roles: optional(24),
    outreach: unpackOutreach(optional(25)),
    counts: optional(26),
    meetingAt: time(27) ?? undefined,
    owner: optional(28),
    judged: optional(29),
  };
}

/** What an alert and an action are made of. One that has other keys (of an older or a newer Cairn) is stored as it is. */
const ALERT_KEYS = [
  'id',
  'kind',
  'stage',
  'state',
  'openedAt',
  'reason',
  'snoozedUntil',
  'verdict',
  'resolvedBy',
  'history',
];
const REASON_KEYS = ['text', 'silentFor', 'normalPause', 'probability', 'quietPersonId', 'lastTouchpoints'];
const ITEM_KEYS = [
  'id',
  'messageId',
  'type',
  'event',
  'timestamp',
  'receivedAt',
  'direction',
  'channel',
  'personId',
  'accountId',
  'properties',
];
const ACTION_KEYS = [
  'id',
  'name',
  'version',
  'state',
  'alertId',
  'alertKind',
  'stage',
  'personId',
  'play',
  'chosenAt',
  'requestAt',
  'requestedAt',
  'expiresAt',
  'snoozedUntil',
  'texts',
  'propensity',
  'arms',
  'policy',
  'by',
];

/** The values in the order of the keys; null where the object has others. */
function packRow(keys: readonly string[], value: object): unknown[] | null {
  let count = 0;
  for (const key in value) if ((value as Record<string, unknown>)[key] !== undefined) count++;
  if (count !== keys.length) return null;
  const row: unknown[] = [];
  for (const key of keys) {
    const one = (value as Record<string, unknown>)[key];
    if (one === undefined) return null;
    row.push(one);
  }
  return row;
}

function unpackRow(keys: readonly string[], row: readonly unknown[]): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (let i = 0; i < keys.length; i++) value[keys[i]!] = row[i];
  return value;
}

const orAsItIs = (keys: readonly string[], value: unknown): unknown =>
  (typeof value === 'object' && value !== null && packRow(keys, value)) || value;
const orRow = (keys: readonly string[], packed: unknown): unknown =>
  Array.isArray(packed) ? unpackRow(keys, packed) : packed;

function packAlerts(alerts: JourneyState['alerts']): Readonly<Record<string, unknown>> {
  let packed: Record<string, unknown> | null = null;
  for (const kind in alerts) {
    const alert = alerts[kind as keyof typeof alerts]!;
    const row = packRow(ALERT_KEYS, alert);
    const reason = packRow(REASON_KEYS, alert.reason);
    if (row && reason) {
      reason[5] = alert.reason.lastTouchpoints.map((item) => orAsItIs(ITEM_KEYS, item));
      row[5] = reason;
    }
    (packed ??= {})[kind] = row ?? alert;
  }
  return packed ?? alerts;
}

function unpackAlerts(packed: Readonly<Record<string, unknown>>): JourneyState['alerts'] {
  const alerts: Record<string, unknown> = {};
  for (const kind in packed) {
    const alert = orRow(ALERT_KEYS, packed[kind]) as { reason: unknown };
    if (Array.isArray(alert.reason)) {
      const reason = unpackRow(REASON_KEYS, alert.reason) as { lastTouchpoints: unknown[] };
      reason.lastTouchpoints = reason.lastTouchpoints.map((item) => orRow(ITEM_KEYS, item));
      alert.reason = reason;
    }
    alerts[kind] = alert;
  }
  return alerts;
}

function packOutreach(outreach: JourneyState['outreach']): unknown {
  return outreach?.action ? { ...outreach, action: orAsItIs(ACTION_KEYS, outreach.action) } : outreach;
}

function unpackOutreach(packed: { action?: unknown } | undefined): JourneyState['outreach'] {
  if (!packed?.action) return packed as JourneyState['outreach'];
  return { ...packed, action: orRow(ACTION_KEYS, packed.action) } as JourneyState['outreach'];
}

function packStall({ at, due, lag, settled, since, asked }: StallState, base: number): Packed {
  return trimmed([
    packTime(at, base),
    packTime(due, base),
    lag,
    settled ? 1 : 0,
    packTime(since, base),
    packTime(asked?.at, base),
    asked?.owner,
    asked?.granted ? 1 : undefined,
  ]);
}

function unpackStall(packed: Packed, base: number): StallState {
  const [at, due, lag, settled, since, askedAt, owner, granted] = packed as [
    PackedTime,
    PackedTime,
    number,
    number,
    PackedTime?,
    PackedTime?,
    string?,
    number?,
  ];
  return {
    at: unpackTime(at, base),
    due: unpackTime(due, base),
    lag,
    settled: settled === 1,
    since: unpackTime(since ?? null, base) ?? undefined,
    asked:
      typeof owner !== 'string'
        ? undefined
        : { at: unpackTime(askedAt, base)!, owner, ...(granted === 1 ? { granted: true as const } : {}) },
  };
}

function packPoints({ at, rules, sums, by }: Points, base: number): Packed {
  // Several rules were often met by the same touchpoint: a place instead of its id.
  const ids = by.map((id, i) => {
    const first = by.indexOf(id);
    return first < i ? first : packId(id);
  });
  return [at === 0 ? 0 : [packTime(at, base)], rules, sums, ids];
}

function unpackPoints(packed: Packed, base: number): Points {
  const [at, rules, sums, ids] = packed as [0 | [PackedTime], string[], number[], (string | number)[]];
  const by: string[] = [];
  for (const id of ids) by.push(typeof id === 'number' ? by[id]! : unpackId(id)!);
  return { at: at === 0 ? 0 : unpackTime(at[0], base)!, rules, sums, by };
}

function packTrace(trace: PersonTrace, people: readonly PersonInfo[], base: number): Packed {
  const { id, touchpoints, inboundAt, roles, consent, noContact, zone, fit } = trace;
  return trimmed([
    packPersonId(id, people),
    touchpoints,
    packTime(inboundAt, base),
    roles,
    fit,
    zone,
    consent,
    noContact,
  ]);
}

function unpackTrace(packed: Packed, people: readonly PersonInfo[], base: number): PersonTrace {
  const [id, touchpoints, inboundAt, roles, fit, zone, consent, noContact] = packed as [
    string | number,
    number,
    PackedTime,
    ...unknown[],
  ];
  return {
    id: unpackPersonId(id, people)!,
    touchpoints,
    inboundAt: unpackTime(inboundAt, base),
    roles: (roles ?? undefined) as PersonTrace['roles'],
    consent: (consent ?? undefined) as PersonTrace['consent'],
    noContact: (noContact ?? undefined) as PersonTrace['noContact'],
    zone: (zone ?? undefined) as PersonTrace['zone'],
    fit: (fit ?? undefined) as PersonTrace['fit'],
  };
}

function packLast(touch: LastTouchpoint, people: readonly PersonInfo[], base: number): Packed {
  const [id, messageId, kind, event, timestamp, receivedAt, direction, channel, personId, properties] = touch;
  return [
    packId(id),
    messageId,
    kind,
    event,
    packTime(timestamp, base),
    receivedAt === timestamp ? 'a' : packTime(receivedAt, base),
    direction,
    channel,
    packPersonId(personId, people),
    properties,
  ];
}

function unpackLast(packed: Packed, people: readonly PersonInfo[], base: number): LastTouchpoint {
  const [id, messageId, kind, event, timestamp, receivedAt, direction, channel, personId, properties] = packed as [
    string,
    string,
    LastTouchpoint[2],
    string | null,
    PackedTime,
    PackedTime,
    LastTouchpoint[6],
    string | null,
    string | number | null,
    LastTouchpoint[9],
  ];
  const at = unpackTime(timestamp, base)!;
  return [
    unpackId(id)!,
    messageId,
    kind,
    event,
    at,
    receivedAt === 'a' ? at : unpackTime(receivedAt, base)!,
    direction,
    channel,
    unpackPersonId(personId, people),
    properties,
  ];
}

function packSilence(silence: Silence, base: number): Packed {
  const { at, gap, ins, outs, activity, event, next, endedAt, settlesAt, sample } = silence;
  return trimmed([packTime(at, base), gap, ins, outs, activity, event, next, endedAt, settlesAt, sample]);
}

function unpackSilence(packed: Packed, base: number): Silence {
  const [at, gap, ins, outs, activity, event, next, endedAt, settlesAt, sample] = packed as [PackedTime, ...never[]];
  const silence: Silence = {
    at: unpackTime(at, base)!,
    gap: gap!,
    ins: ins!,
    outs: outs!,
    activity: activity!,
    event: event!,
    next: next!,
    endedAt: endedAt!,
    settlesAt: settlesAt!,
  };
  return (sample as unknown) ? { ...silence, sample: sample! } : silence;
}

/** Milliseconds after the base; a time that is no whole number, as a text. */
type PackedTime = number | string | null;

function packTime(time: number | null | undefined, base: number): PackedTime {
  if (time === null || time === undefined) return null;
  return Number.isInteger(time) ? time - base : String(time);
}

function unpackTime(packed: PackedTime | undefined, base: number): number | null {
  if (packed === null || packed === undefined) return null;
  return typeof packed === 'number' ? packed + base : Number(packed);
}

/** Ids of touchpoints begin with `tp_`; what does not, with `!`. */
function packId(id: string | null): string | null {
  if (id === null) return null;
  return id.startsWith('tp_') && id[3] !== '!' ? id.slice(3) : `!${id}`;
}

function unpackId(packed: string | null): string | null {
  if (packed === null) return null;
  return packed.startsWith('!') ? packed.slice(1) : `tp_${packed}`;
}

/** A place in the subject's list; whoever is not in it, by the id. */
function packPersonId(id: string | null, people: readonly PersonInfo[]): string | number | null {
  for (let place = 0; place < people.length; place++) if (people[place]!.id === id) return place;
  return id;
}

function unpackPersonId(packed: string | number | null, people: readonly PersonInfo[]): string | null {
  return typeof packed === 'number' ? people[packed]!.id : packed;
}

/** What is absent at the end need not be written; absent in the middle, it is null. */
function trimmed(list: unknown[]): Packed {
  while (list.length > 0 && (list[list.length - 1] ?? undefined) === undefined) list.pop();
  return list;
}
