/** What endpoints are told, and what must not be told any more → records of `delivery-inbox`, in the commit of what happened. */
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { DeliveriesWithdrawn, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { requestDeliveries, withdrawOutdated } from '../../core/deliver/request-delivery.ts';
import type { WebhookFact } from '../../core/deliver/request-delivery.ts';
import { matchesType } from '../../core/deliver/type-patterns.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';
import { endpointsOf } from './live-definitions.ts';

type Partitions = (topic: string) => number;

/** Every endpoint that wants the fact gets a delivery; older outreach that it makes out of date is withdrawn from the others. */
export function writeWebhook(work: DeliverWork, partitions: Partitions, fact: WebhookFact): void {
  const endpoints = endpointsOf(work, fact.workspace);
  for (const request of requestDeliveries(endpoints, fact)) write(work, partitions, request);
  for (const withdrawal of withdrawOutdated(endpoints, fact)) write(work, partitions, withdrawal);
}

/** Ends of an action after which its request must not be sent any more (`action.withdrawn` says so itself, an expiry is the delivery's own). */
const ENDS: Readonly<Record<string, { state: DeliveriesWithdrawn['state']; reason: string }>> = {
  'action.superseded': { state: 'superseded', reason: 'a newer action took its place' },
  'action.suppressed': { state: 'suppressed', reason: 'the person may not be contacted' },
  'action.done': { state: 'superseded', reason: 'the action was done' },
  'action.declined': { state: 'superseded', reason: 'the action was declined' },
};

/** An action ended: what asks for it and still waits is withdrawn. */
export function withdrawAction(work: DeliverWork, partitions: Partitions, fact: ActionFact): void {
  const end = ENDS[fact.type];
  const { requestedAt, journeyId, suppressedBy } = fact.action;
  if (!end || requestedAt === null) return;
  const reason = suppressedBy === null ? end.reason : `${end.reason}: ${suppressedBy}`;
  const withdrawn = { journeyId, types: ['action.requested'], state: end.state, reason };
  withdrawWebhooks(work, partitions, fact.workspace, withdrawn, fact.at);
}

/** What waits for a person or a journey, and by which types (patterns), must not be sent any more. */
export interface WithdrawnMessages {
  personId?: string;
  journeyId?: string;
  types: readonly string[];
  state: DeliveriesWithdrawn['state'];
  /** Plain words: stands in the fact and in the history. */
  reason: string;
}

export function withdrawWebhooks(
  work: DeliverWork,
  partitions: Partitions,
  workspace: string,
  { personId, journeyId, types, state, reason }: WithdrawnMessages,
  now: number,
): void {
  if (personId === undefined && journeyId === undefined) return;
  for (const endpoint of endpointsOf(work, workspace)) {
    if (!mayHave(endpoint.types, types)) continue;
    write(work, partitions, {
      type: 'deliveries.withdrawn',
      workspace,
      endpointId: endpoint.id,
      personId: personId ?? null,
      journeyId: journeyId ?? null,
      alertId: null,
      types: [...types],
      state,
      reason,
      at: now,
    });
  }
}

/** Two lists of patterns may have a type in common. */
function mayHave(wanted: readonly string[], withdrawn: readonly string[]): boolean {
  const plain = (pattern: string): string => pattern.replace(/\.?\*$/, '.x').replace(/^\./, '');
  return wanted.some((one) =>
    withdrawn.some((other) => matchesType([one], plain(other)) || matchesType([other], plain(one))),
  );
}

function write(work: DeliverWork, partitions: Partitions, value: DeliveryRequested | DeliveriesWithdrawn): void {
  const key = keyOf.endpoint(value.workspace, value.endpointId);
  work.output({ topic: 'delivery-inbox', partition: partitionOf(key, partitions('delivery-inbox')), key, value });
}
