import { accountId } from '@cairn/contracts/ids.ts';
import type { AccountSummary, PersonSummary, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { claimDomainsOf, currentAccountOf, join, joinByEmail } from './account-membership.ts';
import { isBlocked } from './blocked-values.ts';
import { accountOfEmail, claimDomain } from './company-accounts.ts';
import { companyDomain } from './company-domain.ts';
import { tellDecision } from './decisions.ts';
import { remember, seenKey } from './deduplicate.ts';
import { tellAll } from './facts.ts';
import { identifiersOf, objectOf, type FoundIdentifiers } from './identifiers-of.ts';
import {
  draftOf,
  put,
  putAccount,
  putPerson,
  read,
  readAccount,
  readNode,
  readPerson,
  type Draft,
  type GraphReader,
  type StitchOutput,
} from './identity-graph.ts';
import { personIdOf } from './person-id.ts';
import { withPersonTraits } from './person-traits.ts';
import { resolvePerson, type Resolved } from './resolve-person.ts';
import { DEFAULT_SETTINGS, type StitchSettings } from './settings.ts';
import { accountSummary, personSummary } from './summaries.ts';
import { withTraits } from './traits.ts';

export interface Stitched {
  /** Whole new values by state key; null removes the key. */
  changes: readonly { key: string; value: unknown }[];
  /** In the order in which they are to be written. */
  outputs: readonly StitchOutput[];
  duplicate: boolean;
  /** Whether anything changed besides the memory of messageIds. */
  graphChanged: boolean;
}

const NOTHING: readonly never[] = Object.freeze([]);
const DUPLICATE: Stitched = Object.freeze({ changes: NOTHING, outputs: NOTHING, duplicate: true, graphChanged: false });
/** Accounts that touchpoints of a non-member named; more is a sender that puts something else into groupId. */
const MAX_VISITED = 100;

/**
 * The heart: whose touchpoint this is. Turns an admitted touchpoint into a stitched one, with the person, the account and the subject
 * as of now, and into the changes of the identity graph that it causes. Pure; the common case (one or two known identifiers) is O(1)
 * and changes nothing but the memory of its messageId. `now` is log time.
 */
export function stitchTouchpoint(
  graph: GraphReader,
  touchpoint: Touchpoint,
  now: number,
  defaults: StitchSettings = DEFAULT_SETTINGS,
): Stitched {
  const { workspace, id } = touchpoint;
  const slotKey = seenKey(workspace, id);
  const slot = remember(graph.get<string>(slotKey), id, now);
  if (slot === null) return DUPLICATE;

  const draft = draftOf(graph, { workspace, now, at: touchpoint.timestamp, cause: id }, defaults);
  const found = identifiersOf(draft, touchpoint);
  if (found.blocked) tellBlocked(draft, found);
  const resolved = found.ids.length ? resolvePerson(draft, found.ids, touchpoint.bot) : null;
  const personId = resolved?.personId ?? null;
  if (resolved && !touchpoint.bot) keepTraits(draft, resolved, touchpoint);
  const account = accountOf(draft, touchpoint, found, resolved);
  const { subject, person } = subjectOfTouchpoint(draft, touchpoint, account, personId);
  const last: StitchOutput = {
    to: 'subject',
    subjectId: subject.id,
    message: {
      type: 'touchpoint.stitched',
      workspace,
      subject,
      touchpoint,
      person,
      account: account === null ? null : summaryOf(draft, account),
      stitchKey:
        resolved?.stitchKey ?? (found.roleMailbox === null ? `touchpoint:${id}` : `email:${found.roleMailbox}`),
    },
  };
  const outputs = tellAll(draft, personId, last);
  const changes: { key: string; value: unknown }[] = [{ key: slotKey, value: slot }];
  if (draft.changes) for (const [key, value] of draft.changes) changes.push({ key, value });
  return { changes, outputs, duplicate: false, graphChanged: draft.changes !== null };
}

/** Each blocked value is told once: they come in millions. */
function tellBlocked(draft: Draft, found: FoundIdentifiers): void {
  for (const { namespace, value, reason } of found.blocked!) {
    const key = `blocked/${namespace}:${value}`;
    if (read(draft, key) !== undefined) continue;
    put(draft, key, true);
    tellDecision(draft, { personId: null, decision: 'blocked', namespace, value, reason });
  }
}

/** For a group() call `traits` are the account's; `context.traits` are always the person's. */
function keepTraits(draft: Draft, resolved: Resolved, touchpoint: Touchpoint): void {
  const ofContext = objectOf(touchpoint.context.traits);
  if (ofContext) keepTraitsFrom(draft, resolved, ofContext);
  if (touchpoint.kind !== 'group') keepTraitsFrom(draft, resolved, touchpoint.traits);
}

function keepTraitsFrom(
  draft: Draft,
  { personId, stitchKey }: Resolved,
  traits: Readonly<Record<string, unknown>>,
): void {
  for (const _any in traits) {
    const change = withPersonTraits(readPerson(draft, personId)!, stitchKey, traits, draft.at);
    if (change) putPerson(draft, personId, change.person, change.visible);
    return;
  }
}

/** The account that the touchpoint was made for: the one it names, else that of its role mailbox, else the person's current one. */
function accountOf(
  draft: Draft,
  touchpoint: Touchpoint,
  found: FoundIdentifiers,
  resolved: Resolved | null,
): string | null {
  const member = touchpoint.bot ? null : resolved;
  const named = namedAccount(draft, touchpoint);
  if (named !== null && member) {
    if (touchpoint.kind === 'group') join(draft, member.personId, 'group', named, member.stitchKey);
    else visit(draft, member.personId, named);
  }
  if (member) joinCompanies(draft, member, found);
  const ofMailbox = named === null && found.roleMailbox !== null ? accountOfEmail(draft, found.roleMailbox) : null;
  if (member && draft.changedPeople?.has(member.personId)) claimDomainsOf(draft, member.personId);
  if (named !== null || ofMailbox !== null) return named ?? ofMailbox;
  return resolved && currentAccountOf(draft, readPerson(draft, resolved.personId)!);
}

/** The group's account, made or with newer traits where the touchpoint is the first to name it or says more of it. */
function namedAccount(draft: Draft, touchpoint: Touchpoint): string | null {
  const groupId = touchpoint.groupId?.trim().normalize('NFC') ?? '';
  if (isBlocked(draft.settings, 'groupId', groupId)) return null;
  const id = accountId(draft.workspace, 'group', groupId);
  const account = readAccount(draft, id) ?? { source: 'group', groupId };
  const change = touchpoint.kind === 'group' ? withTraits(account, touchpoint.traits, draft.at) : null;
  if (change) {
    const next = { ...account, traits: change.traits, traitTimes: change.traitTimes };
    putAccount(draft, id, next, change.visible);
    if (change.visible) claimFromTraits(draft, id, touchpoint.traits);
  } else if (!readAccount(draft, id)) putAccount(draft, id, account);
  return id;
}

function claimFromTraits(draft: Draft, id: string, traits: Readonly<Record<string, unknown>>): void {
  for (const trait of [traits.domain, traits.website]) {
    const domain = typeof trait === 'string' ? companyDomain(trait, draft.settings.foldSubdomains) : null;
    if (domain !== null) claimDomain(draft, domain, id, null);
  }
}

/** Addresses that the person was not known by before this touchpoint, and the company of a role mailbox it wrote from. */
function joinCompanies(draft: Draft, { personId, stitchKey }: Resolved, found: FoundIdentifiers): void {
  if (draft.changedPeople?.has(personId)) {
    for (const { key, namespace, value, before } of found.ids)
      if (namespace === 'email' && !before && readNode(draft, key) === personId)
        joinByEmail(draft, personId, value, key);
  }
  if (found.roleMailbox !== null) joinByEmail(draft, personId, found.roleMailbox, stitchKey);
}

function visit(draft: Draft, personId: string, account: string): void {
  const person = readPerson(draft, personId)!;
  const known = person.visited?.includes(account) || person.memberships?.some((one) => one.of === account);
  if (known || (person.visited?.length ?? 0) >= MAX_VISITED) return;
  putPerson(draft, personId, { ...person, visited: [...(person.visited ?? []), account] }, false);
}

function subjectOfTouchpoint(
  draft: Draft,
  touchpoint: Touchpoint,
  account: string | null,
  personId: string | null,
): { subject: SubjectRef; person: PersonSummary | null } {
  const record = personId === null ? null : readPerson(draft, personId)!;
  const person = record && personSummary(personId!, record);
  if (account !== null) return { subject: { unit: 'account', id: account }, person };
  if (record && person) {
    if (!record.alone) putPerson(draft, person.id, { ...record, alone: true }, false);
    return { subject: { unit: 'person', id: person.id }, person };
  }
  // Nothing says who it was: a person of this one touchpoint, whom nobody will ever meet again.
  const id = personIdOf(draft.workspace, `touchpoint:${touchpoint.id}`, 0);
  return {
    subject: { unit: 'person', id },
    person: { id, userId: null, name: null, email: null, anonymous: true, traits: {} },
  };
}

function summaryOf(draft: Draft, id: string): AccountSummary {
  return accountSummary(id, readAccount(draft, id)!);
}
