import { idOf } from '@cairn/contracts/ids.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { requestDeliveries } from '../../core/deliver/request-delivery.ts';
import type { DeliverTopics } from './deliver-endpoint.ts';
import { keys } from './deliver-keys.ts';
import type { DeliverWork } from './deliver-work.ts';

/** Tells the workspace's other endpoints that want to know of one endpoint's trouble (`endpoint.disabled`, `delivery.exhausted` …). */
export function announce(
  work: DeliverWork,
  topics: DeliverTopics,
  about: Endpoint,
  event: { type: string; what: string; data: Record<string, unknown> },
  now: number,
): void {
  const { workspace } = about;
  const others: Endpoint[] = [];
  for (const key of work.keys(keys.endpointsOf(workspace))) {
    const endpoint = work.get<Endpoint>(key);
    if (endpoint && endpoint.id !== about.id) others.push(endpoint);
  }
  const fact = { workspace, factId: idOf('fact', event.type, event.what), type: event.type, at: now, data: event.data };
  for (const request of requestDeliveries(others, fact)) {
    const key = keyOf.endpoint(workspace, request.endpointId);
    const partition = partitionOf(key, topics.partitions('delivery-inbox'));
    work.output({ topic: 'delivery-inbox', partition, key, value: request });
  }
}
