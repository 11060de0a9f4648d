import type { Clock } from '@cairn/clock/clock.ts';
import type { VirtualClock } from '@cairn/clock/clock.virtual.ts';
import { HistoryUnavailable, type History } from '@cairn/history/history.ts';
import { startSink, type RunningSink } from '@cairn/history/sink.ts';
import type { Log } from '@cairn/log/log.ts';

/**
 * A real history's sink in a world of virtual time: what is asked of the history takes real time, in which the clock stands still, so that
 * whoever waits awaits the answers and never sleeps. The history breaks when told to: answers are lost, and the sink dies between two.
 */
export interface BreakingHistory {
  /** Asks the history as it is; `settle` waits for it. */
  watched: Pick<History, 'query' | 'command'>;
  /** For `startIdentityWorld`. */
  serve(log: Log, clock: Clock): Promise<Pick<RunningSink, 'stop'>>;
  /** Share of what the sink asks that is carried out, its answer lost: it asks again. */
  loseAnswers(share: number): void;
  /** The sink dies, whatever it is at, and another starts where the history says. */
  restart(): Promise<void>;
  /** Resolves once the log is in the history, what the history answered is read, and nothing is asked any more. */
  settle(clock: VirtualClock): Promise<void>;
  faults: string[];
}

const IDLE_WAIT_MS = 3_600_000;
const STEP_MS = 600;
/** Of these steps with nothing left to carry it is over: an answer of the history is handled and told within them. */
const QUIET_STEPS = 3;
const STEPS_MAX = 2_000;

export function createBreakingHistory(history: History, name: string, random: () => number): BreakingHistory {
  const asked = new Set<Promise<unknown>>();
  const faults: string[] = [];
  let lost = 0;
  let from: { log: Log; clock: Clock } | null = null;
  let running: { sink: RunningSink; kill(): void } | null = null;

  const watched = <T>(work: Promise<T>): Promise<T> => {
    const ended = work.catch(() => {}).finally(() => asked.delete(ended));
    asked.add(ended);
    return work;
  };

  /** One process's way to the history. */
  function begin(): { way: History; kill(): void } {
    let alive = true;
    const ask = async <T>(work: () => Promise<T>): Promise<T> => {
      if (!alive) return new Promise<never>(() => {});
      const answer = await watched(work());
      if (!alive) return new Promise<never>(() => {});
      if (random() < lost) throw new HistoryUnavailable('the answer was lost');
      return answer;
    };
    const way: History = {
      ...history,
      query: (sql, params) => ask(() => history.query(sql, params)),
      command: (sql, params) => ask(() => history.command(sql, params)),
      insert: (table, rows, token) => ask(() => history.insert(table, rows, token)),
      lastPlan: (sink) => ask(() => history.lastPlan(sink)),
    };
    return { way, kill: () => void (alive = false) };
  }

  async function start(): Promise<void> {
    const { log, clock } = from!;
    const { way, kill } = begin();
    const sink = await startSink({
      name,
      log,
      clock,
      history: way,
      chunkWaitMs: 10,
      idleWaitMs: IDLE_WAIT_MS,
      onFault(error) {
        if (!(error instanceof HistoryUnavailable)) faults.push(`the sink: ${(error as Error).message}`);
      },
    });
    running = { sink, kill };
  }

  const quiet = async (): Promise<void> => {
    while (asked.size > 0) await Promise.all(asked);
  };

  return {
    watched: {
      query: (sql, params) => watched(history.query(sql, params)),
      command: (sql, params) => watched(history.command(sql, params)),
    },
    faults,
    async serve(log, clock) {
      from = { log, clock };
      await start();
      return { stop: () => running!.sink.stop() };
    },
    loseAnswers(share) {
      lost = share;
    },
    async restart() {
      running!.kill();
      // Nobody is asked while one starts: its first questions are not those that get lost.
      const share = lost;
      lost = 0;
      await start();
      lost = share;
    },
    async settle(clock) {
      let still = 0;
      for (let step = 0; still < QUIET_STEPS; step++) {
        if (step > STEPS_MAX)
          throw new Error(`the history never caught up: ${await running!.sink.lag()} records, ${faults.join()}`);
        await clock.advance(STEP_MS);
        const wasAsked = asked.size > 0;
        await quiet();
        const lag = await running!.sink.lag();
        still = wasAsked || lag > 0 ? 0 : still + 1;
      }
    },
  };
}

const TABLES_THAT_FORGET = ['sink_plans', 'rederivations', 'dead_letters'] as const;

/** Time in a run is virtual: what ClickHouse lets go by its own clock (the sink's plans after a week) would be gone at once. */
export async function keepEverything(history: Pick<History, 'command'>): Promise<void> {
  for (const table of TABLES_THAT_FORGET) await history.command(`ALTER TABLE ${table} REMOVE TTL`);
}
