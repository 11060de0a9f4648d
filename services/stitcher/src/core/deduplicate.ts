import { MET, type GraphEntry, type WorkspaceNotes } from './graph-notes.ts';

/**
 * Decides whether a messageId was seen before: at least 24 h back by log time, in bounded memory. The seen ids of a workspace
 * lie in slots, each a state entry of its own, found from the touchpoint's id (itself a hash of workspace and messageId), so one
 * touchpoint reads and writes one small value whatever the volume. A slot's text is a row of fixed-width records: 8 characters of
 * the id's hash and one for the hour. Expired records go when their slot is next written, or when a sweep passes by.
 */
export const SEEN_AT_LEAST_MS = 24 * 3_600_000;
/** One of 64 groups of slots each time: a quiet workspace is empty about 60 h after its last touchpoint. */
export const SWEEP_EVERY_MS = 30 * 60_000;
export const SWEEP_GROUPS = 64;

const HOUR_MS = 3_600_000;
const HOURS_KEPT = SEEN_AT_LEAST_MS / HOUR_MS;
const FINGERPRINT = 8;
const RECORD = FINGERPRINT + 1;
const HEX = '0123456789abcdef';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** By character code. */
const HOUR_OF = new Int8Array(128);
for (let hour = 0; hour < ALPHABET.length; hour++) HOUR_OF[ALPHABET.charCodeAt(hour)] = hour;
/** 65,536 slots × 512 ids × 9 B bound a workspace at 33 M ids and 300 MB; over it the oldest of a slot go first. */
export const MAX_IDS_PER_SLOT = 512;

/** `id` is `tp_` and 22 characters of base64url; 16 bits of it choose the slot, 48 others are the fingerprint. */
export function seenKey(workspace: string, id: string): string {
  return `w/${workspace}/${slotName(id)}`;
}

const slotName = (id: string): string => `seen/${id.slice(3, 5)}${HEX[id.charCodeAt(5) & 15]}`;

/** The slot's entry, without joining its key again; undefined: nothing is in it. */
export function slotEntry(notes: WorkspaceNotes, id: string): GraphEntry | undefined {
  const [first, second] = [id.charCodeAt(3), id.charCodeAt(4)];
  const number = ((first * 128 + second) << 4) | (id.charCodeAt(5) & 15);
  const known = notes.slots.get(number);
  if (known) return known;
  const entry = notes.entry(notes.prefix + slotName(id));
  if (entry?.memo === undefined) {
    if (entry) entry.memo = MET;
  } else if (first < 128 && second < 128) notes.slots.set(number, entry);
  return entry;
}

/** The slot with the id in it; null when it is there already: a duplicate. `now` is log time (epoch ms). */
export function remember(slot: string | undefined, id: string, now: number): string | null {
  const fingerprint = id.slice(-FINGERPRINT);
  const record = fingerprint + hourOf(now);
  if (slot === undefined) return record;
  for (let at = slot.indexOf(fingerprint); at >= 0; at = slot.indexOf(fingerprint, at + 1))
    if (at % RECORD === 0) return null;
  // Joined first and looked at then: that makes one flat text of it while its parts are in the cache, not a day later when they are not.
  const next = withoutExpired(slot + record, now);
  return next.length <= MAX_IDS_PER_SLOT * RECORD ? next : next.slice(RECORD);
}

/** What is left of a slot; '' when it can go. Records lie in the order in which they came, so the expired ones lead. */
export function withoutExpired(slot: string, now: number): string {
  const current = hourNumber(now);
  let from = 0;
  while (from < slot.length) {
    const age = (current - HOUR_OF[slot.charCodeAt(from + FINGERPRINT)]! + 64) % 64;
    if (age <= HOURS_KEPT) break;
    from += RECORD;
  }
  return from === 0 ? slot : slot.slice(from);
}

/** Hours go round in 64: what is older by then is forgotten or, in a slot that nobody touched, remembered for longer than promised. */
function hourNumber(now: number): number {
  return Math.floor(now / HOUR_MS) & 63;
}

function hourOf(now: number): string {
  return ALPHABET[hourNumber(now)]!;
}

export interface Sweep {
  /** The group that the next sweep looks at. */
  group: number;
  /** Groups in a row that held nothing. */
  empty: number;
}

export const sweepKey = (workspace: string): string => `w/${workspace}/sweep`;
export const FIRST_SWEEP: Sweep = { group: 0, empty: 0 };

/**
 * Drops what is expired in one group of slots. `next: null`: a whole round found nothing, so sweeping ends until the next touchpoint.
 * The keys of a group are counted off, not searched for: 1,024 look-ups whatever else the state holds. Whoever knows which of them are
 * there may say so.
 */
export function sweepGroup(
  read: (key: string) => string | undefined,
  workspace: string,
  sweep: Sweep,
  now: number,
  keys: Iterable<string> = keysOfGroup(workspace, sweep.group),
): { changes: { key: string; value: string | null }[]; next: Sweep | null } {
  const changes: { key: string; value: string | null }[] = [];
  let left = 0;
  for (const key of keys) {
    const slot = read(key);
    if (slot === undefined) continue;
    const kept = withoutExpired(slot, now);
    if (kept !== '') left++;
    if (kept !== slot) changes.push({ key, value: kept === '' ? null : kept });
  }
  const empty = left === 0 ? sweep.empty + 1 : 0;
  return { changes, next: empty >= SWEEP_GROUPS ? null : { group: (sweep.group + 1) % SWEEP_GROUPS, empty } };
}

/**
 * Of the workspace that was swept last. Made anew each time, their texts were hashed anew each time: 150 µs a sweep instead of 25, and a
 * replay of four years sweeps 70,000 times.
 */
let madeFor = '';
let made: string[][] = [];

/** What the keys of a group begin with. */
export const groupPrefix = (workspace: string, group: number): string => `w/${workspace}/seen/${ALPHABET[group]}`;

function keysOfGroup(workspace: string, group: number): readonly string[] {
  if (workspace !== madeFor) {
    madeFor = workspace;
    made = [];
  }
  return (made[group] ??= [...ALPHABET].flatMap((second) =>
    [...HEX].map((third) => `w/${workspace}/seen/${ALPHABET[group]}${second}${third}`),
  ));
}
