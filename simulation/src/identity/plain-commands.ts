import type { IdentityCommand } from '@cairn/contracts/generated/identity.ts';
import {
  claimsOf,
  ownerOfDomain,
  withClaims,
  withDeclared,
  writesFrom,
  type PlainMembership,
} from './plain-accounts.ts';
import {
  absorb,
  bear,
  ERASED,
  forgetEdgesOf,
  freeId,
  give,
  holderOf,
  living,
  personId,
  personOf,
  wouldHoldTwoUsers,
  wouldPassCap,
  type PlainGraph,
  type PlainPerson,
} from './plain-graph.ts';
import { keyOf } from './plain-identifiers.ts';

/** For the oracle alone (`plain-identities.ts`): what a command does to people. Returns whether it is carried out. */
export function carryOut(graph: PlainGraph, { command, params }: IdentityCommand, now: number): boolean {
  switch (command) {
    case 'merge':
      return merge(graph, livingPerson(graph, params.from), livingPerson(graph, params.into));
    case 'split':
      return split(graph, livingPerson(graph, params.personId), params.cut as { namespace: string; value: string }[]);
    case 'erase':
      if (params.dryRun || params.suppress) throw new Error('the oracle knows neither dry runs nor suppression');
      return erase(graph, livingPerson(graph, params.personId));
    case 'link':
    case 'unlink':
      return link(graph, command, livingPerson(graph, params.personId), String(params.accountId), now);
    case 'configure':
      graph.settings = { ...graph.settings, ...(params.settings as object) };
      return true;
  }
}

function livingPerson(graph: PlainGraph, id: unknown): PlainPerson | null {
  const person = graph.people.find((one) => one.id === id);
  if (!person || person.gone === ERASED) return null;
  return person.gone === null ? person : personOf(graph, person.gone);
}

function merge(graph: PlainGraph, from: PlainPerson | null, into: PlainPerson | null): boolean {
  if (!from || !into) return false;
  if (from === into) return true;
  const keys = [from, into].map(({ ids }) => ids.map(({ key }) => key));
  if (wouldHoldTwoUsers(keys.flat()) || wouldPassCap(graph, [from, into])) return false;
  if (keys.every(({ length }) => length > 0)) graph.edges.push(keys.map(([first]) => first!));
  absorb(graph, into, from);
  graph.claims = withClaims(graph.claims, claimsOf(into.id, into.memberships));
  return true;
}

function split(
  graph: PlainGraph,
  whole: PlainPerson | null,
  cut: readonly { namespace: string; value: string }[],
): boolean {
  if (!whole) return false;
  const owned = whole.ids.map(({ key }) => key).filter((key) => holderOf(graph, key) === whole.id);
  const leaving = cut.map(({ namespace, value }) => keyOf(namespace, value) ?? '');
  if (!leaving.every((key) => owned.includes(key)) || owned.every((key) => leaving.includes(key))) return false;
  const staying = owned.filter((key) => !leaving.includes(key));
  const groups = [leaving, staying].flatMap((side) => connected(graph, side, owned));
  const kept = groups.find((group) => group.includes(staying[0]!))!;
  // Born in the order of their most durable identifiers: of two that are as old the first counts as the older.
  const others = groups.filter((group) => group !== kept).sort((a, b) => owned.indexOf(a[0]!) - owned.indexOf(b[0]!));
  if (others.length === 0) return false;

  graph.edges = graph.edges.flatMap((edge) => {
    const outside = edge.filter((key) => !owned.includes(key));
    return groups.map((group) => [...edge.filter((key) => group.includes(key)), ...(group === kept ? outside : [])]);
  });
  graph.edges = graph.edges.filter(({ length }) => length > 1);
  const { ids, memberships, mergedFrom } = whole;
  const homeOf = (gone: string): readonly string[] =>
    groups.find((group) => group.some((key) => isMadeOf(graph, gone, key))) ?? kept;
  const returning = others.map((group) => {
    const back = graph.people.filter(({ id }) => mergedFrom.includes(id) && homeOf(id) === group);
    return back.sort((a, b) => a.order - b.order)[0]?.id ?? null;
  });
  const parts = [{ id: whole.id, group: kept }];
  others.forEach((group, at) => parts.push({ id: returning[at] ?? freeId(graph, group.at(-1)!), group }));
  for (const { id, group } of parts) {
    const part = graph.people.find((one) => one.id === id) ?? bear(graph, id);
    const isKept = part === whole;
    part.gone = null;
    part.ids = [];
    for (const { key, since } of ids)
      if (group.includes(key) || (isKept && graph.apart.get(key)?.state === 'shared' && !owned.includes(key)))
        give(part, key, since);
    part.mergedFrom = mergedFrom.filter((gone) => gone !== id && homeOf(gone) === group);
    for (const gone of part.mergedFrom) personOf(graph, gone).gone = id;
    part.memberships = memberships.filter(({ source, of, by }) => {
      if (by === null) return source === 'domain' && writesFrom(group, of);
      return group.includes(by) || (isKept && !ids.some(({ key }) => key === by));
    });
    for (const key of group) {
      const apart = graph.apart.get(key);
      if (apart) graph.apart.set(key, { ...apart, person: id });
    }
  }
  for (const touchpoint of graph.touchpoints.filter(({ person }) => person === whole.id)) {
    const holder = parts.find(({ group }) => group.includes(touchpoint.stitchKey));
    // What said it is nobody's any more (shared since): back to whom it was of, where that person lives again.
    const { first } = touchpoint;
    const returned = parts.find(({ id }) => first !== null && [id, ...personOf(graph, id).mergedFrom].includes(first));
    Object.assign(
      touchpoint,
      holder ? { person: holder.id, first: holder.id } : { person: (returned ?? parts[0]!).id },
    );
  }
  reviseClaims(
    graph,
    [whole.id, ...mergedFrom],
    memberships,
    parts.map((part) => part.id),
  );
  return true;
}

/** Groups of identifiers that edges join, in the order of `order`. */
function connected(graph: PlainGraph, side: readonly string[], order: readonly string[]): string[][] {
  let groups = order.filter((key) => side.includes(key)).map((key) => [key]);
  for (const edge of graph.edges) {
    const touched = groups.filter((group) => group.some((key) => edge.includes(key)));
    if (touched.length < 2) continue;
    groups = [...groups.filter((group) => !touched.includes(group)), touched.flat()];
  }
  return groups.map((group) => order.filter((key) => group.includes(key)));
}

function isMadeOf(graph: PlainGraph, id: string, key: string): boolean {
  return graph.people.some((_, incarnation) => personId(graph.workspace, key, incarnation) === id);
}

/** Claims that rested on who turned out to be several rest on those of them who still support them. */
function reviseClaims(
  graph: PlainGraph,
  were: readonly string[],
  memberships: readonly PlainMembership[],
  parts: readonly string[],
): void {
  const domains = memberships.filter(({ source }) => source === 'domain').map(({ of }) => of);
  const concerned = graph.claims.filter(({ domain, member }) => domains.includes(domain) && were.includes(member));
  graph.claims = graph.claims.filter((claim) => !concerned.includes(claim));
  const supported = parts.flatMap((id) => claimsOf(id, personOf(graph, id).memberships));
  graph.claims = withClaims(
    graph.claims,
    supported.filter((claim) =>
      concerned.some(({ domain, account }) => claim.domain === domain && claim.account === account),
    ),
  );
}

function erase(graph: PlainGraph, person: PlainPerson | null): boolean {
  if (!person) return false;
  const owned = person.ids.map(({ key }) => key).filter((key) => holderOf(graph, key) === person.id);
  for (const key of owned) graph.apart.delete(key);
  graph.reached = graph.reached.filter(({ key }) => !person.ids.some((one) => one.key === key));
  forgetEdgesOf(graph, owned);
  const everyone = [person.id, ...person.mergedFrom];
  graph.touchpoints = graph.touchpoints.filter((one) => one.person === null || !everyone.includes(one.person));
  for (const id of everyone)
    Object.assign(personOf(graph, id), { gone: ERASED, ids: [], memberships: [], mergedFrom: [] });
  return true;
}

function link(
  graph: PlainGraph,
  command: 'link' | 'unlink',
  person: PlainPerson | null,
  account: string,
  now: number,
): boolean {
  if (!person || !graph.accounts.has(account)) return false;
  if (command === 'link') {
    const by = person.ids[0]?.key ?? '';
    person.memberships = withDeclared(person.memberships, { source: 'link', of: account, by }, now);
    return true;
  }
  const concerns = ({ source, of, isOpen }: PlainMembership): boolean =>
    isOpen && (source === 'domain' ? ownerOfDomain(graph.workspace, graph.claims, of) : of) === account;
  if (!person.memberships.some(concerns)) return false;
  person.memberships = person.memberships.map((one) => (concerns(one) ? { ...one, isOpen: false } : one));
  return true;
}

export const isLiving = (graph: PlainGraph, id: string): boolean => living(graph).some((person) => person.id === id);
