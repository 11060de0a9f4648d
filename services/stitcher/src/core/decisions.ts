import { hash } from 'node:crypto';
import { keyOf } from '@cairn/contracts/topics.ts';
import type { IdentityDecision } from '@cairn/contracts/generated/identity.ts';
import { put, read, type Draft } from './identity-graph.ts';
import { MAX_TOLD } from './person-record.ts';

/**
 * Decisions about identifiers, told for whoever asks why; the newest of each kind is kept for each identifier. What was told because of
 * a person is listed with the person (`decisions/<person>`, the newest last), so that an erasure takes it back: also about identifiers
 * that never became the person's. The lists hold digests: others' must not say who was erased either.
 */
export function tellDecision(
  draft: Draft,
  decision: Pick<IdentityDecision, 'personId' | 'decision' | 'namespace' | 'value' | 'reason'>,
): void {
  const { workspace, now: at, cause } = draft;
  const { personId } = decision;
  const list = personId === null ? NOTHING_TOLD : listOf(draft, personId);
  if (COME_IN_STORMS.has(decision.decision) && toldToday(draft, list) >= DECISIONS_TOLD_A_DAY) return;
  const name = digestOf(decision.decision, decision.namespace, decision.value);
  if (personId !== null) enlist(draft, personId, list, name);
  (draft.facts ??= []).push({
    to: 'identities',
    key: decisionKey(workspace, name),
    message: { type: 'identity.decision', workspace, at, ...decision, cause },
  });
}

/** Whether it was told of the person, and not long ago. */
export function isDecided(
  draft: Draft,
  { personId, decision, namespace, value }: Pick<IdentityDecision, 'personId' | 'decision' | 'namespace' | 'value'>,
): boolean {
  const { names } = personId === null ? NOTHING_TOLD : listOf(draft, personId);
  return names.length > 0 && names.includes(digestOf(decision, namespace, value));
}

/** Takes back everything that was decided about an identifier, whomever it was told of. */
export function takeBackAbout(draft: Draft, namespace: string, value: string): void {
  for (const kind of KINDS) {
    takeBack(draft, decisionKey(draft.workspace, digestOf(kind, namespace, value)));
    // As an earlier Cairn named it.
    takeBack(draft, keyOf.person(draft.workspace, `decision/${kind}/${namespace}:${value}`));
  }
}

/** Takes back everything that was told of the person. */
export function takeBackOf(draft: Draft, personId: string): void {
  const { names } = listOf(draft, personId);
  for (const name of names) takeBack(draft, decisionKey(draft.workspace, name));
  if (names.length) put(draft, `decisions/${personId}`, null);
}

/** Of a person. What falls out of the list is taken back at that moment, so that nothing stays that an erasure would not find. */
export const DECISIONS_KEPT = 50;

/**
 * Of a person, by log time. One user on ten thousand devices is a storm, of which fifty say as much as all: each more took two records of
 * `identities`, and the touchpoints of every other workspace of the partition wait behind them.
 */
export const DECISIONS_TOLD_A_DAY = 50;
const DAY_MS = 86_400_000;

/** One for each device. Others are rare, and are told however many these are. */
const COME_IN_STORMS: ReadonlySet<IdentityDecision['decision']> = new Set(['demoted', 'limited']);

/** Keys of merges and splits that name a person: those beyond the newest are taken back, as decisions are. */
export function newestTold(draft: Draft, told: readonly string[]): readonly string[] {
  for (const key of told.slice(0, -MAX_TOLD)) takeBack(draft, keyOf.person(draft.workspace, key));
  return told.slice(-MAX_TOLD);
}

/** `w/<workspace>/decisions/<person>`. */
interface Told {
  /** Days since 1970, log time, and how many were told on it. */
  day: number;
  count: number;
  names: readonly string[];
}

const NOTHING_TOLD: Told = Object.freeze({ day: 0, count: 0, names: Object.freeze([]) });

function listOf(draft: Draft, personId: string): Told {
  const known = read<Told | readonly string[]>(draft, `decisions/${personId}`) ?? NOTHING_TOLD;
  // As an earlier Cairn kept it.
  return 'names' in known ? known : { ...NOTHING_TOLD, names: known };
}

const dayOf = (draft: Draft): number => Math.floor(draft.now / DAY_MS);
const toldToday = (draft: Draft, { day, count }: Told): number => (day === dayOf(draft) ? count : 0);

function enlist(draft: Draft, personId: string, list: Told, name: string): void {
  const kept = [...list.names.filter((other) => other !== name), name];
  for (const oldest of kept.splice(0, kept.length - DECISIONS_KEPT))
    takeBack(draft, decisionKey(draft.workspace, oldest));
  const told: Told = { day: dayOf(draft), count: toldToday(draft, list) + 1, names: kept };
  put(draft, `decisions/${personId}`, told);
}

/** On a compacted topic: the newest of a key counts, so what was told under it is gone. */
export function takeBack(draft: Draft, key: string): void {
  (draft.facts ??= []).push({ to: 'identities', key, message: null });
}

const KINDS: readonly IdentityDecision['decision'][] = [
  'blocked',
  'demoted',
  'quarantined',
  'refused',
  'shared',
  'limited',
  'ambiguous',
  'bridged',
  'suppressed',
];

const decisionKey = (workspace: string, name: string): string => keyOf.person(workspace, `decision/${name}`);

/** What stands for a decision in keys. 96 bits: of a million decisions of a workspace no two alike (1 in 10^16). */
export function digestOf(kind: string, namespace: string, value: string): string {
  return hash('sha256', `${kind} ${namespace}:${value}`, 'base64url').slice(0, 16);
}
