import { deliveryId } from '@cairn/contracts/ids.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { DeliveryCommand, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
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
      data: fact.data,
    });
  }
  return requests;
}

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
