import type { HostedHistory } from '@cairn/history/history-host.ts';
import { timeline } from '@cairn/history/queries/timeline.ts';
import type { TouchpointHistory } from '@cairn/live-feed/shell/touchpoint-history.ts';

/** live-feed's port for older touchpoints, answered by the history. */
export function touchpointHistory(history: Pick<HostedHistory, 'query'>): TouchpointHistory {
  return {
    timeline: (workspace, journey, page) => timeline(history, workspace, journey.subjectId, page),
  };
}
