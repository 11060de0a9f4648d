import type { Clock } from '@cairn/clock/clock.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { Follower, Log, LogRecord } from '@cairn/log/log.ts';
import { ProblemError } from './problem.ts';

/** A fact that answers a command. `more: true`: other facts of the same command follow in a later record. */
export interface Answer<T> {
  commandId: string;
  fact: T;
  more?: boolean;
}

export interface Answers<T> {
  /**
   * The facts that a command led to, in log order. Ask *before* the command is appended. Rejects with a 503 problem after
   * `timeoutMs`: the command may still be carried out.
   */
  of(commandId: string, timeoutMs: number): Promise<readonly T[]>;
  stop(): Promise<void>;
}

/** Past it new commands are answered 503: each waiting one holds a request open. */
const WAITING_MAX = 10_000;
const PAUSE_AFTER_FAULT_MS = 200;

interface Waiting<T> {
  facts: T[];
  more: boolean;
  settle(facts: readonly T[] | null): void;
}

/**
 * Follows topics from their end, so that a POST can answer with what its command led to. `pick` says which command a record
 * answers (null: none). Resolves once the follower stands at the end.
 */
export async function createAnswers<T>(
  log: Log,
  clock: Clock,
  topics: readonly string[],
  pick: (record: LogRecord, message: unknown) => Answer<T> | null,
): Promise<Answers<T>> {
  const waiting = new Map<string, Waiting<T>>();
  const stopping = new AbortController();
  const follower: Follower = await log.follow(topics, 'end');

  function take(record: LogRecord, touched: Set<string>): void {
    // Almost always nobody waits: then nothing is parsed.
    if (waiting.size === 0 || !record.value) return;
    const answer = pick(record, decodeJson(record.value));
    const entry = answer && waiting.get(answer.commandId);
    if (!answer || !entry) return;
    entry.facts.push(answer.fact);
    entry.more = answer.more === true;
    touched.add(answer.commandId);
  }

  const reading = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const batch = await follower.next({
          maxRecords: 1_000,
          waitMs: 1_000,
          askCaughtUp: false,
          signal: stopping.signal,
        });
        const touched = new Set<string>();
        for (const record of batch.records) take(record, touched);
        // Facts of one cycle are read together: settled at the end of the batch, not at the first fact.
        for (const commandId of touched) {
          const entry = waiting.get(commandId);
          if (entry && !entry.more) entry.settle(entry.facts);
        }
      } catch {
        if (stopping.signal.aborted) return;
        await clock.sleep(PAUSE_AFTER_FAULT_MS, stopping.signal).catch(() => {});
      }
    }
  })();

  return {
    of(commandId, timeoutMs) {
      if (waiting.size >= WAITING_MAX) return Promise.reject(noAnswer());
      const answered = new Promise<readonly T[]>((resolve, reject) => {
        const cancel = clock.after(timeoutMs, () => settle(null));
        function settle(facts: readonly T[] | null): void {
          cancel();
          waiting.delete(commandId);
          if (facts) resolve(facts);
          else reject(noAnswer());
        }
        waiting.set(commandId, { facts: [], more: false, settle });
      });
      // When the append fails, nobody awaits this any more; its timeout must not end the process.
      answered.catch(() => {});
      return answered;
    },
    async stop() {
      stopping.abort();
      for (const entry of [...waiting.values()]) entry.settle(null);
      await follower.close();
      await reading;
    },
  };
}

function noAnswer(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'no-answer-yet',
    title: 'The command was not answered in time; it may still be carried out',
    retryAfterSeconds: 1,
  });
}
