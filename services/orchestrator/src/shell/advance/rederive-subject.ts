/**
 * Orders to derive a subject's journeys anew. The order's own position in the inbox is the fence: what comes to the subject after it
 * waits here, what came before comes back from the history as pages; then the journeys are exchanged, and what waited goes on.
 * So no touchpoint is lost or counted twice, and the inbox alone decides. See docs/decisions/0015.
 */
import type {
  PersonSummary,
  Rederivation,
  StitchedTouchpoint,
  SubjectRederive,
  SubjectRef,
  SubjectTouchpoints,
} from '@cairn/contracts/generated/stitched.ts';
import { journeyId } from '@cairn/contracts/ids.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import {
  firePast,
  muted,
  NO_PAST,
  takePast,
  type PastJourneys,
  type PastScope,
} from '../../core/rederive/past-journeys.ts';
import { closePast, settlePast } from '../../core/rederive/settle-past.ts';
import { TIMER_PURPOSES } from '../../core/journey-input.ts';
import { byId } from '../../core/people.ts';
import { slotOf } from '../../core/render-journey.ts';
import { isMoved, type MovedSubject, type SubjectState } from '../../core/state.ts';
import { newSubject } from '../../core/subject.ts';
import { advanceKeys, timerPurpose } from './advance-keys.ts';
import { openSubject, takeTouchpoint, withUnit, type AdvanceScope } from './advance-subject.ts';
import { erasedLately } from './erased-lately.ts';
import { writeRecords } from './journey-records.ts';
import { modelsOf } from './learn-models.ts';

/** The history answers within a second or two. While it is away the journeys go on as they are, and are exchanged later. */
const HOLD_MS = 60_000;
/** Touchpoints that wait; more than that and they go on at once, and the past is asked for again afterwards. */
const HELD_MAX = 500;
export const RELEASE = 'release';

interface Job {
  subject: SubjectRef;
  account: SubjectRederive['account'];
  /** The order whose pages count. */
  job: string;
  /** Everyone of the orders so far. */
  people: Rederivation['people'];
  /** `holding`: what comes waits. `going-on`: it is taken at once. `ordered`: asked for again, the order is on its way back. */
  phase: 'holding' | 'going-on' | 'ordered';
  page: number;
  past: PastJourneys;
  /** Numbers of the touchpoints that wait: from, to (exclusive). */
  held: readonly [number, number];
  /** Something came that the pages do not know of. */
  stale: boolean;
}

const jobKey = (workspace: string, subjectId: string): string => `@rederive/${workspace}/${subjectId}`;
const heldKey = (workspace: string, subjectId: string, number: number): string =>
  `@rederive-held/${workspace}/${subjectId}/${String(number).padStart(6, '0')}`;

export const isRederiveKey = (key: string): boolean => key.startsWith('@rederive/');
export const readRederiveKey = (key: string): { workspace: string; subjectId: string } => {
  const [, workspace = '', ...id] = key.split('/');
  return { workspace, subjectId: id.join('/') };
};

export function takeRederive(scope: AdvanceScope, message: SubjectRederive): void {
  const { work, workspace, now } = scope;
  const { subject, account, job, rederivation } = message;
  const key = jobKey(workspace, subject.id);
  const before = work.get<Job>(key);
  // An order of ours that another one has overtaken.
  if (!rederivation && before && before.job !== job) return;
  const stored = work.get<SubjectState | MovedSubject>(keyOf.subject(workspace, subject.id));
  if (stored && isMoved(stored)) work.set(keyOf.subject(workspace, subject.id), openSubject(scope, subject, null));
  const people = [...(rederivation?.people ?? [])];
  for (const person of before?.people ?? [])
    if (!people.some((other) => other.person.id === person.person.id)) people.push(person);
  work.set(key, {
    subject,
    account: account ?? before?.account ?? null,
    job,
    people,
    phase: 'holding',
    page: 0,
    past: NO_PAST,
    held: before?.held ?? [0, 0],
    stale: false,
  } satisfies Job);
  work.timer(key, RELEASE, now + HOLD_MS);
}

/** True: the touchpoint waits until the past of its subject is told. */
export function holdBack(scope: AdvanceScope, message: StitchedTouchpoint): boolean {
  const { work, workspace } = scope;
  const key = jobKey(workspace, message.subject.id);
  const job = work.get<Job>(key);
  if (!job) return false;
  if (job.phase !== 'holding') {
    if (!job.stale) work.set(key, { ...job, stale: true });
    return false;
  }
  const [from, to] = job.held;
  if (to - from >= HELD_MAX) {
    release(scope, job);
    return false;
  }
  work.set(heldKey(workspace, message.subject.id, to), message);
  work.set(key, { ...job, held: [from, to + 1] });
  return true;
}

/** The subject was changed by more than touchpoints (a merge, a state that arrived): its past is another than the one on its way. */
export function markStale(scope: AdvanceScope, subjectId: string): void {
  const key = jobKey(scope.workspace, subjectId);
  const job = scope.work.get<Job>(key);
  if (job) scope.work.set(key, { ...job, stale: true });
}

/** The subject is about to be absorbed: what waits goes with it, and it is the other's past that has to be told. */
export function passOn(scope: AdvanceScope, from: SubjectRef, into: SubjectRef): void {
  const { work, workspace } = scope;
  const key = jobKey(workspace, from.id);
  const job = work.get<Job>(key);
  if (!job) return;
  goOn(scope, job);
  work.set(key, null);
  order(scope, into, null, `${job.job}>${into.id}`);
}

/** The subject is erased: what waits for it goes with it. */
export function forgetRederivation({ work, workspace }: AdvanceScope, subjectId: string): void {
  const job = work.get<Job>(jobKey(workspace, subjectId));
  if (!job) return;
  for (let number = job.held[0]; number < job.held[1]; number++) work.set(heldKey(workspace, subjectId, number), null);
  work.set(jobKey(workspace, subjectId), null);
}

/** One of an account's people is erased: neither what waits of them nor the past that is on its way brings them back. */
export function forgetInRederivation(scope: AdvanceScope, subjectId: string, ids: ReadonlySet<string>): void {
  const { work, workspace } = scope;
  const key = jobKey(workspace, subjectId);
  const job = work.get<Job>(key);
  if (!job) return;
  for (let number = job.held[0]; number < job.held[1]; number++) {
    const held = heldKey(workspace, subjectId, number);
    const person = work.get<StitchedTouchpoint>(held)?.person;
    if (person && ids.has(person.id)) work.set(held, null);
  }
  // What the pages told so far names them: they are asked for again.
  const people = job.people.filter(({ person }) => !ids.has(person.id));
  work.set(key, { ...job, people, past: NO_PAST, stale: true } satisfies Job);
}

/** It took too long. */
export function takeRelease(scope: AdvanceScope, subjectId: string): void {
  const job = scope.work.get<Job>(jobKey(scope.workspace, subjectId));
  if (job?.phase === 'holding') release(scope, job);
}

export function takePages(scope: AdvanceScope, message: SubjectTouchpoints): void {
  const { work, workspace, now } = scope;
  const key = jobKey(workspace, message.subject.id);
  const job = work.get<Job>(key);
  // Told twice, or asked for anew since.
  if (!job || job.job !== message.job || job.page !== message.page || job.phase === 'ordered') return;
  const past = pastScope(scope, job);
  const erased = erasedLately(scope, message.subject.id);
  let journeys = job.past;
  // The history may have answered before it heard of an erasure.
  const left = message.touchpoints.filter(({ personId }) => personId === null || !erased.has(personId));
  for (const touchpoint of left) journeys = takePast(past, journeys, touchpoint);
  if (!message.last) return work.set(key, { ...job, page: job.page + 1, past: journeys });
  if (job.stale) return orderAgain(scope, job);
  journeys = firePast(past, journeys, now);
  for (const [slot, ref, host] of slotsOf(job)) exchange(scope, job, journeys.places[slot], ref, host);
  goOn(scope, job);
  work.set(key, null);
}

/** From the order's return on things wait again; the pages that follow know of everything before. */
function orderAgain(scope: AdvanceScope, job: Job): void {
  goOn(scope, job);
  const name = `${job.job}+`;
  scope.work.set(jobKey(scope.workspace, job.subject.id), {
    ...job,
    job: name,
    phase: 'ordered',
    past: NO_PAST,
    held: [0, 0],
    stale: false,
  } satisfies Job);
  order(scope, job.subject, job.account, name);
}

function release(scope: AdvanceScope, job: Job): void {
  goOn(scope, job);
  const key = jobKey(scope.workspace, job.subject.id);
  scope.work.set(key, { ...job, phase: 'going-on', held: [0, 0], stale: true } satisfies Job);
}

/** What waited is taken, in its order. */
function goOn(scope: AdvanceScope, job: Job): void {
  const { work, workspace } = scope;
  const [from, to] = job.held;
  for (let number = from; number < to; number++) {
    const key = heldKey(workspace, job.subject.id, number);
    const message = work.get<StitchedTouchpoint>(key);
    work.set(key, null);
    if (message) takeTouchpoint(scope, message);
  }
}

function order(scope: AdvanceScope, subject: SubjectRef, account: SubjectRederive['account'], job: string): void {
  const { work, workspace, partitions, now } = scope;
  const key = keyOf.subject(workspace, subject.id);
  const value: SubjectRederive = {
    type: 'subject.rederive',
    workspace,
    at: now,
    subject,
    account,
    job,
    rederivation: null,
    cause: job,
  };
  work.output({ topic: 'journey-inbox', partition: partitionOf(key, partitions('journey-inbox')), key, value });
}

function pastScope(scope: AdvanceScope, job: Job): PastScope {
  const { work, workspace, definitions } = scope;
  const stored = work.get<SubjectState | MovedSubject>(keyOf.subject(workspace, job.subject.id));
  const known = stored && !isMoved(stored) ? stored : null;
  return {
    workspace,
    subject: job.subject,
    account: job.subject.unit === 'account' ? (job.account ?? known?.account ?? null) : null,
    definitions: definitions.map(muted),
    modelsOf: (name) => modelsOf(work, workspace, name, true),
    personOf(id): PersonSummary | null {
      const part = job.people.find(({ person }) => person.id === id);
      if (part) return part.person;
      const info = known && byId(known.people, id);
      return info ? { ...info, anonymous: info.userId === null && info.email === null, traits: {} } : null;
    },
    within: new Set(job.people.map(({ person }) => person.id)),
  };
}

/** Where journeys are exchanged: the subject itself, and within an account those of the people concerned. */
function slotsOf({ subject, people }: Job): [slot: string, ref: SubjectRef, host: string | null][] {
  const own: [string, SubjectRef, string | null] = [subject.id, subject, null];
  if (subject.unit === 'person') return [own];
  return [
    own,
    ...people.map(({ person }): [string, SubjectRef, string | null] => [
      slotOf({ id: person.id, host: subject.id }),
      { unit: 'person', id: person.id },
      subject.id,
    ]),
  ];
}

function exchange(
  scope: AdvanceScope,
  job: Job,
  place: PastJourneys['places'][string] | undefined,
  ref: SubjectRef,
  host: string | null,
): void {
  const { work, partitions, workspace, now } = scope;
  const before = openSubject(scope, ref, host);
  if (!place && Object.keys(before.journeys).length === 0) return;
  const units = host !== null ? withUnit(scope.definitions, 'person') : scope.definitions;
  const definitions = ref.unit === 'account' ? withUnit(units, 'account') : units;
  const people = place?.subject.people ?? newSubject(ref, host).people;
  // Who is nobody here any more is called nothing here: left behind, the name would outlive the erasing of who bore it.
  const aliases = Object.entries(before.aliases ?? {}).filter(
    ([id, to]) => !job.people.some(({ person }) => person.id === id) && byId(people, to) !== undefined,
  );
  const { aliases: _aliases, ...kept } = before;
  const subject: SubjectState = {
    ...kept,
    account: before.account ?? place?.subject.account ?? null,
    people,
    ...(aliases.length ? { aliases: Object.fromEntries(aliases) } : {}),
  };
  let journeys = { ...before.journeys };
  let seqs = before.seqs ?? {};
  for (const definition of definitions) {
    const { name } = definition;
    const journey = before.journeys[name] ?? null;
    const past = place?.subject.journeys[name];
    if (!journey && !past) continue;
    const timers = place?.timers ?? [];
    const seqBefore = seqs[name] ?? 0;
    const advanced = past
      ? settlePast({ definition: name, journey, past, timers, seqBefore, now, cause: job.job })
      : closePast(journey!, { into: otherJourney(scope, job, name, definition.unit), now, cause: job.job });
    const models = modelsOf(work, workspace, name);
    writeRecords(work, partitions, { workspace, subject, definition, models }, advanced, now, scope.renderJourney);
    if (past) journeys = { ...journeys, [name]: advanced.journey };
    else {
      for (const purpose of TIMER_PURPOSES)
        work.timer(advanceKeys.subject(workspace, subject), timerPurpose(name, purpose), null);
      const { [name]: _closed, ...rest } = journeys;
      journeys = rest;
      seqs = { ...seqs, [name]: advanced.journey.seq };
    }
  }
  const withSeqs = Object.keys(seqs).length ? { seqs } : {};
  work.set(advanceKeys.subject(workspace, subject), { ...subject, ...withSeqs, journeys });
}

/** The journey on which the touchpoints of one that closes are now. */
function otherJourney({ workspace }: AdvanceScope, job: Job, name: string, unit: 'account' | 'person'): string {
  const other = job.people.find(({ subject }) => subject.id !== job.subject.id) ?? job.people[0];
  if (!other) return journeyId(workspace, name, job.subject.id);
  const { subject, person } = other;
  const slot =
    unit === 'person' && subject.unit === 'account' ? slotOf({ id: person.id, host: subject.id }) : subject.id;
  return journeyId(workspace, name, slot);
}
