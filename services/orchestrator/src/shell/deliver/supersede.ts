import type { ActionCommand } from '@cairn/contracts/generated/action.ts';
import type { DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { EndState } from '../../core/deliver/model.ts';
import { OUTDATED_BY } from '../../core/deliver/request-delivery.ts';
import type { OpenEndpoint } from './deliver-endpoint.ts';
import { keys } from './deliver-keys.ts';
import type { DeliverWork } from './deliver-work.ts';

/**
 * Outreach that is out of date must not be sent: a newer `action.requested` of a journey, its withdrawal, or the resolution of its
 * alert ends the older one that is not accepted yet.
 */
interface Latest {
  deliveryId: string;
  alertId: string | null;
  /** Whom to tell that it was accepted; absent: nobody can be told. */
  action?: { id: string; subjectId: string };
}

/** Ends what `asked` makes out of date. Call before `asked` itself begins. */
export function supersedeOlder(work: DeliverWork, open: OpenEndpoint, asked: DeliveryRequested): void {
  const { workspace, endpointId, journeyId, factType } = asked;
  if (journeyId === null || !(factType.startsWith('action.') || factType === 'alert.resolved')) return;
  const key = keys.latestAction(workspace, endpointId, journeyId);
  const latest = work.get<Latest>(key);
  const outOfDate =
    factType === 'action.requested' ||
    factType === 'action.withdrawn' ||
    (factType === 'alert.resolved' && latest?.alertId !== null && latest?.alertId === asked.data['id']);
  if (latest && outOfDate) {
    open.advance(latest.deliveryId, { type: 'withdrawn', state: 'superseded', reason: OUTDATED_BY[factType]! });
    work.set(key, null);
  }
  if (factType !== 'action.requested') return;
  const action = actionIn(asked.data);
  work.set(key, {
    deliveryId: asked.deliveryId,
    alertId: alertOf(asked.data),
    ...(action ? { action } : {}),
  } satisfies Latest);
}

/** Its receiver answered with a 2xx: the journey learns that the action was accepted. Call before it is forgotten. */
export function tellAccepted(
  work: DeliverWork,
  topics: { partitions(topic: string): number },
  delivery: { workspace: string; endpointId: string; journeyId: string | null; id: string },
  now: number,
): void {
  const { workspace, endpointId, journeyId } = delivery;
  if (journeyId === null) return;
  const latest = work.get<Latest>(keys.latestAction(workspace, endpointId, journeyId));
  if (latest?.deliveryId !== delivery.id || !latest.action) return;
  const key = keyOf.subject(workspace, latest.action.subjectId);
  const value: ActionCommand = {
    type: 'action.command',
    workspace,
    commandId: idOf('cmd', delivery.id, 'accepted'),
    actionId: latest.action.id,
    journeyId,
    command: 'accept',
    outcome: null,
    note: null,
    until: null,
    by: endpointId,
    at: now,
  };
  work.output({ topic: 'journey-inbox', partition: partitionOf(key, topics.partitions('journey-inbox')), key, value });
}

function actionIn({ id, subject }: Record<string, unknown>): Latest['action'] {
  const subjectId = (subject as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' && typeof subjectId === 'string' ? { id, subjectId } : undefined;
}

/** The same, told by who does not send the newer fact to this endpoint. `alertId`: only if it answers this alert. */
export function withdrawLatest(
  work: DeliverWork,
  open: OpenEndpoint,
  { workspace, endpointId }: { workspace: string; endpointId: string },
  journeyId: string,
  { alertId, state, reason }: { alertId: string | null; state: EndState; reason: string },
): void {
  const key = keys.latestAction(workspace, endpointId, journeyId);
  const latest = work.get<Latest>(key);
  if (!latest || (alertId !== null && latest.alertId !== alertId)) return;
  open.advance(latest.deliveryId, { type: 'withdrawn', state, reason });
  work.set(key, null);
}

/** It ended: nothing is left to be superseded. */
export function forgetAction(
  work: DeliverWork,
  delivery: { workspace: string; endpointId: string; journeyId: string | null; id: string },
): void {
  if (delivery.journeyId === null) return;
  const key = keys.latestAction(delivery.workspace, delivery.endpointId, delivery.journeyId);
  if (work.get<Latest>(key)?.deliveryId === delivery.id) work.set(key, null);
}

function alertOf(data: Record<string, unknown>): string | null {
  const alert = data['alert'] as { id?: unknown } | null | undefined;
  const id = data['alertId'] ?? alert?.id;
  return typeof id === 'string' ? id : null;
}
