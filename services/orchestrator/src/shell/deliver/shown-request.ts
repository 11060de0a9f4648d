import { parseInstant } from '@cairn/clock/calendar.ts';
import { namesErased } from '@cairn/contracts/erased-letter.ts';
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

/** By the id of who was erased, when (epoch ms). */
export type Erased = ReadonlyMap<string, number>;

/** null where the record that asked for it is kept no more, or names somebody who was erased. As the endpoint is now: what a resend would send. */
export async function showRequest(
  log: Pick<Log, 'read' | 'partitions'>,
  endpoint: Endpoint,
  delivery: Delivery,
  erased: Erased,
): Promise<ShownRequest | null> {
  const value = await askedBy(log, delivery);
  if (!value || namesErased(new TextDecoder().decode(value), erased)) return null;
  const found = decodeJson(value) as DeliveryRequested | DeliveryCommand;
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

/**
 * Without what receivers answered, where the message told of somebody who was erased: an answer may say again what it was sent. Where it is not
 * known any more what the message said, so is everyone who was erased since.
 */
export async function withoutErased(
  log: Pick<Log, 'read' | 'partitions'>,
  delivery: Delivery,
  erased: Erased,
): Promise<Delivery> {
  const createdAt = parseInstant(delivery.createdAt) ?? 0;
  const answered = delivery.attempts.some(({ responseBody }) => responseBody !== null && responseBody !== '');
  if (!answered || ![...erased.values()].some((at) => at >= createdAt)) return delivery;
  const value = await askedBy(log, delivery);
  if (value && !namesErased(new TextDecoder().decode(value), erased)) return delivery;
  return { ...delivery, attempts: delivery.attempts.map((attempt) => ({ ...attempt, responseBody: null })) };
}

/** The record that asked for it; null: kept no more. */
async function askedBy(log: Pick<Log, 'read' | 'partitions'>, delivery: Delivery): Promise<Uint8Array | null> {
  if (delivery.source === undefined) return null;
  const { workspace, endpointId } = delivery;
  const partition = partitionOf(keyOf.endpoint(workspace, endpointId), log.partitions('delivery-inbox'));
  const offset = BigInt(delivery.source);
  const [record] = await log.read('delivery-inbox', partition, offset, 1);
  return record?.offset === offset ? record.value : null;
}
