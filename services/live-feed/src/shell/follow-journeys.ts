/**
 * Reads `journeys`, `alerts`, `actions`, `identities` and `dead-letters` from where the view stands, and hands each fact to the view and to the hub, in the log's
 * order. A record that cannot be read is counted and passed over: one bad record must not stop everyone's screen.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import type { ActionFact, ActionFile } from '@cairn/contracts/generated/action.ts';
import type { AlertFact, AlertFile } from '@cairn/contracts/generated/alert.ts';
import type { BudgetTold } from '@cairn/contracts/generated/budget.ts';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { readChangeHead } from '@cairn/contracts/journey-head.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import { journeyId } from '@cairn/contracts/ids.ts';
import type { Batch, Follower, Log, LogRecord } from '@cairn/log/log.ts';
import type { Logger } from 'pino';
import { adoptAlerts } from './adopt-alerts.ts';
import type { Hub } from './hub.ts';
import type { RecentRecords } from './recent-records.ts';
import type { View } from './view.ts';

export interface FollowJourneys {
  /** Everything that stood in the topics at the start has been read. */
  caughtUp: () => boolean;
  lag: () => Promise<number>;
  /** Facts of journeys read since the start. */
  advanced(): number;
  stop(): Promise<void>;
}

export interface FollowDeps {
  log: Log;
  clock: Clock;
  logger: Logger;
  view: View;
  hub: Hub;
  recent: RecentRecords;
  onRecord(topic: string, at: number): void;
  onUnreadable(topic: string): void;
}

export const FOLLOWED = ['journeys', 'alerts', 'actions', 'identities', 'dead-letters'] as const;
/** Some 2 ms of work: then the sockets have their turn. (With 15 ms, four senders of batches got 22,000 touchpoints/s accepted; the ingest shares the thread.) */
const RECORDS_A_TURN = 60;
const BYTES_A_TURN = 128 * 1024;
/** In a burst, readers that do read get time to: 128 KB in 4 ms are still 12,000 changes a second. */
const BREATH_MS = 4;
/** A view that falls behind is waited for: what a crash makes us read again, and memory, stay bounded. */
const PENDING_MAX = 20_000;
const PAUSE_AFTER_FAULT_MS = 200;

const ERASED = Buffer.from('"type":"person.erased"');

function isErasure({ topic, value }: LogRecord): boolean {
  return (
    topic === 'identities' &&
    value !== null &&
    Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, 100)).includes(ERASED)
  );
}

export async function followJourneys(deps: FollowDeps): Promise<FollowJourneys> {
  const { log, clock, logger, view, hub, recent } = deps;
  const stopping = new AbortController();
  const follower: Follower = await log.follow(FOLLOWED, view.store.cursor() ?? 'start');
  const isNew = view.store.cursor() === null;
  let caughtUp = false;
  let advanced = 0;
  /** Since the sockets had their turn; over batches, for a log in memory hands out one after the other without ever waiting. */
  let records = 0;
  let bytes = 0;

  function take(record: LogRecord): void {
    const { topic, partition, offset } = record;
    try {
      apply(record);
    } catch (error) {
      deps.onUnreadable(topic);
      logger.warn({ event: 'view.record-unreadable', topic, partition, offset: String(offset), err: error });
    }
    view.passed(topic, partition, offset);
    deps.onRecord(topic, record.at);
  }

  function apply(record: LogRecord): void {
    const { topic, value } = record;
    if (!value) return forget(record);
    if (topic === 'journeys') return applyJourney(record, value);
    if (topic === 'actions') {
      const said = decodeJson(value) as ActionFile | BudgetTold;
      if (said.type === 'budget.told') view.budgets.apply(said);
      else if ('action' in said) applyAction(said);
      else if (said.type === 'policy.totals') view.actions.apply(said);
      return;
    }
    const fact = decodeJson(value) as AlertFile | IdentityFile | DeadLetter;
    if (topic === 'identities') return applyIdentity(fact as IdentityFile, record.key);
    if (topic === 'dead-letters') return applyDeadLetter(fact as DeadLetter);
    if ('alert' in fact) applyAlert(record, fact, value.length);
  }

  function applyAction(said: ActionFact): void {
    const fact = view.erasures.shownAction(said);
    if (fact) view.actions.apply(fact);
  }

  function applyDeadLetter(letter: DeadLetter): void {
    if (!view.erasures.hidesLetter(letter)) view.deadLetters.apply(letter);
  }

  function applyAlert(record: LogRecord, told: AlertFact, bytes: number): void {
    const { topic, partition, offset } = record;
    const fact = view.erasures.shownAlert(told);
    if (!fact) return;
    const { workspace } = fact;
    view.alerts.apply(fact);
    view.rings.append('alerts', workspace, partition, offset);
    recent.add(record);
    view.passed(topic, partition, offset);
    hub.publish(workspace, { type: 'alert', fact, partition, offset }, view.offsets(topic), bytes);
  }

  function applyIdentity(fact: IdentityFile, key: string): void {
    view.people.apply(fact, key);
    if (fact.type === 'person.erased') view.erasures.apply(fact);
  }

  function applyJourney(record: LogRecord, value: Uint8Array): void {
    const { topic, partition, offset } = record;
    const head = readChangeHead(value);
    const { workspace } = head;
    let fact: JourneyChanged | undefined;
    advanced++;
    const applied = view.journeys.apply(head, value, partition, offset);
    // Read before the last crash, and shown then.
    if (!applied) return;
    view.rings.append('board', workspace, partition, offset);
    recent.add(record);
    view.passed(topic, partition, offset);
    hub.publish(
      workspace,
      {
        type: 'journey',
        head,
        fact: () => (fact ??= decodeJson(value) as JourneyChanged),
        before: applied.before,
        partition,
        offset,
      },
      view.offsets(topic),
      value.length,
    );
  }

  /** A tombstone: the journey or the person was erased. */
  function forget(record: LogRecord): void {
    const { topic, key } = record;
    const [workspace, subject, definition, of] = key.split('/');
    if (topic === 'journeys' && workspace && subject && definition)
      return forgetJourney(record, workspace, definition, journeyId(workspace, definition, subject));
    if (topic !== 'identities' || !workspace || !subject) return;
    if (subject === 'decision') view.people.undecide(key);
    else if (definition !== undefined) view.people.unsay(workspace, subject, definition, of ?? '');
    else view.people.forget(workspace, subject);
  }

  /** On the board it is told as the other changes are: also to who was away. */
  function forgetJourney(record: LogRecord, workspace: string, definition: string, id: string): void {
    const { topic, partition, offset, at } = record;
    if (!view.journeys.head(workspace, id)) return;
    view.journeys.remove(workspace, id);
    view.rings.append('board', workspace, partition, offset);
    recent.add(record);
    view.passed(topic, partition, offset);
    const change = { type: 'erased' as const, id, definition, at, partition, offset };
    hub.publish(workspace, change, view.offsets(topic), 0);
  }

  async function show(batch: Batch): Promise<void> {
    for (const record of batch.records) {
      // What is to be forgotten is looked for in what is written.
      if (isErasure(record)) await view.store.flush();
      take(record);
      bytes += record.value?.length ?? 0;
      if (++records < RECORDS_A_TURN && bytes < BYTES_A_TURN) continue;
      hub.settle();
      records = bytes = 0;
      if (hub.isBehind()) await clock.sleep(BREATH_MS);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    hub.settle();
    if (isNew && batch.caughtUp && !caughtUp) await adoptAlerts(view);
    view.store.advance(batch.cursor, batch.records.length);
    if (batch.caughtUp) caughtUp = true;
    if (view.store.pending() > PENDING_MAX) await view.store.settle();
  }

  const reading = (async () => {
    while (!stopping.signal.aborted) {
      try {
        // Until it has caught up it hardly waits: an empty log is caught up with at once.
        const waitMs = caughtUp ? 1_000 : 20;
        await show(await follower.next({ maxRecords: 2_000, waitMs, askCaughtUp: !caughtUp, signal: stopping.signal }));
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.warn({ event: 'view.follow-failed', err: error });
        await clock.sleep(PAUSE_AFTER_FAULT_MS, stopping.signal).catch(() => {});
      }
    }
  })();

  return {
    caughtUp: () => caughtUp,
    lag: () => follower.lag(),
    advanced: () => advanced,
    async stop() {
      stopping.abort();
      await follower.close();
      await reading;
    },
  };
}
