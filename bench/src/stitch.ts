import { systemClock } from '@cairn/clock/clock.system.ts';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { touchpointId } from '@cairn/contracts/ids.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import type { GraphReader } from '@cairn/stitcher/core/identity-graph.ts';
import { packStored } from '@cairn/stitcher/core/packed-person.ts';
import { stitchTouchpoint } from '@cairn/stitcher/core/stitch-touchpoint.ts';
import { touchpointOf, type Call } from '@cairn/stitcher/testkit/touchpoint-of.ts';

/**
 * How fast the stitcher's pure core is on one core: 70 % one known identifier, 25 % a known pair, 5 % new or merging. The limit it is held
 * against, in the same run: the same touchpoints through a loop that only looks one identifier up in the same Map (a stitched one needs
 * that and its slot of messageIds, which is also written). Figures are per second of one core's time. Prints one line of JSON.
 */
export interface StitchFigures {
  bench: 'stitch';
  touchpointsPerSecond: number;
  withJsonPerSecond: number;
  bareLookupPerSecond: number;
  graphChangedShare: number;
  mergeOfThousandIdsMs: number;
  bytesPerPersonOfThreeIds: number;
}

interface Entry {
  readonly key: string;
  value: unknown;
  memo: unknown;
}

const PEOPLE = 20_000;
const COMPANIES = 2_000;
/** As many as a commit cycle brings: made (or parsed) a moment before, they are still in the processor's cache. */
const ROUND = 500;
const ROUNDS = 1_000;
const WORKSPACE = 'default';
const STARTED_AT = Date.UTC(2026, 0, 5);

export function benchStitch(): StitchFigures {
  const world = createPlainWorld();
  let sent = 0;
  const prepare = (call: Call): Touchpoint => {
    const now = STARTED_AT + sent++;
    return touchpointOf({ ...call, messageId: `m${sent}` }, sent, WORKSPACE, STARTED_AT, now);
  };
  for (let i = 0; i < PEOPLE; i++) world.stitch(prepare(introduce(i)));
  const random = seededRandom(7);
  const makeRound = (): Touchpoint[] => Array.from({ length: ROUND }, () => prepare(mixed(random)));
  for (let i = 0; i < 200; i++) for (const touchpoint of makeRound()) world.stitch(touchpoint);

  let changed = 0;
  const pure = createStopwatch();
  const withJson = createStopwatch();
  const bare = createStopwatch();
  for (let i = 0; i < ROUNDS; i++) {
    const round = makeRound();
    pure.time(() => {
      for (const touchpoint of round) if (world.stitch(touchpoint)) changed++;
    });
    bare.time(() => round.forEach(world.lookUp));
    const bytes = makeRound().map(encodeJson);
    withJson.time(() => {
      for (const record of bytes) world.stitchBytes(record);
    });
  }

  return {
    bench: 'stitch',
    touchpointsPerSecond: pure.perSecond(),
    withJsonPerSecond: withJson.perSecond(),
    bareLookupPerSecond: bare.perSecond(),
    graphChangedShare: changed / (ROUND * ROUNDS),
    mergeOfThousandIdsMs: median(Array.from({ length: 7 }, timeBigMerge)),
    bytesPerPersonOfThreeIds: bytesPerPerson(1_000),
  };
}

/** State as plain objects, changes applied at once: what a task does between two commits. */
function createPlainWorld(): {
  stitch(touchpoint: Touchpoint): boolean;
  stitchBytes(record: Uint8Array): number;
  /** The bare limit: one identifier looked up, nothing else. */
  lookUp(touchpoint: Touchpoint): unknown;
} {
  const state = new Map<string, Entry>();
  const graph: GraphReader = {
    get: <T>(key: string) => state.get(key)?.value as T | undefined,
    entry(key) {
      const entry = state.get(key);
      return entry?.value === undefined ? undefined : entry;
    },
    notes: new Map(),
  };
  let now = STARTED_AT;
  /** As a task's state does it: a key keeps its place in memory. */
  function apply(key: string, value: unknown, entry: Entry | undefined): void {
    const known = entry ?? state.get(key);
    if (known) known.value = value ?? undefined;
    else if (value !== null) state.set(key, { key, value, memo: undefined });
  }
  function run(touchpoint: Touchpoint): ReturnType<typeof stitchTouchpoint> {
    const stitched = stitchTouchpoint(graph, touchpoint, ++now);
    for (const { key, value, entry } of stitched.changes) apply(key, value, entry);
    return stitched;
  }
  return {
    stitch: (touchpoint) => run(touchpoint).graphChanged,
    stitchBytes(record) {
      const { changes, outputs } = run(decodeJson(record) as Touchpoint);
      let bytes = 0;
      for (const { message } of outputs) bytes += encodeJson(message).length;
      for (const { value } of changes) bytes += encodeJson(packStored(value)).length;
      return bytes;
    },
    lookUp: ({ userId, anonymousId }) =>
      state.get(`w/${WORKSPACE}/id/${userId === null ? `anonymousId:${anonymousId}` : `userId:${userId}`}`),
  };
}

/** Bytes of state (keys and values, without the memory of messageIds) of people with a userId, an e-mail and an anonymousId. */
function bytesPerPerson(people: number): number {
  const state = new Map<string, unknown>();
  const graph: GraphReader = { get: <T>(key: string) => state.get(key) as T | undefined };
  for (let i = 0; i < people; i++) {
    const touchpoint = touchpointOf({ ...introduce(i), messageId: `b${i}` }, i, WORKSPACE, STARTED_AT, STARTED_AT + i);
    for (const { key, value } of stitchTouchpoint(graph, touchpoint, STARTED_AT + i).changes) state.set(key, value);
  }
  let bytes = 0;
  for (const [key, value] of state)
    if (key.includes('/id/') || key.includes('/person/'))
      bytes += Buffer.byteLength(key) + encodeJson(packStored(value)).length;
  return Math.round(bytes / people);
}

function timeBigMerge(): number {
  const state = new Map<string, unknown>();
  const graph: GraphReader = { get: <T>(key: string) => state.get(key) as T | undefined };
  let n = 0;
  const say = (call: Call): void => {
    const at = STARTED_AT + n++ * 86_400_000 * 2;
    const touchpoint = touchpointOf({ ...call, messageId: `x${n}` }, n, WORKSPACE, STARTED_AT, at);
    for (const { key, value } of stitchTouchpoint(graph, touchpoint, at).changes) state.set(key, value);
  };
  // 500 each: together as many as a person may hold.
  for (let i = 0; i < 499; i++) {
    say({ type: 'identify', anonymousId: `p${i}`, traits: { email: 'one@gmail.com' } });
    say({ type: 'identify', anonymousId: `q${i}`, traits: { email: 'two@gmail.com' } });
  }
  const started = systemClock.monotonic();
  say({ type: 'identify', anonymousId: 'p0', traits: { email: 'two@gmail.com' } });
  return systemClock.monotonic() - started;
}

function introduce(i: number): Call {
  const traits = { email: `person${i}@company${i % COMPANIES}.com`, name: `Person ${i}` };
  return { type: 'identify', userId: `user-${i}`, anonymousId: anonymousIdOf(i), traits };
}

function mixed(random: () => number): Call {
  const i = Math.floor(random() * PEOPLE);
  const kind = random();
  const properties = { path: '/pricing', title: 'Pricing' };
  if (kind < 0.35) return { type: 'track', event: 'Clicked', userId: `user-${i}`, properties };
  if (kind < 0.7) return { type: 'page', anonymousId: anonymousIdOf(i), properties };
  if (kind < 0.95)
    return { type: 'track', event: 'Clicked', userId: `user-${i}`, anonymousId: anonymousIdOf(i), properties };
  if (kind < 0.98)
    return { type: 'page', anonymousId: anonymousIdOf(1_000_000 + Math.floor(random() * 1e9)), properties };
  // Half of the rest are anonymous people seen before, so that these merge.
  const anonymousId = anonymousIdOf(2_000_000 + Math.floor(random() * 20_000));
  return kind < 0.99
    ? { type: 'page', anonymousId, properties }
    : { type: 'identify', userId: `user-${i}`, anonymousId };
}

function anonymousIdOf(i: number): string {
  const hex = touchpointId('anonymous', String(i)).slice(3).padEnd(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Touchpoints per second of this thread's processor time: on a machine that does other things, too, the wall clock says little. */
function createStopwatch(): { time(run: () => void): void; perSecond(): number } {
  let micros = 0;
  let rounds = 0;
  return {
    time(run) {
      const before = process.threadCpuUsage();
      run();
      const { user, system } = process.threadCpuUsage(before);
      micros += user + system;
      rounds++;
    },
    perSecond: () => Math.round((rounds * ROUND * 1_000_000) / micros),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

if (import.meta.main) console.log(JSON.stringify(benchStitch()));
