import { touchpointId } from '@cairn/contracts/ids.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { isBot } from './bot.ts';
import { channelOf } from './channel.ts';
import { correctSkew, readInstant } from './clock-skew.ts';
import { cleanObject, isNothing, normaliseTraits, type Plain } from './normalise.ts';
import type { Refusal } from './refusals.ts';

/**
 * The heart of ingest: what a client sent, as an admitted touchpoint or a refusal with a reason from the closed list. Decides
 * nothing about people or journeys, never throws, never changes its input.
 */
export function admitTouchpoint(policy: AdmitPolicy, raw: unknown, at: AdmitAt): Admission {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse('not-an-object', null);
  const item = raw as Plain;
  const sentMessageId = idOf(item.messageId);
  const messageId = sentMessageId === WRONG ? null : sentMessageId;
  if (sentMessageId === WRONG) return refuse('schema-violation', null, 'messageId');

  const kind = at.kind ?? kindOf(item.type);
  if (kind === 'missing-type' || kind === 'unknown-type') return refuse(kind, messageId);

  const context = cleaned(item.context);
  const properties = cleaned(item.properties);
  const traits = cleaned(item.traits);
  if (context === null) return refuse('schema-violation', messageId, 'context');
  if (properties === null) return refuse('schema-violation', messageId, 'properties');
  if (traits === null) return refuse('schema-violation', messageId, 'traits');

  const userId = idOf(item.userId);
  const anonymousId = idOf(item.anonymousId);
  const previousId = kind === 'alias' ? idOf(item.previousId) : null;
  const groupId = idOf((kind === 'group' ? item.groupId : undefined) ?? context.groupId);
  if (userId === WRONG) return refuse('schema-violation', messageId, 'userId');
  if (anonymousId === WRONG) return refuse('schema-violation', messageId, 'anonymousId');
  if (previousId === WRONG) return refuse('schema-violation', messageId, 'previousId');
  if (groupId === WRONG) return refuse('schema-violation', messageId, 'groupId');

  const event = eventOf(kind, item.event);
  if (event === WRONG) return refuse('schema-violation', messageId, 'event');
  if (kind === 'track' && event === null) return refuse('missing-event', messageId);
  if (kind === 'group' && groupId === null) return refuse('missing-group', messageId);

  const plainTraits = kind === 'group' ? traits : normaliseTraits(traits);
  const plainContext = withPlainTraits(context);
  const identified = userId !== null || (anonymousId !== null && kind !== 'alias');
  if (kind === 'alias' && (userId === null || previousId === null)) return refuse('missing-identity', messageId);
  if (!identified && !hasOtherIdentity(kind, plainTraits, plainContext)) return refuse('missing-identity', messageId);

  // One that cannot be read is left out of account: the timestamp is then taken as it is. An import was sent long before it is received:
  // corrected by that, a year of history would land at this moment.
  const saidAt = item.sentAt === undefined ? (at.sentAt ?? null) : readInstant(item.sentAt);
  const sentAt = policy.imported ? null : saidAt;
  const timing = correctSkew(item.timestamp ?? item.originalTimestamp, sentAt, at.receivedAt);
  if (timing === 'invalid-timestamp') return refuse('invalid-timestamp', messageId);

  const finalMessageId = messageId ?? at.messageId;
  const touchpoint: Touchpoint = {
    type: 'touchpoint.admitted',
    workspace: policy.workspace,
    id: touchpointId(policy.workspace, finalMessageId),
    messageId: finalMessageId,
    kind,
    event,
    name: kind === 'page' || kind === 'screen' ? (textOf(item.name) ?? textOf(properties.name)) : null,
    userId,
    anonymousId,
    groupId,
    previousId,
    timestamp: timing.timestamp,
    originalTimestamp: timing.originalTimestamp,
    receivedAt: at.receivedAt,
    traits: plainTraits,
    properties,
    context: plainContext,
    direction: directionOf(kind, properties.direction),
    channel: channelOf(kind, plainContext, properties),
    bot: isBot(plainContext.userAgent),
    imported: policy.imported,
    source: policy.source,
  };
  return { type: 'admitted', touchpoint };
}

export type Kind = Touchpoint['kind'];

/** Whose touchpoints these are and how they come: the same for a whole request. */
export interface AdmitPolicy {
  workspace: string;
  /** `http`, or the name given to an import or source. */
  source: string;
  imported: boolean;
}

/** The circumstances of one item. */
export interface AdmitAt {
  /** Epoch ms, by our clock. */
  receivedAt: number;
  /** When the client says that it sent the request, epoch ms, for clock skew; an item's own comes first. */
  sentAt?: number | null;
  /** The kind that the path says; null: the item says it. */
  kind: Kind | null;
  /** Used where the client sent none. */
  messageId: string;
}

export type Admission =
  | { type: 'admitted'; touchpoint: Touchpoint }
  | { type: 'refused'; reason: Refusal; messageId: string | null; field: string | null };

export function refuse(reason: Refusal, messageId: string | null, field: string | null = null): Admission {
  return { type: 'refused', reason, messageId, field };
}

/** With its namespace an id must fit into a key of LMDB (1,978 bytes), whichever alphabet it is written in. */
export const ID_BYTES_MAX = 1_024;
/** Event names are labels of maps and funnels; Segment's own limit is lower still. */
const EVENT_CHARS_MAX = 1_024;

const WRONG = Symbol('of the wrong type');

const KINDS: ReadonlySet<unknown> = new Set(['identify', 'track', 'page', 'screen', 'group', 'alias']);

function kindOf(type: unknown): Kind | 'missing-type' | 'unknown-type' {
  if (isNothing(type)) return 'missing-type';
  return KINDS.has(type) ? (type as Kind) : 'unknown-type';
}

/** Ids are text; a number is its digits. Kept whole: spelling is the stitcher's business. */
function idOf(value: unknown): string | null | typeof WRONG {
  if (typeof value === 'string') {
    if (isNothing(value)) return null;
    // A UTF-16 unit is at most 3 bytes of UTF-8: only long ids are measured.
    return value.length * 3 > ID_BYTES_MAX && Buffer.byteLength(value) > ID_BYTES_MAX ? WRONG : value;
  }
  if (value === undefined || value === null) return null;
  // 1e400 is valid JSON and read as Infinity: everybody's who overflows would be one person.
  if (typeof value !== 'number' || !Number.isFinite(value)) return WRONG;
  // 1e21 is its digits, not "1e+21".
  return Number.isInteger(value) ? BigInt(value).toString() : String(value);
}

function cleaned(value: unknown): Plain | null {
  if (value === undefined || isNothing(value)) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return null;
  return cleanObject(value as Plain);
}

function eventOf(kind: Kind, event: unknown): string | null | typeof WRONG {
  switch (kind) {
    case 'page':
      return 'Page Viewed';
    case 'screen':
      return 'Screen Viewed';
    case 'track':
      if (isNothing(event)) return null;
      return typeof event === 'string' && event.length <= EVENT_CHARS_MAX ? event : WRONG;
    case 'identify':
    case 'group':
    case 'alias':
      return null;
  }
}

function withPlainTraits(context: Plain): Plain {
  const traits = objectOf(context.traits);
  if (!traits) return context;
  const plain = normaliseTraits(traits);
  return plain === traits ? context : { ...context, traits: plain };
}

/** A CRM knows people by their e-mail or by an id of its own. */
function hasOtherIdentity(kind: Kind, traits: Plain, context: Plain): boolean {
  const own = kind === 'group' ? undefined : traits.email;
  if (typeof own === 'string' || typeof objectOf(context.traits)?.email === 'string') return true;
  const external = context.externalIds;
  return Array.isArray(external) && external.some((entry) => idOf(objectOf(entry)?.id) !== null);
}

/** What says who a person or a company is touches nobody: a CRM's nightly sync must not reset a stall clock. */
function directionOf(kind: Kind, stated: unknown): Touchpoint['direction'] {
  if (kind === 'identify' || kind === 'group' || kind === 'alias') return 'none';
  if (typeof stated !== 'string') return null;
  const plain = stated.trim().toLowerCase();
  return plain === 'inbound' || plain === 'outbound' ? plain : null;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && !isNothing(value) ? value : null);
const objectOf = (value: unknown): Plain | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : null;
