import { STALL_AFTER_MS } from './traffic.ts';
import type { Call, Traffic } from './traffic.ts';

/**
 * What must come of the traffic, worked out the slow and simple way from the calls alone, in the order in which they happened.
 * Shares no code with the services on purpose.
 */
export interface Expectation {
  workspace: string;
  family: string;
  /** Every call that belongs to this journey, once each. */
  messageIds: readonly string[];
  stage: 'new' | 'engaged';
  won: boolean;
  /** In the order in which they come due. */
  alerts: readonly ExpectedAlert[];
}

export interface ExpectedAlert {
  dueAt: number;
  stage: 'new' | 'engaged';
  /** null: still open at the end. */
  resolvedBy: 'buyer' | 'outcome' | null;
}

interface Buyer {
  workspace: string;
  family: string;
  ids: Set<string>;
  messageIds: string[];
  inboundAt: number | null;
  engaged: boolean;
  won: boolean;
  alerts: ExpectedAlert[];
}

export function expectations(traffic: Traffic): Expectation[] {
  let buyers: Buyer[] = [];
  const inOrder = [...traffic.calls].sort((a, b) => a.happenedAt - b.happenedAt);
  for (const call of inOrder) {
    const ids = idsOf(call);
    const known = buyers.filter((buyer) => buyer.workspace === call.workspace && ids.some((id) => buyer.ids.has(id)));
    const buyer = oneOf(known, call);
    for (const id of ids) buyer.ids.add(id);
    buyers = [...buyers.filter((other) => !known.includes(other)), buyer];
    buyer.messageIds.push(call.body.messageId);
    if (isInbound(call)) takeInbound(buyer, call);
  }
  for (const buyer of buyers) openIfDue(buyer, Infinity, null);
  return buyers.map((buyer) => ({
    workspace: buyer.workspace,
    family: buyer.family,
    messageIds: buyer.messageIds,
    stage: buyer.engaged ? 'engaged' : 'new',
    won: buyer.won,
    alerts: buyer.alerts.sort((a, b) => a.dueAt - b.dueAt),
  }));
}

/** A call that names several known ids makes one buyer of them; an account's members are one buyer, too. */
function oneOf(known: readonly Buyer[], call: Call): Buyer {
  const inbounds = known.flatMap((buyer) => buyer.inboundAt ?? []);
  return {
    workspace: call.workspace,
    family: call.family,
    ids: new Set(known.flatMap((buyer) => [...buyer.ids])),
    messageIds: known.flatMap((buyer) => buyer.messageIds),
    inboundAt: inbounds.length === 0 ? null : Math.max(...inbounds),
    engaged: known.some((buyer) => buyer.engaged),
    won: known.some((buyer) => buyer.won),
    alerts: known.flatMap((buyer) => buyer.alerts),
  };
}

function idsOf({ body }: Call): string[] {
  return [
    ...(body.userId === undefined ? [] : [`user ${body.userId}`]),
    ...(body.anonymousId === undefined ? [] : [`device ${body.anonymousId}`]),
    ...(body.groupId === undefined ? [] : [`account ${body.groupId}`]),
  ];
}

function isInbound({ body }: Call): boolean {
  return body.type === 'track' && body.properties?.direction !== 'outbound';
}

function takeInbound(buyer: Buyer, { happenedAt, body }: Call): void {
  openIfDue(buyer, happenedAt, body.event === 'Deal Won' ? 'outcome' : 'buyer');
  buyer.inboundAt = happenedAt;
  if (body.event === 'Demo Requested') buyer.engaged = true;
  if (body.event === 'Deal Won') buyer.won = true;
}

function openIfDue(buyer: Buyer, until: number, resolvedBy: ExpectedAlert['resolvedBy']): void {
  if (buyer.won || buyer.inboundAt === null) return;
  const stage = buyer.engaged ? 'engaged' : 'new';
  const dueAt = buyer.inboundAt + STALL_AFTER_MS[stage];
  if (dueAt < until) buyer.alerts.push({ dueAt, stage, resolvedBy });
}
