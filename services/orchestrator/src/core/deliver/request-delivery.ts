import { deliveryId } from '@cairn/contracts/ids.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { DeliveriesWithdrawn, DeliveryCommand, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { sequenceOf } from './sequence.ts';
import { matchesType } from './type-patterns.ts';
import { passesFilter } from './webhook-filter.ts';

/** Something that happened and that endpoints may want to hear of. */
export interface WebhookFact {
  workspace: string;
  factId: string;
  /** `alert.opened` … */
  type: string;
  /** Epoch ms. */
  at: number;
  journeyId?: string | null;
  expiresAt?: number | null;
  /** The resource of the API; `workspace` and `factId` are added to the body. */
  data: Record<string, unknown>;
}

/** One request for each enabled endpoint of the fact's workspace that wants its type, under an id that a second request shares. */
export function requestDeliveries(endpoints: Iterable<Endpoint>, fact: WebhookFact): DeliveryRequested[] {
  const requests: DeliveryRequested[] = [];
  const sequence = sequenceOf(fact.type, fact.data);
  const data = sequence === null ? fact.data : { ...fact.data, sequence };
  for (const endpoint of endpoints) {
    if (endpoint.workspace !== fact.workspace || endpoint.state === 'disabled') continue;
    if (!matchesType(endpoint.types, fact.type) || !passesFilter(endpoint.filter, fact)) continue;
    requests.push({
      type: 'delivery.requested',
      workspace: fact.workspace,
      endpointId: endpoint.id,
      deliveryId: deliveryId(fact.factId, endpoint.id),
      factId: fact.factId,
      factType: fact.type,
      at: fact.at,
      journeyId: fact.journeyId ?? null,
      expiresAt: fact.expiresAt ?? null,
      data,
    });
  }
  return requests;
}

/**
 * For the endpoints that do not hear of the fact themselves: a newer action of the journey, its withdrawal and the resolution of its
 * alert end an older action that waits, also where only `action.requested` is wanted or a filter keeps the newer one back.
 */
export function withdrawOutdated(endpoints: Iterable<Endpoint>, fact: WebhookFact): DeliveriesWithdrawn[] {
  const reason = OUTDATED_BY[fact.type];
  if (reason === undefined || !fact.journeyId) return [];
  const withdrawals: DeliveriesWithdrawn[] = [];
  for (const endpoint of endpoints) {
    if (endpoint.workspace !== fact.workspace || endpoint.state === 'disabled') continue;
    if (!matchesType(endpoint.types, 'action.requested')) continue;
    if (matchesType(endpoint.types, fact.type) && passesFilter(endpoint.filter, fact)) continue;
    withdrawals.push({
      type: 'deliveries.withdrawn',
      workspace: fact.workspace,
      endpointId: endpoint.id,
      personId: null,
      journeyId: fact.journeyId,
      alertId: fact.type === 'alert.resolved' ? String(fact.data['id']) : null,
      types: ['action.requested'],
      state: 'superseded',
      reason,
      at: fact.at,
    });
  }
  return withdrawals;
}

/** What ends an older `action.requested` of the journey, and the words for it. */
export const OUTDATED_BY: Readonly<Record<string, string>> = {
  'action.requested': 'a newer action of the journey was requested',
  'action.withdrawn': 'the action was withdrawn',
  'alert.resolved': 'the alert that it answers was resolved',
};

/** A test event: a delivery like any other, of a type that nothing else has. */
export function testDelivery({ workspace, endpointId, commandId, at }: DeliveryCommand): DeliveryRequested {
  return {
    type: 'delivery.requested',
    workspace,
    endpointId,
    deliveryId: deliveryId(commandId, endpointId),
    factId: commandId,
    factType: 'endpoint.test',
    at,
    journeyId: null,
    expiresAt: null,
    data: { endpointId, message: 'A test event: this endpoint receives what Cairn sends.' },
  };
}
