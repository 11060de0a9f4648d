/**
 * Forgets an erased person in the whole view: who it was, journeys and alerts of its own, its part in others' alerts, dead letters that
 * name it. Who was erased stays known (ids alone), because topics are read side by side: an alert from before may come after.
 */
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { PersonErased } from '@cairn/contracts/generated/identity.ts';
import { isOfErased } from '@cairn/contracts/erased-letter.ts';
import { alertFactWithout, journeyFactWithout } from '../core/without-erased.ts';
import type { ViewActions } from './view-actions.ts';
import type { ViewAlerts } from './view-alerts.ts';
import type { ViewDeadLetters } from './view-dead-letters.ts';
import type { ViewPeople } from './view-people.ts';
import type { ViewStore } from './view-store.ts';

export interface ViewErasures {
  /** Committed state only is looked through: `settle` first. */
  apply(fact: PersonErased): void;
  /** The fact without whoever was erased since; null: it may not be shown. */
  shownAlert(fact: AlertFact): AlertFact | null;
  shownJourney(fact: JourneyChanged): JourneyChanged | null;
  isErased(workspace: string, personId: string): boolean;
}

interface Parts {
  alerts: ViewAlerts;
  actions: ViewActions;
  people: ViewPeople;
  deadLetters: ViewDeadLetters;
}

export function createViewErasures(store: ViewStore, { alerts, actions, people, deadLetters }: Parts): ViewErasures {
  const erased = store.table<1>('erased', 'json');
  const isErased = (workspace: string, id: string): boolean => erased.get(`${workspace}/${id}`) !== undefined;
  return {
    isErased,
    shownAlert: (fact) => alertFactWithout(fact, (id) => isErased(fact.workspace, id)),
    shownJourney: (fact) => journeyFactWithout(fact, (id) => isErased(fact.workspace, id)),
    apply({ workspace, personId, absorbed, hashes = [] }) {
      const ids = new Set([personId, ...absorbed]);
      for (const id of ids) {
        erased.put(`${workspace}/${id}`, 1);
        people.forget(workspace, id);
      }
      alerts.erase(workspace, ids);
      actions.erase(workspace, ids);
      deadLetters.remove(workspace, ({ raw }) => isOfErased(workspace, raw, hashes));
    },
  };
}
