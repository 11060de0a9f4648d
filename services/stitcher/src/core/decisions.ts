import { createHash } from 'node:crypto';
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
  const name = digestOf(decision.decision, decision.namespace, decision.value);
  if (personId !== null) enlist(draft, personId, name);
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
  return listOf(draft, personId).includes(digestOf(decision, namespace, value));
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
  for (const name of listOf(draft, personId)) takeBack(draft, decisionKey(draft.workspace, name));
  if (listOf(draft, personId).length) put(draft, `decisions/${personId}`, null);
}

/**
 * Of a person. What falls out of the list is taken back at that moment, so that nothing stays that an erasure would not find. More is a
 * storm, of which fifty say as much as ten thousand; the list is written with each.
 */
export const DECISIONS_KEPT = 50;

/** Keys of merges and splits that name a person: those beyond the newest are taken back, as decisions are. */
export function newestTold(draft: Draft, told: readonly string[]): readonly string[] {
  for (const key of told.slice(0, -MAX_TOLD)) takeBack(draft, keyOf.person(draft.workspace, key));
  return told.slice(-MAX_TOLD);
}

const NONE: readonly string[] = Object.freeze([]);

const listOf = (draft: Draft, personId: string | null): readonly string[] =>
  personId === null ? NONE : (read<readonly string[]>(draft, `decisions/${personId}`) ?? NONE);

function enlist(draft: Draft, personId: string, name: string): void {
  const others = listOf(draft, personId).filter((other) => other !== name);
  const kept = [...others, name];
  for (const oldest of kept.splice(0, kept.length - DECISIONS_KEPT))
    takeBack(draft, decisionKey(draft.workspace, oldest));
  put(draft, `decisions/${personId}`, kept);
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
  return createHash('sha256').update(`${kind} ${namespace}:${value}`).digest('base64url').slice(0, 16);
}
