import type { IdentityDecision } from '@cairn/contracts/generated/identity.ts';
import type { Draft } from './identity-graph.ts';

/** A decision about an identifier, for whoever asks why. The newest of each kind is kept for each identifier. */
export function tellDecision(
  draft: Draft,
  decision: Pick<IdentityDecision, 'personId' | 'decision' | 'namespace' | 'value' | 'reason'>,
): void {
  const { workspace, now: at, cause } = draft;
  const key = `${workspace}/decision/${decision.decision}/${decision.namespace}:${decision.value}`;
  (draft.facts ??= []).push({
    to: 'identities',
    key,
    message: { type: 'identity.decision', workspace, at, ...decision, cause },
  });
}
