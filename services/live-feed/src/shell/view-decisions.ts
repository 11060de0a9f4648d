/**
 * Decisions of the stitcher that an admin has to look at, of the whole workspace: made by itself, and perhaps to be set right by somebody.
 * The others stand with their person alone; there are millions.
 */
import type { IdentityDecision } from '@cairn/contracts/generated/identity.ts';
import type { ListPlace } from './merge-ranges.ts';
import type { ViewStore } from './view-store.ts';

/** Values that merge nobody any more, logins that joined strangers, domains that several accounts claim. */
const TO_LOOK_AT: ReadonlySet<IdentityDecision['decision']> = new Set(['quarantined', 'bridged', 'ambiguous']);

export interface ViewDecisions {
  /** `what` tells decisions of one moment apart, and is short. */
  put(fact: IdentityDecision, what: string): boolean;
  remove(workspace: string, order: number, what: string): void;
  /** Those about that person. */
  forget(workspace: string, personId: string): void;
  /** The newest first. Committed state only. */
  list(
    workspace: string,
    page: { limit: number; from: ListPlace | null },
  ): { decisions: IdentityDecision[]; next: ListPlace | null };
}

export function createViewDecisions(store: ViewStore): ViewDecisions {
  const decisions = store.table<IdentityDecision>('decisions-to-look-at', 'json');

  return {
    put(fact, what) {
      if (!TO_LOOK_AT.has(fact.decision)) return false;
      decisions.put([fact.workspace, -fact.at, what], fact);
      return true;
    },
    remove: (workspace, order, what) => decisions.remove([workspace, order, what]),
    forget(workspace, personId) {
      for (const { key, value } of decisions.range({ start: [workspace, -Infinity], end: [workspace, Infinity] }))
        if (value.personId === personId) decisions.remove(key);
    },
    list(workspace, { limit, from }) {
      const start = from ? [workspace, from.order, from.id] : [workspace, -Infinity];
      const found = [...decisions.range({ start, end: [workspace, Infinity], limit: limit + 2 })]
        .map(({ key, value }) => ({ value, at: { order: Number(key[1]), id: String(key[2]) } }))
        // A cursor is the last that was shown.
        .filter(({ at }) => at.order !== from?.order || at.id !== from.id);
      const page = found.slice(0, limit);
      return { decisions: page.map(({ value }) => value), next: found.length > limit ? page.at(-1)!.at : null };
    },
  };
}
