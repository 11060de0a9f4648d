import type { IdentityDecision } from '@cairn/contracts/generated/identity.ts';
import type { Draft } from './identity-graph.ts';

/** A decision about an identifier, for whoever asks why. The newest of each kind is kept for each identifier. */
export function tellDecision(
  draft: Draft,
  decision: Pick<IdentityDecision, 'personId' | 'decision' | 'namespace' | 'value' | 'reason'>,
): void {
  const { workspace, now: at, cause } = draft;
  const key = decisionKey(workspace, decision.decision, decision.namespace, decision.value);
  (draft.facts ??= []).push({
    to: 'identities',
    key,
    message: { type: 'identity.decision', workspace, at, ...decision, cause },
  });
}

const DECISIONS: readonly IdentityDecision['decision'][] = [
  ...([
    'blocked',
    'demoted',
    'quarantined',
    'refused',
    'shared',
    'limited',
    'ambiguous',
    'bridged',
    'suppressed',
  ] as const),
];

/** The keys of everything that was ever decided about an identifier. */
export const decisionKeys = (workspace: string, namespace: string, value: string): string[] =>
  DECISIONS.map((decision) => decisionKey(workspace, decision, namespace, value));

function decisionKey(workspace: string, decision: string, namespace: string, value: string): string {
  return `${workspace}/decision/${decision}/${namespace}:${value}`;
}
