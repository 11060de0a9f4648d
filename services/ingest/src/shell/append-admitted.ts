import type { Clock } from '@cairn/clock/clock.ts';
import { LogUnavailable, type Log, type NewRecord } from '@cairn/log/log.ts';
import type { Metrics } from '@cairn/service-kit/metrics.ts';

/**
 * Makes what was admitted durable. Requests that arrive while the event loop is busy, or while earlier records are being written,
 * share one append: one commit for many answers. Never says "done" before the log does.
 */
export interface AppendAdmitted {
  /** `done(null)` once all records are durable; else with the fault (`LogUnavailable`: try again). Called exactly once. */
  append(records: readonly NewRecord[], done: (error: Error | null) => void): void;
  /** As a promise. */
  appended(records: readonly NewRecord[]): Promise<void>;
  /** Resolves when nothing is being written. */
  idle(): Promise<void>;
}

/** One being written, one on its way: more would only make each smaller. */
const APPENDS_AT_ONCE = 2;
/** Some 4 MB: a commit of that size takes well under 100 ms. */
const RECORDS_PER_APPEND = 8_000;
/** A client has given up by then; whether the records were written is unknown, and a retry carries the same ids. */
const APPEND_MS_MAX = 10_000;

interface Waiting {
  records: readonly NewRecord[];
  done: (error: Error | null) => void;
}

export function createAppendAdmitted(deps: { log: Log; clock: Clock; metrics: Metrics }): AppendAdmitted {
  const { log, clock } = deps;
  const seconds = deps.metrics.histogram('cairn_append_seconds', 'Time until admitted touchpoints were durable');
  let waiting: Waiting[] = [];
  let scheduled = false;
  let appending = 0;
  let idle: (() => void)[] = [];

  function schedule(): void {
    if (scheduled || appending >= APPENDS_AT_ONCE) return;
    scheduled = true;
    // After this turn's sockets were all read, so that their requests go together.
    setImmediate(flush);
  }

  function flush(): void {
    scheduled = false;
    while (waiting.length > 0 && appending < APPENDS_AT_ONCE) {
      const { requests, records } = take();
      appending++;
      const startedAt = clock.monotonic();
      write(records, (error) => {
        appending--;
        seconds.observe((clock.monotonic() - startedAt) / 1000);
        for (const request of requests) request.done(error);
        if (waiting.length > 0) schedule();
        else if (appending === 0) settleIdle();
      });
    }
  }

  function take(): { requests: Waiting[]; records: readonly NewRecord[] } {
    let count = 0;
    let requests = 0;
    while (requests < waiting.length && (requests === 0 || count < RECORDS_PER_APPEND))
      count += waiting[requests++]!.records.length;
    const taken = requests === waiting.length ? waiting : waiting.slice(0, requests);
    waiting = requests === waiting.length ? [] : waiting.slice(requests);
    return {
      requests: taken,
      records: taken.length === 1 ? taken[0]!.records : taken.flatMap(({ records }) => records),
    };
  }

  function write(records: readonly NewRecord[], settled: (error: Error | null) => void): void {
    let open = true;
    function settle(error: unknown): void {
      if (!open) return;
      open = false;
      cancel();
      settled(
        error === null || error instanceof Error ? error : new LogUnavailable('the append failed', { cause: error }),
      );
    }
    const cancel = clock.after(APPEND_MS_MAX, () => settle(new LogUnavailable('the log did not answer in time')));
    log.append(records).then(() => settle(null), settle);
  }

  function settleIdle(): void {
    for (const resolve of idle) resolve();
    idle = [];
  }

  function append(records: readonly NewRecord[], done: (error: Error | null) => void): void {
    if (records.length === 0) return done(null);
    waiting.push({ records, done });
    schedule();
  }

  return {
    append,
    appended: (records) =>
      new Promise((resolve, reject) => append(records, (error) => (error ? reject(error) : resolve()))),
    idle: () =>
      appending === 0 && waiting.length === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve)),
  };
}
