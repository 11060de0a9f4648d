/**
 * Forgets an erased person in the whole view: who it was, journeys and alerts of its own, its part in others' alerts, dead letters that
 * name it. Who was erased stays known (ids, and hashes of identifiers), because topics are read side by side: what was written before may be
 * read after, and a view that is rebuilt reads it all again.
 */
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { PersonErased } from '@cairn/contracts/generated/identity.ts';
import { isOfErased, letterHashes, peopleIn } from '@cairn/contracts/erased-letter.ts';
import { actionFactWithout, alertFactWithout, journeyFactWithout } from '../core/without-erased.ts';
import type { ViewActions } from './view-actions.ts';
import type { ViewAlerts } from './view-alerts.ts';
import type { ViewDeadLetters } from './view-dead-letters.ts';
import type { ViewPeople } from './view-people.ts';
import type { ViewStore } from './view-store.ts';

export interface ViewErasures {
  /** Committed state only is looked through: `flush` first. */
  apply(fact: PersonErased): void;
  /** The fact without whoever was erased since; null: it may not be shown. */
  shownAlert(fact: AlertFact): AlertFact | null;
  shownJourney(fact: JourneyChanged): JourneyChanged | null;
  shownAction(fact: ActionFact): ActionFact | null;
  /** It is of somebody who was erased after it was written, or who is never to be stored again. */
  hidesLetter(letter: DeadLetter): boolean;
  isErased(workspace: string, personId: string): boolean;
}

interface Parts {
  alerts: ViewAlerts;
  actions: ViewActions;
  people: ViewPeople;
  deadLetters: ViewDeadLetters;
}

/** What of is hidden that stands in a letter with the hash: what came until `at` (epoch ms); null: whatever comes. */
type Until = { at: number | null };

export function createViewErasures(store: ViewStore, { alerts, actions, people, deadLetters }: Parts): ViewErasures {
  const erased = store.table<1>('erased', 'json');
  const hidden = store.table<Until>('erased-hashes', 'json');
  const isErased = (workspace: string, id: string): boolean => erased.get(`${workspace}/${id}`) !== undefined;
  /** Most workspaces never erased anybody, and a flood of letters is not to be hashed for nothing. */
  const concerned = new Set(
    [...hidden.range({ start: '', end: '\uffff' })].map(({ key }) => workspaceOf(key as string)),
  );

  function hide(workspace: string, hash: string, at: number | null): void {
    const key = `${workspace}/${hash}`;
    const before = hidden.get(key);
    if (before?.at === null) return;
    hidden.put(key, { at: at === null ? null : Math.max(at, before?.at ?? 0) });
    concerned.add(workspace);
  }

  return {
    isErased,
    shownAlert: (fact) => alertFactWithout(fact, (id) => isErased(fact.workspace, id)),
    shownJourney: (fact) => journeyFactWithout(fact, (id) => isErased(fact.workspace, id)),
    shownAction: (fact) => actionFactWithout(fact, (id) => isErased(fact.workspace, id)),
    hidesLetter({ workspace, raw, at }) {
      if (!concerned.has(workspace)) return false;
      if (peopleIn(raw).some((id) => isErased(workspace, id))) return true;
      return letterHashes(workspace, raw).some((hash) => {
        const until = hidden.get(`${workspace}/${hash}`);
        return until !== undefined && (until.at === null || at <= until.at);
      });
    },
    apply({ workspace, personId, absorbed, at, hashes = [], suppressed = [] }) {
      const ids = new Set([personId, ...absorbed]);
      for (const id of ids) {
        erased.put(`${workspace}/${id}`, 1);
        people.forget(workspace, id);
      }
      for (const hash of hashes) hide(workspace, hash, at);
      for (const hash of suppressed) hide(workspace, hash, null);
      alerts.erase(workspace, ids);
      actions.erase(workspace, ids);
      deadLetters.remove(workspace, ({ raw }) => isOfErased(workspace, raw, hashes, [...ids]));
    },
  };
}

const workspaceOf = (key: string): string => key.slice(0, key.indexOf('/'));
