import { readFileSync } from 'node:fs';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { journeyId } from '@cairn/contracts/ids.ts';
import type { DefinitionPut } from '@cairn/contracts/generated/control.ts';
import type { StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import { advanceJourney } from '@cairn/orchestrator/core/advance-journey.ts';
import { compileDefinition } from '@cairn/orchestrator/core/definition/compile-definition.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { packSubject } from '@cairn/orchestrator/core/packed-subject.ts';
import { renderJourney } from '@cairn/orchestrator/core/render-journey.ts';
import type { SubjectState } from '@cairn/orchestrator/core/state.ts';
import { newSubject, seeSubject } from '@cairn/orchestrator/core/subject.ts';
import { createAdvanceTask } from '@cairn/orchestrator/shell/advance/advance-task.ts';
import { stitchedOf } from '@cairn/orchestrator/testkit/touchpoint-of.ts';
import type { TaskInput, TaskState } from '@cairn/task/task.ts';

/**
 * How fast the orchestrator's pure core is on one core, with the b2b definition (12 score rules, 3 fit rules, 5 roles): journeys alone,
 * with the resource that goes to the feed, the whole task's handler, and the handler with the JSON of its record, state and outputs.
 * The limit it is held against, in the same run: the same touchpoints through a loop that only counts them by subject in a Map.
 */
export interface AdvanceFigures {
  touchpointsPerSecond: number;
  /** Of `ACCOUNTS_CLOSE` accounts, whose journeys stay in the processor's cache: the core's own work, without the memory that thousands of journeys lie in. */
  closePerSecond: number;
  renderedPerSecond: number;
  handledPerSecond: number;
  withJsonPerSecond: number;
  bareCountPerSecond: number;
  bytesPerJourney: number;
}

const WORKSPACE = 'default';
const ACCOUNTS = 4_000;
/** Two hundred kilobytes of journeys, as of the accounts that are on the site at one time. */
const ACCOUNTS_CLOSE = 40;
const PEOPLE_PER_ACCOUNT = 3;
/** Small rounds, made one after the other: half a million touchpoints held at once would measure the garbage collector. */
const ROUND = 20_000;
const ROUNDS = 11;
const STARTED_AT = Date.UTC(2026, 0, 5);
const SPACING_MS = 2_000;
const EVENTS = ['Email Sent', 'Webinar Attended', 'Demo Requested', 'Email Replied', 'Meeting Held', 'Proposal Viewed'];
const PATHS = ['/', '/pricing', '/blog/how-to', '/docs/api', '/customers/acme', '/careers'];
const TITLES = ['VP of Sales', 'Head of IT', 'Software Engineer', 'Account Manager', 'Student'];

const file = readFileSync(new URL('../../definitions/b2b-sales.yaml', import.meta.url), 'utf8');
const loaded = loadDefinition(file);
if (!loaded.ok) throw new Error('the shipped definition has faults');
const source = loaded.definition;
const definition = compileDefinition(source, 1);

export function benchAdvance(): AdvanceFigures {
  const random = seededRandom(7);
  let sent = 0;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const make = (accounts: number): StitchedTouchpoint => {
    const account = Math.floor(random() * accounts);
    const who = Math.floor(random() * PEOPLE_PER_ACCOUNT);
    const isPage = random() < 0.7;
    const message = stitchedOf(WORKSPACE, {
      at: STARTED_AT + sent * SPACING_MS,
      messageId: `0b1e4c2a-0000-4000-8000-${String(sent++).padStart(12, '0')}`,
      person: `7f1d5e3c-0000-5000-8000-${String(account * 10 + who).padStart(12, '0')}`,
      personTraits: { title: TITLES[(account + who) % TITLES.length], city: 'Warszawa' },
      account: `acc_${String(account).padStart(22, '0')}`,
      accountTraits: { name: `Company ${account}`, employees: account, industry: 'software', plan: 'none' },
      channel: pick(['web', 'email', 'phone']),
      ...(isPage
        ? { kind: 'page' as const, properties: { path: pick(PATHS), title: 'A page', url: 'https://example.com/page' } }
        : { event: pick(EVENTS) }),
    });
    Object.assign(message.person!, {
      userId: `user-${account}`,
      name: 'Ann Example',
      email: `ann.example@company${account}.com`,
    });
    Object.assign(message.account!, { name: `Company ${account}` });
    return message;
  };
  const makeRound = (accounts = ACCOUNTS): StitchedTouchpoint[] => Array.from({ length: ROUND }, () => make(accounts));

  const core = createPlainCore();
  const close = createPlainCore();
  const task = createPlainTask();
  const counts = new Map<string, number>();
  for (let i = 0; i < 3; i++)
    for (const message of makeRound()) {
      core.advance(message, true);
      task.handle(message);
      task.handleBytes(encodeJson(message));
    }

  const figures = {
    pure: [] as number[],
    close: [] as number[],
    rendered: [] as number[],
    handled: [] as number[],
    json: [] as number[],
    bare: [] as number[],
  };
  for (let i = 0; i < ROUNDS; i++) {
    figures.pure.push(rate(makeRound(), (message) => core.advance(message, false)));
    figures.rendered.push(rate(makeRound(), (message) => core.advance(message, true)));
    figures.handled.push(rate(makeRound(), task.handle));
    figures.json.push(rate(makeRound().map(encodeJson), task.handleBytes));
    figures.bare.push(rate(makeRound(), ({ subject }) => counts.set(subject.id, (counts.get(subject.id) ?? 0) + 1)));
  }
  for (let i = 0; i < ROUNDS; i++)
    figures.close.push(rate(makeRound(ACCOUNTS_CLOSE), (message) => close.advance(message, false)));
  return {
    touchpointsPerSecond: median(figures.pure),
    closePerSecond: median(figures.close),
    renderedPerSecond: median(figures.rendered),
    handledPerSecond: median(figures.handled),
    withJsonPerSecond: median(figures.json),
    bareCountPerSecond: median(figures.bare),
    bytesPerJourney: core.bytesPerJourney(),
  };
}

/** Journeys in a Map, advanced by the core alone. */
function createPlainCore() {
  const subjects = new Map<string, SubjectState>();
  const ids = new Map<string, string>();
  return {
    advance(message: StitchedTouchpoint, render: boolean): number {
      const { subject: ref, touchpoint, person, account } = message;
      const now = touchpoint.receivedAt;
      const subject = seeSubject(subjects.get(ref.id) ?? newSubject(ref), person, account, now);
      let id = ids.get(ref.id);
      if (!id) ids.set(ref.id, (id = journeyId(WORKSPACE, definition.name, ref.id)));
      const before = subject.journeys[definition.name] ?? null;
      const input = { touchpoint, person, account, seqBefore: 0, journeyId: id, subject, now, cause: touchpoint.id };
      const { journey, outputs } = advanceJourney(definition, before, { type: 'touchpoint', ...input })!;
      subjects.set(ref.id, { ...subject, journeys: { [definition.name]: journey } });
      if (render) renderJourney({ workspace: WORKSPACE, subject, definition }, journey, now, null);
      return outputs.length;
    },
    bytesPerJourney(): number {
      let bytes = 0;
      for (const subject of subjects.values()) bytes += encodeJson(packSubject(subject)).length;
      return Math.round(bytes / subjects.size);
    },
  };
}

/** The task's handler over state in Maps: what a task does between two commits. */
function createPlainTask() {
  const state = new Map<string, unknown>();
  const timers = new Map<string, Record<string, number>>();
  const reader: TaskState = {
    get: <T>(key: string) => state.get(key) as T | undefined,
    timers: (key) => timers.get(key) ?? {},
    keys: () => [],
  };
  const task = createAdvanceTask({ partitions: () => 8, metrics: { advanced: () => {} } });

  function take(key: string, at: number, message: unknown, encode: boolean): number {
    const record = { topic: 'journey-inbox', partition: 0, offset: 0n, at, key, value: null, headers: {} };
    const input: TaskInput = { type: 'record', record, message, effectId: null };
    const outcome = task.handle(reader, input, at);
    let bytes = 0;
    for (const { key: changed, value } of outcome.state ?? []) {
      state.set(changed, value);
      if (encode) bytes += encodeJson(task.stored!.write(value)).length;
    }
    for (const { key: of, purpose, dueAt } of outcome.timers ?? []) {
      const { [purpose]: _before, ...rest } = timers.get(of) ?? {};
      timers.set(of, dueAt === null ? rest : { ...rest, [purpose]: dueAt });
    }
    if (encode) for (const { value } of outcome.outputs ?? []) bytes += encodeJson(value).length;
    return bytes;
  }

  const put: DefinitionPut = {
    type: 'definition.put',
    workspace: WORKSPACE,
    name: definition.name,
    version: 1,
    definition: { ...source },
    by: 'bench',
    at: 0,
  };
  take('definition', 0, put, false);
  const keyFor = ({ subject }: StitchedTouchpoint): string => keyOf.subject(WORKSPACE, subject.id);
  return {
    handle: (message: StitchedTouchpoint) => take(keyFor(message), message.touchpoint.receivedAt, message, false),
    handleBytes(bytes: Uint8Array): number {
      const message = decodeJson(bytes) as StitchedTouchpoint;
      return take(keyFor(message), message.touchpoint.receivedAt, message, true);
    },
  };
}

/** Touchpoints per second of processor time: on a machine that does other things, too, the wall clock says little. */
function rate<T>(list: readonly T[], work: (item: T) => unknown): number {
  const before = process.threadCpuUsage();
  for (const item of list) work(item);
  const { user, system } = process.threadCpuUsage(before);
  return Math.round((list.length / (user + system)) * 1_000_000);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

if (import.meta.main) console.log(JSON.stringify(benchAdvance()));
