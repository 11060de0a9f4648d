import type { LogRecord } from '@cairn/log/log.ts';
import type { Process, Service } from './world.ts';

/** What the feed has shown, kept with the cursor it was made at, as the view on disk is: it outlives the process. */
export interface FeedView {
  cursor: string;
  seen: LogRecord[];
}

export const createFeedView = (): FeedView => ({ cursor: 'start', seen: [] });

/** Live-feed in small: follows the facts, keeps view and cursor together, resumes there after a crash. */
export async function startFeed({ log }: Process, view: FeedView): Promise<Service> {
  const follower = await log.follow(['journeys', 'alerts'], view.cursor);
  const stopping = new AbortController();
  const following = (async () => {
    while (!stopping.signal.aborted) {
      const batch = await follower.next({ maxRecords: 16, waitMs: 3_600_000, signal: stopping.signal });
      view.seen.push(...batch.records);
      view.cursor = batch.cursor;
    }
  })().catch(() => {});
  return {
    async stop() {
      stopping.abort();
      await following;
      await follower.close();
    },
  };
}
