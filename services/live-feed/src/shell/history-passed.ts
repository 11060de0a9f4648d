import type { HostedHistory } from '@cairn/history/history-host.ts';
import { decodeCursor } from '@cairn/log/cursor.ts';

/** Where the history stands in a topic: after what its newest plan carries in; null before the first. Whichever node runs the sink. */
export function historyPassed(
  history: Pick<HostedHistory, 'query'>,
): (topic: string) => Promise<readonly bigint[] | null> {
  return async (topic) => {
    const [row] = await history.query<{ ranges: string }>(
      `SELECT ranges FROM sink_plans WHERE sink = 'history' ORDER BY number DESC LIMIT 1`,
    );
    if (!row) return null;
    return decodeCursor((JSON.parse(row.ranges) as { cursor: string }).cursor).get(topic) ?? null;
  };
}
