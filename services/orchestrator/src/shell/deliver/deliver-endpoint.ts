import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { DeliveryFact, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { advanceDelivery, newDelivery } from '../../core/deliver/advance-delivery.ts';
import type { DeliveryInput, DeliveryStep } from '../../core/deliver/advance-delivery.ts';
import { deliveryFact, endpointNow } from '../../core/deliver/delivery-fact.ts';
import { idleLoad, nextLane, placesOf } from '../../core/deliver/endpoint-load.ts';
import type { EndedDelivery, Endpoint, EndpointLoad, Lane, PendingDelivery } from '../../core/deliver/model.ts';
import { keptMs } from '../../core/deliver/kept.ts';
import { webhookBody } from '../../core/deliver/webhook-body.ts';
import { hiddenPeople, withdrawalOf } from '../../core/deliver/withdrawal.ts';
import type { Withdrawal } from '../../core/deliver/withdrawal.ts';
import { announce } from './announce.ts';
import { keys, readDelivery } from './deliver-keys.ts';
import { deadLetterOf, endedOf, sendEffect } from './deliver-records.ts';
import type { DeliverWork } from './deliver-work.ts';
import { createJourneyQueue } from './journey-queue.ts';
import { startJob } from './start-job.ts';
import { forgetAction, tellAccepted } from './supersede.ts';

/**
 * One endpoint within one handler call: carries out what the heart decides (state, queues, facts, effects) and lets those who wait
 * move up. Pure: it only fills the work's outcome.
 */
export interface OpenEndpoint {
  /** A new delivery, or one that ended before and begins again (`attempts` so far). */
  begin(
    request: DeliveryRequested,
    source: string,
    again?: { attempts: PendingDelivery['attempts']; attempt: number },
  ): void;
  /** One attempt of a delivery that ended, outside of any chain. */
  beginExtra(request: DeliveryRequested, ended: EndedDelivery): void;
  advance(id: string, input: DeliveryInput): void;
  /** Withdraws it if a withdrawal that is known concerns it. */
  withdrawIfAsked(id: string): void;
  countWithdrawals(count: number): void;
  /** Lets those who wait move up and keeps what changed. Call once, last. */
  close(): void;
}

export interface DeliverTopics {
  partitions(topic: string): number;
}

/** Looked at in one go; the rest follow a millisecond later, so that one endpoint's queue never holds up a cycle. */
const MOVED_UP_MAX = 200;

export function openEndpoint(
  work: DeliverWork,
  topics: DeliverTopics,
  workspace: string,
  endpointId: string,
  now: number,
): OpenEndpoint | null {
  const known = work.get<Endpoint>(keys.endpoint(workspace, endpointId));
  if (!known) return null;
  const loadKey = keys.load(workspace, endpointId);
  let endpoint = known;
  let load = work.get<EndpointLoad>(loadKey) ?? idleLoad(endpoint);
  const routing = keyOf.endpoint(workspace, endpointId);
  const journeys = createJourneyQueue(work, workspace, endpointId);
  const dKey = (id: string): string => keys.delivery(workspace, endpointId, id);
  const pendingOf = (id: string): PendingDelivery | null => readDelivery(work, dKey(id)).pending;

  function say(fact: DeliveryFact): void {
    const partition = partitionOf(routing, topics.partitions('deliveries'));
    work.output({ topic: 'deliveries', partition, key: routing, value: { ...fact, endpoint: endpointNow(load, now) } });
  }

  function tell(type: string, what: string, more: Record<string, unknown>): void {
    announce(work, topics, endpoint, { type, what, data: { endpointId, url: endpoint.url, ...more } }, now);
  }

  const bodyOf = (request: DeliveryRequested): string => webhookBody(request, endpoint);
  /** Only messages that hide whom they tell of need a list of their own. */
  function peopleOf(request: DeliveryRequested): Pick<PendingDelivery, 'people'> {
    if (endpoint.payload !== 'thin' && endpoint.preset !== 'slack') return {};
    const people = hiddenPeople(request.data, bodyOf(request));
    return people.length > 0 ? { people } : {};
  }

  /** Returns the id of the one that may go next in its journey. */
  function take(step: DeliveryStep): string | null {
    const { delivery } = step;
    load = step.load;
    step.outputs.forEach(say);
    if (step.send !== null) send(delivery, step.send);
    if (step.queue) enqueue(step.queue.lane, delivery.id);
    let promoted: string | null = null;
    if (delivery.phase === 'ended') promoted = finish(delivery);
    else {
      work.set(dKey(delivery.id), delivery);
      for (const { purpose, dueAt } of step.timers) work.timer(dKey(delivery.id), purpose, dueAt);
    }
    if (step.disable !== null) disable(step.disable);
    else if (step.warn !== null)
      tell('endpoint.failing', `${endpointId}/${load.health.failingSince}/${step.warn}`, { share: step.warn });
    return promoted;
  }

  function run(delivery: PendingDelivery, input: DeliveryInput): void {
    goOn(advanceDelivery(endpoint, load, delivery, input, now));
  }

  /** What is to be done instead of an attempt: nothing is sent that was withdrawn by the time of `by`. */
  function withdrawn(delivery: PendingDelivery, isConcerned: (by: Withdrawal) => boolean): DeliveryInput | null {
    if (!load.withdrawals) return null;
    const known = work.get<readonly Withdrawal[]>(keys.withdrawals(workspace, endpointId)) ?? [];
    const by = withdrawalOf(known.filter(isConcerned), delivery);
    return by ? { type: 'withdrawn', state: by.state, reason: by.reason } : null;
  }
  const sinceMade = (delivery: PendingDelivery) => withdrawn(delivery, (by) => delivery.createdAt <= by.takenAt);

  function goOn(step: DeliveryStep): void {
    let next = take(step);
    while (next !== null) {
      const behind = pendingOf(next)!;
      const input = sinceMade(behind) ?? { type: 'due' as const };
      next = take(advanceDelivery(endpoint, load, { ...behind, phase: 'waiting' }, input, now));
    }
  }

  function send(delivery: PendingDelivery, attempt: number): void {
    work.effect(sendEffect(endpoint, delivery, attempt));
  }

  function enqueue(lane: Lane, id: string): void {
    const { first, next } = placesOf(load, lane);
    work.set(keys.place(workspace, endpointId, lane, next), id);
    load = { ...load, lanes: { ...load.lanes, [lane]: { first, next: next + 1 } } };
  }

  function dequeue(lane: Lane): void {
    const { first, next } = placesOf(load, lane);
    work.set(keys.place(workspace, endpointId, lane, first), null);
    load = { ...load, lanes: { ...load.lanes, [lane]: { first: first + 1, next } } };
  }

  function moveUp(): void {
    for (let looked = 0; looked < MOVED_UP_MAX; looked++) {
      const lane = nextLane(endpoint, load);
      if (lane === null) return work.timer(loadKey, 'turn', null);
      const id = work.get<string>(keys.place(workspace, endpointId, lane, placesOf(load, lane).first));
      const delivery = id === undefined ? null : pendingOf(id);
      // It ended, or was sent, while it stood here.
      if (delivery?.phase !== 'queued') {
        dequeue(lane);
        continue;
      }
      const step = advanceDelivery(endpoint, load, delivery, sinceMade(delivery) ?? { type: 'turn' }, now);
      if (step.queue)
        return work.timer(loadKey, 'turn', step.queue.at === null ? null : Math.max(step.queue.at, now + 1));
      dequeue(lane);
      goOn({ ...step, load: { ...step.load, lanes: load.lanes } });
    }
    work.timer(loadKey, 'turn', now + 1);
  }

  function finish(delivery: PendingDelivery): string | null {
    const state = delivery.state as EndedDelivery['state'];
    const key = dKey(delivery.id);
    if (delivery.type === 'action.requested') {
      if (state === 'delivered') tellAccepted(work, topics, delivery, now);
      forgetAction(work, delivery);
    }
    // A person's single attempt that failed too exhausts nothing anew.
    const isExhausted = state === 'exhausted' && delivery.extra === null;
    if (isExhausted) work.output(deadLetterOf(topics, delivery, now));
    work.set(key, endedOf(delivery, now));
    work.timer(key, 'retry', null);
    work.timer(key, 'expire', null);
    work.timer(key, 'forget', now + keptMs(state));
    // Of the operator's own events nothing is said: two dead endpoints would tell each other for ever.
    if (isExhausted && !/^(endpoint|delivery)\./.test(delivery.type))
      tell('delivery.exhausted', delivery.id, { delivery: deliveryFact('delivery.ended', delivery, now).delivery });
    return delivery.journeyId === null ? null : journeys.promote(delivery.journeyId, delivery.id);
  }

  function keep(delivery: PendingDelivery): void {
    const key = dKey(delivery.id);
    work.set(key, delivery);
    work.timer(key, 'forget', null);
    if (delivery.expiresAt !== null) work.timer(key, 'expire', Math.max(delivery.expiresAt, now + 1));
    say(deliveryFact('delivery.created', delivery, now));
  }

  function disable(reason: string): void {
    if (endpoint.state === 'disabled') return;
    endpoint = {
      ...endpoint,
      state: 'disabled',
      disabledReason: reason,
      disabledAt: now,
      version: endpoint.version + 1,
    };
    work.set(keys.endpoint(workspace, endpointId), endpoint);
    // Everyone else learns it as if a person had done it.
    work.output({
      topic: 'control',
      partition: 0,
      key: keyOf.control(workspace, 'endpoint', endpointId),
      value: { type: 'endpoint.put', workspace, endpoint, at: now },
    });
    startJob(work, workspace, endpointId, 'end', {}, now);
    tell('endpoint.disabled', `${endpointId}/${endpoint.version}`, { reason });
  }

  return {
    begin(request, source, again) {
      const delivery = { ...newDelivery(request, bodyOf(request), source, now), ...peopleOf(request), ...again };
      keep(delivery);
      const instead = withdrawn(delivery, (by) => request.at <= by.at);
      if (instead) run(delivery, instead);
      else if (endpoint.fifo && journeys.standBehind(delivery))
        work.set(dKey(delivery.id), { ...delivery, phase: 'blocked' });
      else run(delivery, { type: 'due' });
    },
    beginExtra(request, ended) {
      const delivery: PendingDelivery = {
        ...ended.delivery,
        state: 'pending',
        expiresAt: null,
        dueAt: now,
        phase: 'waiting',
        probe: false,
        extra: { back: ended.state },
        endAs: null,
        attempts: ended.attempts,
        body: bodyOf(request),
        ...peopleOf(request),
      };
      keep(delivery);
      run(delivery, withdrawn(delivery, (by) => request.at <= by.at) ?? { type: 'due' });
    },
    advance(id, input) {
      const delivery = pendingOf(id);
      if (!delivery) return;
      const isAttempt = input.type === 'due' || input.type === 'resend';
      run(delivery, (isAttempt && sinceMade(delivery)) || input);
    },
    withdrawIfAsked(id) {
      const delivery = pendingOf(id);
      const input = delivery && sinceMade(delivery);
      if (input) run(delivery, input);
    },
    countWithdrawals(count) {
      load = { ...load, withdrawals: count };
    },
    close() {
      moveUp();
      work.set(loadKey, load);
    },
  };
}
