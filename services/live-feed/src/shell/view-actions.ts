/** The view's next best actions: the newest state of each, listed newest first; and what each partition has learned of a definition's. */
import type { Action, ActionFact, PolicyTotals } from '@cairn/contracts/generated/action.ts';
import { parseInstant } from '@cairn/clock/calendar.ts';
import { type ListPlace, mergeRanges } from './merge-ranges.ts';
import type { ViewStore } from './view-store.ts';

export interface ActionFilter {
  state: readonly string[] | null;
  name: readonly string[] | null;
  journeyId: string | null;
}

export interface ViewActions {
  apply(fact: ActionFact | PolicyTotals): void;
  /** Those that were about them. */
  erase(workspace: string, personIds: ReadonlySet<string>): void;
  get(workspace: string, id: string): Action | undefined;
  /** Committed state only. */
  list(
    workspace: string,
    filter: ActionFilter,
    options: { from: ListPlace | null; limit: number; budget: number },
  ): { ids: string[]; next: ListPlace | null };
  /** Of every partition. */
  totals(workspace: string, definition: string | null): PolicyTotals[];
}

type Entry = Pick<Action, 'state' | 'name' | 'journeyId'>;

export function createViewActions(store: ViewStore): ViewActions {
  const actions = store.table<Action>('actions', 'json');
  const places = store.table<Entry>('action-list', 'json');
  const policies = store.table<PolicyTotals>('policies', 'json');

  return {
    apply(fact) {
      const { workspace } = fact;
      if (fact.type === 'policy.totals') return policies.put([workspace, fact.definition, fact.partition], fact);
      const { action } = fact;
      actions.put(`${workspace}/${action.id}`, action);
      const { state, name, journeyId } = action;
      places.put([workspace, -(parseInstant(action.chosenAt) ?? 0), action.id], { state, name, journeyId });
    },
    erase(workspace, personIds) {
      for (const { value } of actions.range({ start: `${workspace}/`, end: `${workspace}0` })) {
        if (!personIds.has(value.subject.id) && !(value.person && personIds.has(value.person.id))) continue;
        actions.remove(`${workspace}/${value.id}`);
        places.remove([workspace, -(parseInstant(value.chosenAt) ?? 0), value.id]);
      }
    },
    get: (workspace, id) => actions.get(`${workspace}/${id}`),
    list(workspace, filter, { from, limit, budget }) {
      const ids: string[] = [];
      let looked = 0;
      let place = from;
      for (const { value, at } of mergeRanges(places, [{ prefix: [workspace] }], from)) {
        if (looked++ >= budget) return { ids, next: place };
        if (isIn(filter, value)) {
          if (ids.length >= limit) return { ids, next: place };
          ids.push(at.id);
        }
        place = at;
      }
      return { ids, next: null };
    },
    totals(workspace, definition) {
      const start = definition === null ? [workspace] : [workspace, definition];
      const end = definition === null ? [workspace, '\uffff'] : [workspace, definition, Infinity];
      return [...policies.range({ start, end })].map(({ value }) => value);
    },
  };
}

function isIn(filter: ActionFilter, entry: Entry): boolean {
  if (filter.state && !filter.state.includes(entry.state)) return false;
  if (filter.name && !filter.name.includes(entry.name)) return false;
  return filter.journeyId === null || filter.journeyId === entry.journeyId;
}
