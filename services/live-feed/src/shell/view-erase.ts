/**
 * Forgets an erased person in the whole view: who it was, journeys and alerts of its own, its part in others' alerts, dead letters that
 * name it. Who was erased stays known (ids alone), because topics are read side by side: an alert from before may come after.
 */
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { PersonErased } from '@cairn/contracts/generated/identity.ts';
import { isOfErased } from '@cairn/contracts/erased-letter.ts';
import type { ViewActions } from './view-actions.ts';
import type { ViewAlerts } from './view-alerts.ts';
import type { ViewDeadLetters } from './view-dead-letters.ts';
import type { ViewPeople } from './view-people.ts';
import type { ViewStore } from './view-store.ts';

export interface ViewErasures {
  /** Committed state only is looked through: `settle` first. */
  apply(fact: PersonErased): void;
  /** False: the alert is one of somebody who was erased. */
  mayShow(fact: AlertFact): boolean;
}

interface Parts {
  alerts: ViewAlerts;
  actions: ViewActions;
  people: ViewPeople;
  deadLetters: ViewDeadLetters;
}

export function createViewErasures(store: ViewStore, { alerts, actions, people, deadLetters }: Parts): ViewErasures {
  const erased = store.table<1>('erased', 'json');
  return {
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
    mayShow: ({ workspace, alert }) =>
      erased.get(`${workspace}/${alert.subject.id}`) === undefined &&
      (alert.reason.quietPersonId === null || erased.get(`${workspace}/${alert.reason.quietPersonId}`) === undefined),
  };
}
