/** What is written and asked for of one delivery: the effect that sends it, what is kept once it ended, the dead letter. Decides nothing. */
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Effect, TaskOutput } from '@cairn/task/task.ts';
import type { EndedDelivery, Endpoint, PendingDelivery, SendWebhook } from '../../core/deliver/model.ts';

/** Under one id for one attempt, however often it is done. */
export function sendEffect(endpoint: Endpoint, delivery: PendingDelivery, attempt: number): Effect {
  const { workspace, id: endpointId, url, headers, secrets, auth, template } = endpoint;
  const payload: SendWebhook = {
    workspace,
    endpointId,
    deliveryId: delivery.id,
    attempt,
    url,
    headers,
    secrets,
    ...(auth ? { auth } : {}),
    ...(template ? { template } : {}),
    body: delivery.body,
  };
  const key = keyOf.endpoint(workspace, endpointId);
  return { type: 'send-webhook', id: idOf('att', delivery.id, attempt), key, payload };
}

/** Without what only an attempt needs. */
export function endedOf(delivery: PendingDelivery, now: number): EndedDelivery {
  const { attempts, body: _body, people: _people, phase: _phase, probe: _probe, extra: _extra, ...more } = delivery;
  const { endAs: _endAs, ...rest } = more;
  return {
    phase: 'over',
    state: delivery.state as EndedDelivery['state'],
    endedAt: now,
    delivery: rest,
    attempts: attempts.map((attempt) => ({ ...attempt, responseBody: null })),
  };
}

/** Someone may want to know what was never received, also after the delivery is forgotten. */
export function deadLetterOf(
  topics: { partitions(topic: string): number },
  delivery: PendingDelivery,
  now: number,
): TaskOutput {
  const { workspace } = delivery;
  const value: DeadLetter = {
    type: 'dead-letter',
    id: idOf('dl', 'delivery', delivery.id, delivery.attempt),
    workspace,
    at: now,
    reason: 'delivery-exhausted',
    messageId: delivery.id,
    raw: delivery.body,
    service: 'deliver',
    error: delivery.attempts.at(-1)?.code ?? null,
    position: null,
  };
  const topic = 'dead-letters';
  return { topic, partition: partitionOf(workspace, topics.partitions(topic)), key: workspace, value };
}
