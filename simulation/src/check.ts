import { parseInstant } from '@cairn/clock/calendar.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { IdentityFile } from '@cairn/contracts/generated/identity.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import type { MemoryDisk } from '@cairn/log/memory-disk.ts';
import { checkIdentities } from './check-identities.ts';
import type { Received } from './endpoint.ts';
import type { FeedView } from './feed.ts';
import { expectations } from './oracle.ts';
import type { Expectation } from './oracle.ts';
import { MARGIN_MS } from './traffic.ts';
import type { Traffic } from './traffic.ts';
import { TOPIC_CONFIGS } from './world.ts';

/** What a run left behind, to be held against the oracle. */
export interface Evidence {
  traffic: Traffic;
  disk: MemoryDisk;
  acknowledged: ReadonlySet<string>;
  received: readonly Received[];
  view: FeedView;
  /** How far a process's clock was behind at most: what a client says happened after "now" counts as now, and so may stall that much sooner. */
  clockErrorMs: number;
}

interface Facts {
  journeys: JourneyChanged[];
  alerts: (AlertFact & { writtenAt: number })[];
  deliveries: DeliveryFact[];
  deadLetters: DeadLetter[];
}

/** Invariants 1, 2 and 4 of DESIGN section 10 (3, order and replay, in part; `checkReplay` has the rest). Returns what is broken. */
export function check(evidence: Evidence): string[] {
  const { disk } = evidence;
  const facts: Facts = {
    journeys: valuesOf<JourneyChanged>(disk, 'journeys'),
    alerts: recordsOf(disk, 'alerts').flatMap(({ value, at }) =>
      value ? [{ ...(decodeJson(value) as AlertFact), writtenAt: at }] : [],
    ),
    deliveries: valuesOf<DeliveryFact>(disk, 'deliveries'),
    deadLetters: valuesOf<DeadLetter>(disk, 'dead-letters'),
  };
  return [
    ...checkNothingLost(evidence, facts),
    ...checkSequences(facts),
    ...expectations(evidence.traffic).flatMap((expected) => checkJourney(expected, evidence, facts)),
    ...checkNoOtherAlerts(evidence, facts),
    ...checkWebhooks(evidence, facts),
    ...checkFeed(evidence),
    ...checkIdentities(valuesOf<IdentityFile>(disk, 'identities'), facts.journeys, evidence.traffic),
  ];
}

/** 1: every acknowledged call is on exactly one journey, once. */
function checkNothingLost({ traffic, acknowledged }: Evidence, { journeys, deadLetters }: Facts): string[] {
  const faults = deadLetters.map(
    (letter) => `dead letter: ${letter.service} ${letter.error} ${letter.raw.slice(0, 300)}`,
  );
  const shown = new Map<string, number>();
  for (const { workspace, touchpoint } of journeys)
    if (touchpoint) {
      const name = `${workspace} ${touchpoint.messageId}`;
      shown.set(name, (shown.get(name) ?? 0) + 1);
    }
  for (const { workspace, body } of traffic.calls) {
    const times = shown.get(`${workspace} ${body.messageId}`) ?? 0;
    if (!acknowledged.has(body.messageId)) faults.push(`never acknowledged: ${body.messageId}`);
    else if (times !== 1) faults.push(`acknowledged and shown ${times} times: ${body.messageId}`);
  }
  return faults;
}

/** 3: a journey's seq rises by exactly one. */
function checkSequences({ journeys }: Facts): string[] {
  const seqs = new Map<string, number>();
  return journeys.flatMap(({ journey: { id, seq } }) => {
    const before = seqs.get(id) ?? 0;
    seqs.set(id, seq);
    return seq === before + 1 ? [] : [`journey ${id}: seq ${seq} after ${before}`];
  });
}

/** 1 and 4: the journey of these buyers is what the calls make of it, and stalled when it had to, no earlier, no more often. */
function checkJourney(expected: Expectation, { clockErrorMs }: Evidence, facts: Facts): string[] {
  const name = `${expected.workspace} ${expected.family}`;
  const living = livingJourneys(facts);
  const ids = new Set(
    facts.journeys.flatMap(({ workspace, journey, touchpoint }) =>
      workspace === expected.workspace && touchpoint && expected.messageIds.includes(touchpoint.messageId)
        ? [living(journey.id)]
        : [],
    ),
  );
  if (ids.size !== 1) return [`${name}: is on ${ids.size} living journeys`];
  const id = [...ids][0]!;
  const { journey } = facts.journeys.findLast((fact) => fact.journey.id === id)!;
  const faults: string[] = [];
  const same = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted) faults.push(`${name}: ${what} is ${String(found)}, should be ${String(wanted)}`);
  };
  const stalled = expected.alerts.some(({ resolvedBy }) => resolvedBy === null);
  same('touchpoints', journey.touchpoints, expected.messageIds.length);
  same('stage', journey.stage, expected.stage);
  same('status', journey.status, expected.won ? 'won' : stalled ? 'stalled' : 'active');

  const mine = facts.alerts.filter(({ alert }) => living(alert.journeyId) === id);
  const opened = mine.filter(({ type }) => type === 'alert.opened').sort((a, b) => openedAt(a) - openedAt(b));
  same('number of stalls', opened.length, expected.alerts.length);
  for (const [i, wanted] of expected.alerts.entries()) {
    const fact = opened[i];
    if (!fact) break;
    const late = openedAt(fact) - wanted.dueAt;
    if (late < -clockErrorMs) faults.push(`${name}: a stall ${-late} ms early`);
    if (late > MARGIN_MS) faults.push(`${name}: a stall ${late} ms late`);
    same('stage of a stall', fact.alert.stage, wanted.stage);
    const resolved = mine.filter(({ type, alert }) => type === 'alert.resolved' && alert.id === fact.alert.id);
    same('number of resolutions', resolved.length, wanted.resolvedBy === null ? 0 : 1);
    if (resolved[0]) same('resolution', resolved[0].alert.resolvedBy, wanted.resolvedBy);
  }
  return faults;
}

function checkNoOtherAlerts({ traffic }: Evidence, { alerts }: Facts): string[] {
  const wanted = expectations(traffic).reduce((sum, { alerts: own }) => sum + own.length, 0);
  const opened = alerts.filter(
    ({ type, workspace }) => type === 'alert.opened' && traffic.workspaces.includes(workspace),
  ).length;
  return opened === wanted ? [] : [`${opened} stalls in all, should be ${wanted}`];
}

/** 2: each alert fact is one webhook id, delivered once; none left before its delivery was on record. */
function checkWebhooks({ received }: Evidence, { alerts, deliveries }: Facts): string[] {
  const faults: string[] = [];
  for (const { factId, type, imported } of alerts) {
    // What only the past gives, told anew after a split, is nobody's news.
    if (imported) continue;
    const ids = new Set(received.filter((each) => each.factId === factId).map(({ webhookId }) => webhookId));
    if (ids.size !== 1) faults.push(`${type} ${factId} went out under ${ids.size} webhook ids`);
    const ended = deliveries.filter((fact) => fact.type === 'delivery.ended' && fact.delivery.factId === factId);
    if (ended.length === 1 && wasWithdrawnBetweenTries(ended[0]!.delivery, received)) continue;
    if (ended.length !== 1 || ended[0]!.delivery.state !== 'delivered')
      faults.push(
        `${type} ${factId}: its delivery ended ${ended.map(({ delivery }) => delivery.state).join(', ') || 'never'}`,
      );
    else if (!received.some((each) => each.factId === factId && each.ok))
      faults.push(`${type} ${factId}: delivered, never received`);
  }
  const known = new Set(alerts.map(({ factId }) => factId));
  if (known.size !== alerts.length) faults.push('two alert facts under one id');
  for (const each of received) {
    if (!known.has(each.factId)) faults.push(`a webhook of ${each.type} ${each.factId}, which is no fact`);
    if (!each.known) faults.push(`webhook ${each.webhookId} left before its delivery was committed`);
  }
  return faults;
}

/**
 * It was tried, and whom it tells of was erased before it could be tried again: nothing is sent of the erased. Every answer on record is a
 * refusal (seeds 1017 and 1373), or the answer was lost in a crash (seed 193 of an earlier traffic): the receiver may have it, the delivery
 * cannot know. Nothing else may end so: one that was never tried was held back, one with a 2xx on record was delivered.
 */
function wasWithdrawnBetweenTries(
  { state, reason, factId, attempts }: DeliveryFact['delivery'],
  received: Evidence['received'],
): boolean {
  return (
    state === 'suppressed' &&
    reason === 'the person was erased' &&
    attempts.every(({ status }) => status === null || status >= 300) &&
    received.some((each) => each.factId === factId)
  );
}

/** What the feed has shown is the topics' records, each once, in order. */
function checkFeed({ disk, view }: Evidence): string[] {
  return ['journeys', 'alerts'].flatMap((topic) => {
    const name = ({ partition, offset }: LogRecord): string => `${partition}/${offset}`;
    const partitions = TOPIC_CONFIGS.find((each) => each.name === topic)!.partitions;
    return Array.from({ length: partitions }, (_, partition) => {
      const seen = view.seen.filter((record) => record.topic === topic && record.partition === partition).map(name);
      const all = disk.partition(topic, partition).records.map(name);
      return seen.join() === all.join()
        ? []
        : [`the feed showed ${seen.length} records of ${topic}-${partition}, there are ${all.length}`];
    }).flat();
  });
}

function livingJourneys({ journeys }: Facts): (id: string) => string {
  const into = new Map<string, string>();
  for (const { journey } of journeys) {
    if (journey.absorbedInto) into.set(journey.id, journey.absorbedInto);
    else into.delete(journey.id);
  }
  return (id) => {
    let living = id;
    for (let next = into.get(living); next; next = into.get(living)) living = next;
    return living;
  };
}

const openedAt = (fact: AlertFact): number => parseInstant(fact.alert.openedAt)!;

function recordsOf(disk: MemoryDisk, topic: string): LogRecord[] {
  const { partitions } = TOPIC_CONFIGS.find(({ name }) => name === topic)!;
  return Array.from({ length: partitions }, (_, partition) => disk.partition(topic, partition).records).flat();
}

function valuesOf<T>(disk: MemoryDisk, topic: string): T[] {
  return recordsOf(disk, topic).flatMap(({ value }) => (value ? [decodeJson(value) as T] : []));
}
