import { touchpointId } from '@cairn/contracts/ids.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';

/** A call of Segment's shape, as a named case holds it. */
export interface Call {
  type: 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias';
  messageId?: string;
  event?: string;
  userId?: string | number;
  anonymousId?: string;
  previousId?: string;
  groupId?: string;
  /** Milliseconds since the case began; default: when it is sent. */
  at?: number;
  traits?: Record<string, unknown>;
  context?: Record<string, unknown>;
  properties?: Record<string, unknown>;
  bot?: boolean;
  imported?: boolean;
}

/** What ingest would admit of a call, without its checks. */
export function touchpointOf(call: Call, index: number, workspace: string, startedAt: number, now: number): Touchpoint {
  const messageId = call.messageId ?? `m${index}`;
  const timestamp = call.at === undefined ? now : startedAt + call.at;
  const context = call.context ?? {};
  const contextGroup = typeof context.groupId === 'string' ? context.groupId : null;
  return {
    type: 'touchpoint.admitted',
    workspace,
    id: touchpointId(workspace, messageId),
    messageId,
    kind: call.type,
    event: call.type === 'track' ? (call.event ?? 'Clicked') : call.type === 'page' ? 'Page Viewed' : null,
    name: null,
    userId: call.userId === undefined ? null : String(call.userId),
    anonymousId: call.anonymousId ?? null,
    groupId: call.groupId ?? contextGroup,
    previousId: call.previousId ?? null,
    timestamp,
    originalTimestamp: null,
    receivedAt: now,
    traits: call.traits ?? {},
    properties: call.properties ?? {},
    context,
    direction: ['identify', 'group', 'alias'].includes(call.type) ? 'none' : null,
    channel: null,
    bot: call.bot ?? false,
    imported: call.imported ?? false,
    source: 'http',
  };
}
