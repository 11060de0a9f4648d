import { decodeJson } from '@cairn/contracts/json.ts';
import type { DeliveryLoaded } from '@cairn/contracts/generated/delivery.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Log } from '@cairn/log/log.ts';
import type { EffectRunner } from '@cairn/task/task.ts';

/** Looks up the inbox record that asked for a delivery, to send it again: bodies of ended deliveries are kept nowhere else. */
export function createLoadRequest(log: Pick<Log, 'read' | 'partitions'>): EffectRunner {
  return async function loadRequest(effect) {
    const { workspace, endpointId, deliveryId, mode, offset } = effect.payload as Omit<DeliveryLoaded, 'request'> & {
      offset: string;
    };
    const partition = partitionOf(keyOf.endpoint(workspace, endpointId), log.partitions('delivery-inbox'));
    const [record] = await log.read('delivery-inbox', partition, BigInt(offset), 1);
    // Kept no more: the read goes on at the oldest record there is.
    const found = record?.value && record.offset === BigInt(offset) ? decodeJson(record.value) : null;
    const loaded: DeliveryLoaded = {
      type: 'delivery.loaded',
      workspace,
      endpointId,
      deliveryId,
      mode,
      request: found as DeliveryLoaded['request'],
    };
    return loaded;
  };
}
