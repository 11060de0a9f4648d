import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { identifierKey } from './identifier-key.ts';
import { isBlocked, isRoleMailbox } from './blocked-values.ts';
import { idEntry, type GraphEntry } from './graph-notes.ts';
import { readNode, type Draft, type IdNode } from './identity-graph.ts';
import { notedKey } from './known-person.ts';
import { MAX_IDENTIFIER_LENGTH, normaliseIdentifier, normaliseText, textOf } from './normalise-identifier.ts';
import { ruleOf, type NamespaceRule } from './settings.ts';

/** One identifier of a touchpoint, normalised. `key` is `namespace:value`. */
export interface Identifier {
  key: string;
  namespace: string;
  value: string;
  raw: string;
  rule: NamespaceRule;
  /** As the graph knew it before this touchpoint. */
  before: IdNode | undefined;
  entry: GraphEntry | undefined;
}

export interface FoundIdentifiers {
  /** The most durable first; among equals in the order in which the touchpoint names them. No value twice. */
  ids: Identifier[];
  /** A role mailbox counts for its company alone. */
  roleMailbox: string | null;
  blocked: { namespace: string; value: string; reason: string }[] | null;
}

/** Entries of `context.externalIds` looked at; more is not one person's. */
export const MAX_EXTERNAL_IDS = 20;

/** Reads everything in a touchpoint that says who it was. Decides nothing about people. */
export function identifiersOf(draft: Draft, touchpoint: Touchpoint): FoundIdentifiers {
  const found: FoundIdentifiers = { ids: [], roleMailbox: null, blocked: null };
  const { context } = touchpoint;
  const traits = touchpoint.kind === 'group' ? null : touchpoint.traits;
  const contextTraits = objectOf(context.traits);
  if (touchpoint.userId !== null) add(draft, found, 'userId', touchpoint.userId, null);
  if (traits) addReachable(draft, found, traits, context);
  if (contextTraits) addReachable(draft, found, contextTraits, context);
  const device = objectOf(context.device);
  if (device?.id !== undefined) add(draft, found, 'device', device.id, null);
  if (Array.isArray(context.externalIds)) addExternalIds(draft, found, context.externalIds, context);
  if (touchpoint.anonymousId !== null) add(draft, found, 'anonymousId', touchpoint.anonymousId, null);
  if (touchpoint.previousId !== null) addPrevious(draft, found, touchpoint.previousId);
  if (found.ids.length > 1) found.ids.sort((a, b) => a.rule.priority - b.rule.priority);
  return found;
}

function add(draft: Draft, found: FoundIdentifiers, namespace: string, raw: unknown, country: string | null): void {
  const text = textOf(raw);
  if (text === null || text === '') return;
  const value = text.length > MAX_IDENTIFIER_LENGTH ? null : normaliseText(namespace, text, country);
  if (value === null) {
    // What is no address or number at all is not worth a word; what is only too long looks like a mistake someone can mend.
    if (text.length > MAX_IDENTIFIER_LENGTH)
      (found.blocked ??= []).push({ namespace, value: `${text.slice(0, 64)}…`, reason: 'too-long' });
    return;
  }
  if (isBlocked(draft.settings, namespace, value)) {
    (found.blocked ??= []).push({ namespace, value, reason: 'blocked-value' });
    return;
  }
  if (namespace === 'email' && isRoleMailbox(value)) {
    found.roleMailbox ??= value;
    return;
  }
  for (const known of found.ids) if (known.value === value && known.namespace === namespace) return;
  const entry = idEntry(draft.notes, namespace, value);
  const identifier: Identifier = {
    key: entry ? notedKey(entry, namespace, value) : identifierKey(namespace, value),
    namespace,
    value,
    raw: text,
    rule: ruleOf(draft.settings, namespace),
    before: entry?.value as IdNode | undefined,
    entry,
  };
  // A list that is pushed to makes room for seventeen; most hold one.
  if (found.ids.length === 0) found.ids = [identifier];
  else found.ids.push(identifier);
}

function addReachable(
  draft: Draft,
  found: FoundIdentifiers,
  traits: Readonly<Record<string, unknown>>,
  context: object,
): void {
  if (traits.email !== undefined) add(draft, found, 'email', traits.email, null);
  if (traits.phone !== undefined) add(draft, found, 'phone', traits.phone, countryOf(traits, context));
}

/** Segment's shape: `{ id, type, collection, encoding }`; those of accounts are no person's. */
function addExternalIds(draft: Draft, found: FoundIdentifiers, entries: readonly unknown[], context: object): void {
  for (const entry of entries.slice(0, MAX_EXTERNAL_IDS)) {
    const { id, type, collection } = objectOf(entry) ?? {};
    if (typeof type !== 'string' || collection === 'accounts') continue;
    // A colon separates namespace and value in keys.
    const namespace = type.trim().slice(0, 64).replaceAll(':', '%3A');
    if (namespace !== '') add(draft, found, namespace, id, namespace === 'phone' ? countryOf({}, context) : null);
  }
}

/** alias(): the previous id is a userId where one is known by it, else an anonymousId. */
function addPrevious(draft: Draft, found: FoundIdentifiers, previousId: string): void {
  const userId = normaliseIdentifier('userId', previousId, null);
  // Onto itself: it is this very userId, known or not.
  if (found.ids.some(({ namespace, value }) => namespace === 'userId' && value === userId)) return;
  const isUser = userId !== null && readNode(draft, `userId:${userId}`) !== undefined;
  add(draft, found, isUser ? 'userId' : 'anonymousId', previousId, null);
}

/** The country that a phone number is written for, where the touchpoint says it: ISO 3166 alpha-2. A locale is no place. */
function countryOf(traits: Readonly<Record<string, unknown>>, context: object): string | null {
  const candidates = [
    objectOf(traits.address)?.country,
    traits.country,
    objectOf((context as { location?: unknown }).location)?.country,
  ];
  for (const candidate of candidates)
    if (typeof candidate === 'string' && /^[a-z]{2}$/i.test(candidate.trim())) return candidate.trim().toUpperCase();
  return null;
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
