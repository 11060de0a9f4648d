import type { IdentityCommand } from '@cairn/contracts/generated/identity.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import {
  claimsOf,
  companyOf,
  crmAccounts,
  namedAccount,
  withClaims,
  withDeclared,
  type PlainMembership,
} from './plain-accounts.ts';
import { carryOut } from './plain-commands.ts';
import {
  absorb,
  areTogether,
  bear,
  createPlainGraph,
  freeId,
  forgetEdgesOf,
  give,
  holderOf,
  personOf,
  wouldHoldTwoUsers,
  wouldPassCap,
  type PlainGraph,
} from './plain-graph.ts';
import { identifiersIn, namespaceOf } from './plain-identifiers.ts';

/**
 * The oracle of identities: who is who, worked out from the log of `touchpoints` alone, rule by rule of DESIGN section 6, with no code of
 * the stitcher. Covers create, attach, merge, demote, limits, caps, blocked values, unique namespaces, shared devices, quarantine, bots,
 * alias, duplicates, accounts (group, CRM, company domain, link), and the commands merge, split, erase, link, unlink, configure.
 * Not covered: traits, suppression, settings of namespaces, claims by trait, phone numbers without +, caps in characters, messages that
 * return after a day. It throws when it meets one: the simulator's traffic must have none.
 */
export interface LoggedInput {
  /** Log time, epoch ms. */
  at: number;
  message: Touchpoint | IdentityCommand;
}

const DAY_MS = 86_400_000;
const LIMIT = 5;
const SHAREABLE = ['device', 'anonymousId'];

export function identitiesFromLog(workspace: string, inputs: readonly LoggedInput[]): PlainGraph {
  const graph = createPlainGraph(workspace);
  const seen = new Map<string, number>();
  for (const { at, message } of inputs) {
    if (message.type === 'identity.command') {
      graph.answers.set(message.commandId, carryOut(graph, message, at));
      continue;
    }
    const before = seen.get(message.id);
    if (before !== undefined && at - before > DAY_MS)
      throw new Error('the oracle knows no message that returns after a day');
    if (before === undefined) take(graph, message, at);
    seen.set(message.id, before ?? at);
  }
  return graph;
}

function take(graph: PlainGraph, touchpoint: Touchpoint, now: number): void {
  const isKnown = (key: string): boolean => graph.apart.has(key) || holderOf(graph, key) !== null;
  const { ids, roleMailbox } = identifiersIn(touchpoint, isKnown);
  const known = ids.filter(isKnown);
  const found = ids.length === 0 ? null : personFor(graph, ids, touchpoint, now);
  graph.touchpoints.push({
    id: touchpoint.id,
    stitchKey: found?.stitchKey ?? (roleMailbox === null ? `touchpoint:${touchpoint.id}` : `email:${roleMailbox}`),
    person: found?.person ?? null,
    first: found?.person ?? null,
  });
  const named = namedAccount(touchpoint);
  if (named !== null) graph.accounts.add(named);
  if (!found || touchpoint.bot) return;
  const person = personOf(graph, found.person);
  const declare = (source: PlainMembership['source'], of: string, by: string | null): void => {
    person.memberships = withDeclared(person.memberships, { source, of, by }, touchpoint.timestamp);
  };
  if (named !== null && touchpoint.kind === 'group') declare('group', named, found.stitchKey);
  for (const account of crmAccounts(touchpoint)) declare('crm', account, found.stitchKey);
  const addresses = ids.filter((key) => !known.includes(key) && holderOf(graph, key) === person.id);
  const writesFrom: [string, string | null][] = addresses
    .filter((key) => namespaceOf(key) === 'email')
    .map((key) => [key, null]);
  if (roleMailbox !== null) writesFrom.push([roleMailbox, found.stitchKey]);
  for (const [address, by] of writesFrom) {
    const domain = companyOf(address);
    if (domain === null) continue;
    for (const { of } of person.memberships.filter(({ source, isOpen }) => isOpen && ['group', 'crm'].includes(source)))
      graph.claims = withClaims(graph.claims, [{ domain, account: of, member: person.id }]);
    declare('domain', domain, by);
  }
  graph.claims = withClaims(graph.claims, claimsOf(person.id, person.memberships));
}

interface Found {
  person: string;
  stitchKey: string;
}

function personFor(graph: PlainGraph, ids: readonly string[], touchpoint: Touchpoint, now: number): Found {
  const usable = ids.filter((key) => !graph.apart.has(key));
  const [first] = usable;
  if (first === undefined) return personApart(graph, ids[0]!, touchpoint);
  const holders = usable.map((key) => holderOf(graph, key));
  const isOne = holders[0] !== null && holders.every((holder) => holder === holders[0]);
  if (isOne && areTogether(graph, usable)) return { person: holders[0]!, stitchKey: first };
  if (usable.length > 1 && (touchpoint.bot || wouldHoldTwoUsers(usable)))
    return personFor(graph, [first], touchpoint, now);

  let kept = usable;
  const dropped: { key: string; isRival: boolean }[] = [];
  for (;;) {
    const people = peopleOf(graph, kept);
    const isNew = kept.filter((key) => holderOf(graph, key) === null);
    const changes = people.length > 1 || (people.length === 1 && isNew.length > 0);
    const isRival = changes && wouldHoldTwoUsers([...people.flatMap((one) => one.ids.map(({ key }) => key)), ...isNew]);
    if (kept.length === 1 || !(isRival || (people.length > 1 && wouldPassCap(graph, people)))) break;
    dropped.push({ key: kept.at(-1)!, isRival });
    kept = kept.slice(0, -1);
  }
  const isKnown = new Set(kept.filter((key) => holderOf(graph, key) !== null));
  const [oldest = bear(graph, freeId(graph, kept.at(-1)!)), ...others] = peopleOf(graph, kept);
  for (const other of others) absorb(graph, oldest, other);
  const attached = kept.filter((key) => isKnown.has(key) || attach(graph, oldest.id, key, touchpoint.timestamp));
  if (!areTogether(graph, attached)) {
    graph.edges.push([...attached]);
    for (const key of attached.slice(1)) if (isKnown.has(key)) reach(graph, key, attached[0]!, now);
  }
  const top = attached[0]!;
  for (const { key, isRival } of dropped) {
    if (holderOf(graph, key) === oldest.id) continue;
    if (!(isRival && settleShared(graph, key, { first, top, person: oldest.id }, touchpoint.timestamp)))
      reach(graph, key, first, now);
  }
  return { person: oldest.id, stitchKey: top };
}

/** The oldest first. */
function peopleOf(graph: PlainGraph, keys: readonly string[]): PlainGraph['people'] {
  const ids = new Set(keys.map((key) => holderOf(graph, key)));
  return graph.people.filter(({ id }) => ids.has(id)).sort((a, b) => a.order - b.order);
}

/** An identifier that says nothing beside others means, alone, always the same person. */
function personApart(graph: PlainGraph, key: string, { timestamp }: Touchpoint): Found {
  const apart = graph.apart.get(key)!;
  if (apart.person !== null) return { person: apart.person, stitchKey: key };
  const person = bear(graph, freeId(graph, key));
  give(person, key, timestamp);
  graph.apart.set(key, { ...apart, person: person.id });
  return { person: person.id, stitchKey: key };
}

function attach(graph: PlainGraph, id: string, key: string, at: number): boolean {
  const person = personOf(graph, id);
  const namespace = namespaceOf(key);
  const same = person.ids.filter((one) => namespaceOf(one.key) === namespace);
  const counted = namespace === 'anonymousId' ? same.filter(({ since }) => Math.abs(since - at) < 7 * DAY_MS) : same;
  const limit = namespace === 'userId' ? 1 : LIMIT;
  if (person.ids.length >= graph.settings.maxIdsPerPerson || counted.length >= limit) return false;
  give(person, key, at);
  return true;
}

/** A value that reaches too many people in a day merges nobody any more. */
function reach(graph: PlainGraph, key: string, whom: string, now: number): void {
  const holder = holderOf(graph, key);
  if (holder === null || graph.apart.has(key)) return;
  if (namespaceOf(whom) === 'userId' && holderOf(graph, whom) === holder) return;
  const day = Math.floor(now / DAY_MS);
  const today = graph.reached.find((one) => one.key === key && one.day === day);
  if (today?.whom.includes(whom)) return;
  const all = [...(today?.whom ?? []), whom];
  graph.reached = graph.reached.filter((one) => one.key !== key);
  // With the first person that it ever reached.
  if (all.length + 1 > graph.settings.quarantineAbove) graph.apart.set(key, { person: holder, state: 'quarantined' });
  else graph.reached.push({ key, day, whom: all });
}

/** A device's identifier that another user has: whose it is from now on. False: it stays where it was. */
function settleShared(
  graph: PlainGraph,
  key: string,
  { first, top, person }: { first: string; top: string; person: string },
  at: number,
): boolean {
  const holder = holderOf(graph, key);
  if (holder === null || !SHAREABLE.includes(namespaceOf(key)) || namespaceOf(first) !== 'userId') return false;
  const owner = personOf(graph, holder);
  if (!owner.ids.some((one) => namespaceOf(one.key) === 'userId' && one.key !== first)) return false;
  if (graph.settings.sharedDevices === 'first') return false;
  if (graph.settings.sharedDevices === 'isolate') {
    graph.apart.set(key, { person: null, state: 'shared' });
    return true;
  }
  owner.ids = owner.ids.filter((one) => one.key !== key);
  forgetEdgesOf(graph, [key]);
  give(personOf(graph, person), key, at);
  graph.edges.push([top, key]);
  return true;
}
