import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { DeliveryFact, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Log, LogRecord } from '@cairn/log/log.ts';
import { replayedFacts, topicsFor } from '../../core/deliver/replayed-facts.ts';
import { namesErased } from '@cairn/contracts/erased-letter.ts';
import { requestDeliveries } from '../../core/deliver/request-delivery.ts';

/**
 * Asks for the deliveries that an endpoint never had: facts since a time whose type it wants and for which no delivery was ever
 * made. Ids are those the delivery would have had, so asking twice makes none twice. Resolves to how many were asked for. Facts are
 * read from their topics, so as far back as those are kept; what endpoints are told of each other is not among them, nor what names
 * somebody who was erased since.
 */
export async function replayMissing(
  log: Pick<Log, 'read' | 'offsets' | 'partitions'>,
  endpoint: Endpoint,
  since: number,
  ask: (requests: readonly DeliveryRequested[]) => Promise<void>,
  erased: ReadonlyMap<string, number> = new Map(),
): Promise<number> {
  const { workspace } = endpoint;
  const had = new Set<string>();
  const key = keyOf.endpoint(workspace, endpoint.id);
  for await (const record of recordsSince(log, 'deliveries', since, partitionOf(key, log.partitions('deliveries'))))
    if (record.key === key && record.value) had.add((decodeJson(record.value) as DeliveryFact).delivery.id);

  let asked = 0;
  let batch: DeliveryRequested[] = [];
  async function flush(): Promise<void> {
    if (batch.length > 0) await ask(batch);
    asked += batch.length;
    batch = [];
  }
  for (const topic of topicsFor(endpoint.types))
    for await (const record of recordsSince(log, topic, since)) {
      if (!record.value || !record.key.startsWith(`${workspace}/`)) continue;
      if (erased.size > 0 && namesErased(new TextDecoder().decode(record.value), erased)) continue;
      for (const fact of replayedFacts(topic, decodeJson(record.value) as { type?: unknown })) {
        if (fact.at < since) continue;
        // The same merge is told to each subject that it concerns.
        const missing = requestDeliveries([endpoint], fact).filter(({ deliveryId }) => !had.has(deliveryId));
        for (const request of missing) had.add(request.deliveryId);
        batch.push(...missing);
      }
      if (batch.length >= BATCH) await flush();
    }
  await flush();
  return asked;
}

const BATCH = 500;

async function* recordsSince(
  log: Pick<Log, 'read' | 'offsets'>,
  topic: string,
  since: number,
  only?: number,
): AsyncGenerator<LogRecord> {
  for (const { partition, oldest, next } of await log.offsets(topic)) {
    if (only !== undefined && partition !== only) continue;
    for (let offset = oldest; offset < next;) {
      const records = await log.read(topic, partition, offset, BATCH);
      if (records.length === 0) break;
      for (const record of records) if (record.at >= since && record.offset < next) yield record;
      offset = records.at(-1)!.offset + 1n;
    }
  }
}
