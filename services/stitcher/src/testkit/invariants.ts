import { namespaceOf } from '../core/identifier-key.ts';
import { ownerOf, type GonePerson, type IdNode } from '../core/identity-graph.ts';
import type { PersonRecord } from '../core/person-record.ts';
import { WORKSPACE, type StitchWorld } from './stitch-world.ts';

/**
 * What must hold of the graph after every input (DESIGN section 10, invariant 5, and what the records promise each other). Written
 * against the state alone, with none of the core's arithmetic.
 */
export function faultsOfGraph(world: StitchWorld): string[] {
  const faults: string[] = [];
  const people = new Map<string, PersonRecord | GonePerson>();
  const nodes = new Map<string, IdNode>();
  for (const key of world.graph.keys(`w/${WORKSPACE}/person/`)) people.set(tail(key, 'person/'), world.graph.get(key)!);
  for (const key of world.graph.keys(`w/${WORKSPACE}/id/`)) nodes.set(tail(key, 'id/'), world.graph.get(key)!);

  for (const [key, node] of nodes) {
    const owner = ownerOf(node);
    if (owner === null) {
      if (typeof node !== 'object' || node.state !== 'shared')
        faults.push(`${key} belongs to nobody and is not shared`);
      continue;
    }
    const person = people.get(owner);
    if (!person || 'into' in person) faults.push(`${key} belongs to ${owner}, who does not live`);
    else if (!person.ids.includes(key)) faults.push(`${key} belongs to ${owner}, who does not list it`);
  }
  const holders = new Map<string, string>();
  for (const [id, person] of people) {
    if ('into' in person) {
      const into = person.into === null ? null : people.get(person.into);
      if (into !== null && (!into || 'into' in into))
        faults.push(`${id} was absorbed by ${person.into}, who does not live`);
      if (into && !('into' in into) && !into.mergedFrom?.includes(id))
        faults.push(`${person.into} does not know that it absorbed ${id}`);
      continue;
    }
    faults.push(...faultsOfPerson(id, person, people));
    for (const key of person.ids) {
      if (person.marks?.[key] === 'shared') continue;
      if (ownerOf(nodes.get(key)) !== id) faults.push(`${id} lists ${key}, which is not its own`);
      if (holders.has(key)) faults.push(`${key} is listed by ${holders.get(key)} and ${id}`);
      holders.set(key, id);
    }
  }
  return faults;
}

function faultsOfPerson(
  id: string,
  person: PersonRecord,
  people: ReadonlyMap<string, PersonRecord | GonePerson>,
): string[] {
  const faults: string[] = [];
  if (person.ids.length === 0) faults.push(`${id} has no identifier`);
  if (new Set(person.ids).size !== person.ids.length) faults.push(`${id} lists an identifier twice`);
  if (person.since.length !== person.ids.length) faults.push(`${id} has not one time for each identifier`);
  if (person.ids.filter((key) => namespaceOf(key) === 'userId').length > 1) faults.push(`${id} holds two userIds`);
  for (const [, ...places] of person.edges ?? [])
    if (places.length < 2 || places.some((place) => person.ids[place] === undefined))
      faults.push(`${id} has an edge to nowhere`);
  for (const gone of person.mergedFrom ?? []) {
    const record = people.get(gone);
    if (!record || !('into' in record) || record.into !== id) faults.push(`${id} says it absorbed ${gone}`);
  }
  return faults;
}

/** Versions as told in `identities`: they only rise, and an erased person is never told of again. */
export function faultsOfFacts(world: StitchWorld): string[] {
  const faults: string[] = [];
  const versions = new Map<string, number>();
  const erased = new Set<string>();
  for (const { to, message } of world.outputs) {
    if (to !== 'identities' || !message) continue;
    if (message.type === 'person.erased') for (const id of [message.personId, ...message.absorbed]) erased.add(id);
    if (message.type !== 'person.changed') continue;
    const { id, version, mergedInto } = message.person;
    if (erased.has(id)) faults.push(`${id} was told of after it was erased`);
    if ((versions.get(id) ?? 0) >= version) faults.push(`version ${version} of ${id} does not rise`);
    if (mergedInto !== null && erased.has(mergedInto)) faults.push(`${id} points to an erased person`);
    versions.set(id, version);
  }
  return faults;
}

/** Identifiers that are one person hang together by edges that say why. */
export function faultsOfEdges(world: StitchWorld): string[] {
  return world.people().flatMap(([id, person]) => {
    const reached = new Set([0]);
    for (let before = -1; before !== reached.size;) {
      before = reached.size;
      for (const [, ...places] of person.edges ?? [])
        if (places.some((place) => reached.has(place))) places.forEach((place) => reached.add(place));
    }
    // A shared one is only listed: it is nobody's.
    const isWhole = person.ids.every((key, place) => reached.has(place) || person.marks?.[key] === 'shared');
    return isWhole ? [] : [`${id} does not hang together: ${person.ids.join(' ')}`];
  });
}

const tail = (key: string, after: string): string => key.slice(key.indexOf(after) + after.length);
