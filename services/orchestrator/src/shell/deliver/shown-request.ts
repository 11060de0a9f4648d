import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { Delivery, DeliveryCommand, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Log } from '@cairn/log/log.ts';
import { testDelivery } from '../../core/deliver/request-delivery.ts';
import { webhookBody } from '../../core/deliver/webhook-body.ts';
import { ownHeaders } from './send-webhook.ts';
import { renderBody } from './webhook-template.ts';

/** What an attempt sends, as a person may see it: values that are secret, or would let someone sign, are left out. */
export interface ShownRequest {
  method: 'POST';
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** null where the record that asked for it is kept no more. As the endpoint is now: what a resend would send. */
export async function showRequest(
  log: Pick<Log, 'read' | 'partitions'>,
  endpoint: Endpoint,
  delivery: Delivery,
): Promise<ShownRequest | null> {
  if (delivery.source === undefined) return null;
  const partition = partitionOf(keyOf.endpoint(endpoint.workspace, endpoint.id), log.partitions('delivery-inbox'));
  const offset = BigInt(delivery.source);
  const [record] = await log.read('delivery-inbox', partition, offset, 1);
  if (!record?.value || record.offset !== offset) return null;
  const found = decodeJson(record.value) as DeliveryRequested | DeliveryCommand;
  const asked = found.type === 'delivery.command' ? testDelivery(found) : found;
  if (asked.type !== 'delivery.requested') return null;
  const body = webhookBody(asked, endpoint);
  return {
    method: 'POST',
    url: endpoint.url,
    headers: {
      ...Object.fromEntries(ownHeaders(endpoint.headers).map((name) => [name, '[set]'])),
      ...(endpoint.auth?.type === 'oauth2' ? { authorization: 'Bearer [set]' } : {}),
      'content-type': 'application/json',
      'webhook-id': delivery.id,
      'webhook-timestamp': '[of the attempt]',
      'webhook-signature': '[redacted]',
    },
    body: await renderBody(endpoint.template ?? null, body),
  };
}
