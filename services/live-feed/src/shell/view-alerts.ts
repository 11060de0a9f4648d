/** The view's alerts: the newest state of each, listed newest first, unresolved ones apart so that years of resolved ones cost nothing. */
import type { Alert, AlertFact } from '@cairn/contracts/generated/alert.ts';
import { parseInstant } from '@cairn/clock/calendar.ts';
import { alertWithout } from '../core/without-erased.ts';
import { type ListPlace, mergeRanges } from './merge-ranges.ts';
import type { ViewStore } from './view-store.ts';
import type { ReadAt } from './view-table.ts';

export interface AlertFilter {
  state: readonly string[] | null;
  kind: readonly string[] | null;
  owner: readonly string[] | null;
  journeyId: string | null;
}

export interface ViewAlerts {
  apply(fact: Pick<AlertFact, 'workspace' | 'alert'>): void;
  /** Those of journeys of their own go; in others nothing says any more who it was. */
  erase(workspace: string, personIds: ReadonlySet<string>): void;
  get(workspace: string, id: string): Alert | undefined;
  /** As of the last committed write: fits together with `list`. */
  committed(workspace: string, id: string, at?: ReadAt): Alert | undefined;
  /** Committed state only; as `ViewJourneys.list`. */
  list(
    workspace: string,
    filter: AlertFilter,
    options: { from: ListPlace | null; limit: number; budget: number; at?: ReadAt },
  ): { ids: string[]; next: ListPlace | null };
}

type Entry = Pick<Alert, 'state' | 'kind' | 'owner' | 'journeyId'>;
const UNRESOLVED = 0;
const RESOLVED = 1;

export function createViewAlerts(store: ViewStore): ViewAlerts {
  const alerts = store.table<Alert>('alerts', 'json');
  const inbox = store.table<Entry>('alert-inbox', 'json');

  return {
    apply({ workspace, alert }) {
      const name = `${workspace}/${alert.id}`;
      const before = alerts.get(name);
      if (before && isResolved(before) !== isResolved(alert)) inbox.remove(keyOf(workspace, before));
      const { state, kind, owner, journeyId } = alert;
      alerts.put(name, alert);
      inbox.put(keyOf(workspace, alert), { state, kind, owner, journeyId });
    },
    erase(workspace, personIds) {
      for (const { value: alert } of alerts.range({ start: `${workspace}/`, end: `${workspace}0` })) {
        if (personIds.has(alert.subject.id)) {
          alerts.remove(`${workspace}/${alert.id}`);
          inbox.remove(keyOf(workspace, alert));
        } else {
          const left = alertWithout(alert, (id) => personIds.has(id));
          if (left !== alert) alerts.put(`${workspace}/${alert.id}`, left);
        }
      }
    },
    get: (workspace, id) => alerts.get(`${workspace}/${id}`),
    committed: (workspace, id, at) => alerts.committed(`${workspace}/${id}`, at),
    list(workspace, filter, { from, limit, budget, at: moment }) {
      const ids: string[] = [];
      let looked = 0;
      let place = from;
      const ranges = [];
      if (!filter.state || filter.state.some((state) => state !== 'resolved'))
        ranges.push({ prefix: [workspace, UNRESOLVED] });
      if (!filter.state || filter.state.includes('resolved')) ranges.push({ prefix: [workspace, RESOLVED] });
      for (const { value, at } of mergeRanges(inbox, ranges, from, moment)) {
        if (looked++ >= budget) return { ids, next: place };
        if (isIn(filter, value)) {
          if (ids.length >= limit) return { ids, next: place };
          ids.push(at.id);
        }
        place = at;
      }
      return { ids, next: null };
    },
  };
}

function isIn(filter: AlertFilter, entry: Entry): boolean {
  if (filter.state && !filter.state.includes(entry.state)) return false;
  if (filter.kind && !filter.kind.includes(entry.kind)) return false;
  if (filter.owner && !filter.owner.includes(entry.owner ?? '')) return false;
  return filter.journeyId === null || filter.journeyId === entry.journeyId;
}

const isResolved = (alert: Alert): boolean => alert.state === 'resolved';

const keyOf = (workspace: string, alert: Alert): (string | number)[] => [
  workspace,
  isResolved(alert) ? RESOLVED : UNRESOLVED,
  -(parseInstant(alert.openedAt) ?? 0),
  alert.id,
];
