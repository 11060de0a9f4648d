import type { HostedHistory } from '@cairn/history/history-host.ts';
import { timeline } from '@cairn/history/queries/timeline.ts';
import type { TouchpointHistory } from './touchpoint-history.ts';

/** The port for older touchpoints, answered by ClickHouse. */
export function touchpointHistory(history: Pick<HostedHistory, 'query'>): TouchpointHistory {
  return {
    timeline: (workspace, journey, page) => timeline(history, workspace, journey.subjectId, page),
  };
}
