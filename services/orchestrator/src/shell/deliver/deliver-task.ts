import type { EndpointPut, EndpointRemoved } from '@cairn/contracts/generated/control.ts';
import type {
  AttemptResult,
  DeliveriesWithdrawn,
  DeliveryCommand,
  DeliveryLoaded,
  DeliveryRequested,
  DeliveryWithdrawn,
} from '@cairn/contracts/generated/delivery.ts';
import type { Metrics } from '@cairn/service-kit/metrics.ts';
import { NO_OUTCOME } from '@cairn/task/task.ts';
import type { EffectRunner, TaskDefinition, TaskHandler, TaskInput, TaskOutcome, TaskState } from '@cairn/task/task.ts';
import { idleLoad, resettle } from '../../core/deliver/endpoint-load.ts';
import type { Endpoint, EndpointLoad } from '../../core/deliver/model.ts';
import { testDelivery } from '../../core/deliver/request-delivery.ts';
import { openEndpoint } from './deliver-endpoint.ts';
import type { DeliverTopics } from './deliver-endpoint.ts';
import { stepJob } from './deliver-jobs.ts';
import { keys, readDelivery, readKey } from './deliver-keys.ts';
import { createDeliverWork } from './deliver-work.ts';
import type { DeliverWork } from './deliver-work.ts';
import { startJob } from './start-job.ts';
import { supersedeOlder } from './supersede.ts';
import { takeWithdrawal } from './take-withdrawal.ts';

export const DELIVER_TASK = 'deliver';

/** Attempts under way at once in one process, over all endpoints: a few hundred hanging ones leave room for the others. */
export const ATTEMPTS_AT_ONCE = 2_048;

/** A request under the same Idempotency-Key comes within a day, if at all. */
const COMMAND_KEPT_MS = 24 * 3_600_000;

export interface DeliverTaskDeps {
  topics: DeliverTopics;
  metrics: Metrics;
  sendWebhook: EffectRunner;
  /** Looks up the record that asked for a delivery. */
  loadRequest: EffectRunner;
}

type Message =
  | EndpointPut
  | EndpointRemoved
  | DeliveryRequested
  | AttemptResult
  | DeliveryCommand
  | DeliveryWithdrawn
  | DeliveriesWithdrawn
  | DeliveryLoaded;

/**
 * The deliverer's task: `delivery-inbox` → who is sent what and when. Endpoints, requests, results and commands all come through the
 * inbox; what is sent is an effect after the commit. The deciding is in core/deliver; this only says which message is which input.
 */
export function createDeliverTask(deps: DeliverTaskDeps): TaskDefinition {
  const ended = deps.metrics.counter('cairn_deliveries_ended_total', 'Deliveries that ended, by how', ['state']);

  const handle: TaskHandler = function deliver(state, input, now) {
    const outcome = handleDelivery(deps.topics, state, input, now);
    // A cycle done again after a fault counts again: good enough for a rate, and the facts have the truth.
    for (const { topic, value } of outcome.outputs ?? []) {
      const fact = value as { type?: string; delivery?: { state: string } };
      if (topic === 'deliveries' && fact.type === 'delivery.ended') ended.inc({ state: fact.delivery!.state });
    }
    return outcome;
  };
  return {
    name: DELIVER_TASK,
    inbox: 'delivery-inbox',
    handle,
    effects: { 'send-webhook': deps.sendWebhook, 'load-request': deps.loadRequest },
  };
}

/** The pure half: everything but the metrics. */
export function handleDelivery(topics: DeliverTopics, state: TaskState, input: TaskInput, now: number): TaskOutcome {
  const work = createDeliverWork(state);
  if (input.type === 'timer') handleTimer(work, topics, input.key, input.purpose, now);
  else if (input.message === null) return NO_OUTCOME;
  else handleMessage(work, topics, input.message as Message, String(input.record.offset), now);
  return work.outcome();
}

function handleMessage(work: DeliverWork, topics: DeliverTopics, message: Message, source: string, now: number): void {
  switch (message.type) {
    case 'endpoint.put':
      return putEndpoint(work, topics, message.endpoint, now);
    case 'endpoint.removed':
      return removeEndpoint(work, message.workspace, message.id, now);
    case 'delivery.requested':
      return request(work, topics, message, source, now);
    case 'delivery.attempted':
      return advance(
        work,
        topics,
        message,
        (open) => open.advance(message.deliveryId, { type: 'attempted', result: message }),
        now,
      );
    case 'delivery.withdrawn':
      return advance(
        work,
        topics,
        message,
        (open) => open.advance(message.deliveryId, { type: 'withdrawn', state: message.state }),
        now,
      );
    case 'deliveries.withdrawn':
      return advance(work, topics, message, (open) => takeWithdrawal(work, open, message, now), now);
    case 'delivery.command':
      return command(work, topics, message, source, now);
    case 'delivery.loaded':
      return sendAgain(work, topics, message, now);
    default:
      throw new Error(`delivery-inbox: no such message: ${String((message as { type?: unknown }).type)}`);
  }
}

function handleTimer(work: DeliverWork, topics: DeliverTopics, key: string, purpose: string, now: number): void {
  const { workspace, endpointId, rest } = readKey(key);
  const of = { workspace, endpointId };
  switch (purpose) {
    case 'retry':
      return advance(work, topics, of, (open) => open.advance(rest, { type: 'due' }), now);
    case 'expire':
      return advance(work, topics, of, (open) => open.advance(rest, { type: 'expired' }), now);
    case 'turn':
      return advance(work, topics, of, () => {}, now);
    case 'forget':
      return work.set(key, null);
    case 'step':
      return stepJob(work, topics, workspace, endpointId, rest, now);
    default:
      throw new Error(`delivery-inbox: no such timer: ${purpose}`);
  }
}

/** Opens the endpoint, lets `change` act on it, and lets those who wait move up. Nothing happens where the endpoint is gone. */
function advance(
  work: DeliverWork,
  topics: DeliverTopics,
  { workspace, endpointId }: { workspace: string; endpointId: string },
  change: (open: NonNullable<ReturnType<typeof openEndpoint>>) => void,
  now: number,
): void {
  const open = openEndpoint(work, topics, workspace, endpointId, now);
  if (!open) return;
  change(open);
  open.close();
}

function request(
  work: DeliverWork,
  topics: DeliverTopics,
  asked: DeliveryRequested,
  source: string,
  now: number,
): void {
  const { workspace, endpointId, deliveryId: id } = asked;
  if (work.get(keys.delivery(workspace, endpointId, id)) !== undefined) return;
  advance(
    work,
    topics,
    asked,
    (open) => {
      supersedeOlder(work, open, asked);
      open.begin(asked, source);
    },
    now,
  );
}

function putEndpoint(work: DeliverWork, topics: DeliverTopics, endpoint: Endpoint, now: number): void {
  const { workspace, id } = endpoint;
  const before = work.get<Endpoint>(keys.endpoint(workspace, id));
  // The echo of our own change, or one that was overtaken.
  if (before && before.version > endpoint.version) return;
  const load = work.get<EndpointLoad>(keys.load(workspace, id)) ?? idleLoad(endpoint);
  const startAnew = before?.state === 'disabled' && endpoint.state === 'enabled';
  work.set(keys.endpoint(workspace, id), endpoint);
  work.set(keys.load(workspace, id), resettle(before ?? endpoint, endpoint, load, startAnew));
  if (startAnew) work.set(keys.job(workspace, id, 'end'), null);
  if (before && before.state === 'enabled' && endpoint.state === 'disabled')
    startJob(work, workspace, id, 'end', {}, now);
  advance(work, topics, { workspace, endpointId: id }, () => {}, now);
}

function removeEndpoint(work: DeliverWork, workspace: string, id: string, now: number): void {
  if (!work.get(keys.endpoint(workspace, id))) return;
  work.set(keys.endpoint(workspace, id), null);
  work.set(keys.load(workspace, id), null);
  work.set(keys.withdrawals(workspace, id), null);
  startJob(work, workspace, id, 'remove', {}, now);
}

function command(work: DeliverWork, topics: DeliverTopics, asked: DeliveryCommand, source: string, now: number): void {
  const { workspace, endpointId } = asked;
  if (!work.get(keys.endpoint(workspace, endpointId))) return;
  const done = keys.command(workspace, endpointId, asked.commandId);
  if (work.get(done) !== undefined) return;
  work.set(done, now);
  work.timer(done, 'forget', now + COMMAND_KEPT_MS);
  switch (asked.command) {
    case 'test':
      return request(work, topics, testDelivery(asked), source, now);
    case 'recover':
      return startJob(work, workspace, endpointId, `recover-${asked.commandId}`, { since: asked.since ?? 0 }, now);
    case 'resend': {
      const id = asked.deliveryId ?? '';
      const { over } = readDelivery(work, keys.delivery(workspace, endpointId, id));
      if (over)
        return work.effect({
          type: 'load-request',
          id: `load-${asked.commandId}`,
          key: `${workspace}/${endpointId}`,
          payload: { workspace, endpointId, deliveryId: id, mode: 'resend', offset: over.delivery.source },
        });
      return advance(work, topics, asked, (open) => open.advance(id, { type: 'resend' }), now);
    }
    case 'replay-missing':
      // The route asks for each missing delivery by itself; nothing is left to do here.
      return;
  }
}

/** What was looked up for a delivery that ended: one attempt (`resend`), or a new chain (`recover`). */
function sendAgain(work: DeliverWork, topics: DeliverTopics, loaded: DeliveryLoaded, now: number): void {
  const { workspace, endpointId, deliveryId: id } = loaded;
  const { over } = readDelivery(work, keys.delivery(workspace, endpointId, id));
  const found = loaded.request as DeliveryRequested | DeliveryCommand | null;
  if (!over || !found) return;
  const asked = found.type === 'delivery.command' ? testDelivery(found) : found;
  advance(
    work,
    topics,
    loaded,
    (open) => {
      if (loaded.mode === 'resend') open.beginExtra(asked, over);
      else open.begin(asked, over.delivery.source, { attempts: over.attempts, attempt: over.delivery.attempt });
    },
    now,
  );
}
