/**
 * A server's history from the first moment on, also while the server is away: until it answers and its tables are migrated, everything
 * asked of it is unavailable. The rest of the process must not wait: touchpoints are taken and shown without the history.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { HistoryUnavailable, type History } from './history.ts';

export interface AwaitedHistory extends History {
  /** Resolves once it has been opened; never, where it is closed before. */
  opened: Promise<void>;
}

/** A server that restarts is back within seconds. */
const TRY_EVERY_MS = 1_000;

/** Rejects only where the server answers and refuses (a wrong password, a migration that fails): waiting would not mend that. */
export async function openWhenThere(
  open: () => Promise<History>,
  clock: Clock,
  onFault: (error: Error) => void,
): Promise<AwaitedHistory> {
  let history: History | null = null;
  let closed = false;
  let tell = (): void => {};
  const opened = new Promise<void>((resolve) => (tell = resolve));

  async function tryToOpen(): Promise<boolean> {
    try {
      history = await open();
      tell();
      return true;
    } catch (error) {
      if (!(error instanceof HistoryUnavailable)) throw error;
      onFault(error);
      return false;
    }
  }

  async function keepTrying(): Promise<void> {
    while (!closed) {
      await clock.sleep(TRY_EVERY_MS);
      try {
        if (closed || (await tryToOpen())) break;
      } catch (error) {
        // Refused now, though it was only away before: somebody is at work on it.
        onFault(error as Error);
      }
    }
    if (closed) await history?.close();
  }

  if (!(await tryToOpen())) void keepTrying();
  const there = (): History => {
    if (history) return history;
    throw new HistoryUnavailable('the history has not been reached yet');
  };
  return {
    opened,
    query: async (sql, params) => there().query(sql, params),
    command: async (sql, params) => there().command(sql, params),
    insert: async (table, rows, token) => there().insert(table, rows, token),
    lastPlan: async (sink) => there().lastPlan(sink),
    healthy: async () => (history ? history.healthy() : false),
    async close() {
      closed = true;
      await history?.close();
    },
  };
}
