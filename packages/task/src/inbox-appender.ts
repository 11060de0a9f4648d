import type { Clock } from '@cairn/clock/clock.ts';
import { Fenced } from '@cairn/log/log.ts';
import type { OwnedPartition } from '@cairn/log/log.ts';

/**
 * Appends results of effects to the own inbox: those that come in while an append is under way go together in the next one.
 * Tries again until the signal is aborted; a result that lands twice is told apart by its effect id.
 */
export interface InboxAppender {
  /** Resolves once the record is durable; rejects with `Fenced`, or when the signal is aborted. */
  append(record: InboxRecord): Promise<void>;
}

export type InboxRecord = Parameters<OwnedPartition['appendToInbox']>[0][number];

/** Between two tries of an append (ms). */
const RETRY_MS = 100;

export function createInboxAppender(owned: OwnedPartition, clock: Clock, signal: AbortSignal): InboxAppender {
  let waiting: InboxRecord[] = [];
  let next: Promise<void> | null = null;
  let underWay: Promise<void> = Promise.resolve();

  async function flush(before: Promise<void>): Promise<void> {
    await before.catch(() => {});
    const records = waiting;
    waiting = [];
    next = null;
    for (;;) {
      signal.throwIfAborted();
      try {
        return await owned.appendToInbox(records);
      } catch (error) {
        if (error instanceof Fenced) throw error;
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  return {
    append(record) {
      waiting.push(record);
      if (!next) underWay = next = flush(underWay);
      return next;
    },
  };
}
