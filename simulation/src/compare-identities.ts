import type { CommandAnswered, IdentityCommand, IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import { partitionOf } from '@cairn/contracts/topics.ts';
import type { MemoryDisk } from '@cairn/log/memory-disk.ts';
import { unpackStored } from '@cairn/stitcher/core/packed-person.ts';
import type { PlainMembership } from './identity/plain-accounts.ts';
import { holderOf, type PlainGraph } from './identity/plain-graph.ts';
import { identitiesFromLog } from './identity/plain-identities.ts';
import { partitionsOf } from './endpoint.ts';

/** What the stitcher keeps of a person, as far as the oracle knows it: the form of its state, said once more on purpose. */
interface KeptPerson {
  into?: string | null;
  ids: string[];
  edges?: [string, ...number[]][];
  memberships?: { source: string; of: string; by?: string; to?: number }[];
  mergedFrom?: string[];
}

/** The oracle's view of a workspace as of what the stitcher has committed, or as of the whole log. `partitions`: of `touchpoints`. */
export function plainGraphOf(
  disk: MemoryDisk,
  workspace: string,
  until: 'committed' | 'end',
  partitions = partitionsOf('touchpoints'),
): PlainGraph {
  const partition = partitionOf(workspace, partitions);
  const { nextOffset } = disk.task('stitch', partition);
  const inputs = disk
    .partition('touchpoints', partition)
    .records.filter((record) => record.value && (until === 'end' || record.offset < nextOffset))
    .map((record) => ({ at: record.at, message: decodeJson(record.value!) as Touchpoint | IdentityCommand }))
    .filter(({ message }) => message.workspace === workspace && /admitted$|command$/.test(message.type));
  return identitiesFromLog(workspace, inputs);
}

/** Holds the stitcher's committed state against the oracle. Returns where they differ. */
export function compareIdentities(
  disk: MemoryDisk,
  workspace: string,
  partitions = partitionsOf('touchpoints'),
): string[] {
  const graph = plainGraphOf(disk, workspace, 'committed', partitions);
  const partition = partitionOf(workspace, partitions);
  const prefix = `w/${workspace}/`;
  const kept = new Map<string, unknown>();
  for (const [key, { value }] of disk.task('stitch', partition).state.entries())
    if (key.startsWith(prefix) && value) kept.set(key.slice(prefix.length), unpackStored(decodeJson(value)));
  const of = <T>(kind: string): Map<string, T> =>
    new Map([...kept].flatMap(([key, value]) => (key.startsWith(kind) ? [[key.slice(kind.length), value as T]] : [])));
  const faults: string[] = [];
  const same = (what: string, found: unknown, wanted: unknown): void => {
    const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (one !== other) faults.push(`oracle: ${workspace}: ${what} is ${one}, should be ${other}`);
  };
  const nodes = of<string | { person: string | null; state: string }>('id/');
  const keys = new Set([...nodes.keys(), ...graph.apart.keys(), ...graph.people.flatMap(keysOf)]);
  for (const key of keys) same(key, nodes.get(key) ?? null, graph.apart.get(key) ?? holderOf(graph, key));
  const people = of<KeptPerson>('person/');
  same('everybody there ever was', [...people.keys()].sort(), graph.people.map(({ id }) => id).sort());
  for (const wanted of graph.people) {
    const found = people.get(wanted.id);
    if (!found) continue;
    same(`whether ${wanted.id} lives`, found.into === null ? 'erased' : (found.into ?? null), wanted.gone);
    if (wanted.gone !== null || found.into !== undefined) continue;
    const ids = wanted.ids.map(({ key }) => key);
    // As a set: the order of those that came together in merges says nothing.
    same(`identifiers of ${wanted.id}`, [...found.ids].sort(), [...ids].sort());
    same(`absorbed by ${wanted.id}`, [...(found.mergedFrom ?? [])].sort(), [...wanted.mergedFrom].sort());
    same(`memberships of ${wanted.id}`, namesOf(found), namesOfPlain(wanted.memberships));
    const owned = ids.filter((key) => holderOf(graph, key) === wanted.id);
    same(`edges of ${wanted.id}`, pairsIn(edgesOf(found), owned), pairsIn(graph.edges, owned));
  }
  return faults;
}

/** Whether each command was carried out. */
export function compareAnswers(disk: MemoryDisk, graph: PlainGraph, facts: readonly IdentityFile[]): string[] {
  const answers = facts.filter((fact): fact is CommandAnswered => fact.type === 'command.answered');
  return [...graph.answers].flatMap(([commandId, wanted]) => {
    const found = answers.filter((answer) => answer.commandId === commandId);
    if (found.length === 1 && found[0]!.ok === wanted) return [];
    return [`oracle: ${commandId} was answered ${JSON.stringify(found)}, should be ${wanted ? 'done' : 'refused'}`];
  });
}

const keysOf = ({ ids }: PlainGraph['people'][number]): string[] => ids.map(({ key }) => key);

function namesOf({ ids, memberships = [] }: KeptPerson): string[] {
  const by = (one: { source: string; by?: string }): string => one.by ?? (one.source === 'domain' ? 'own' : ids[0]!);
  return distinct(memberships.map((one) => `${one.source} ${one.of} ${by(one)} ${one.to === undefined}`));
}

const namesOfPlain = (memberships: readonly PlainMembership[]): string[] =>
  distinct(memberships.map(({ source, of, by, isOpen }) => `${source} ${of} ${by ?? 'own'} ${isOpen}`));

const edgesOf = ({ ids, edges = [] }: KeptPerson): string[][] =>
  edges.map(([, ...places]) => places.map((place) => ids[place]!));

/** Each two identifiers of a list that an edge joins. */
function pairsIn(edges: readonly (readonly string[])[], keys: readonly string[]): string[] {
  const pairs = edges.flatMap((edge) => {
    const own = edge.filter((key) => keys.includes(key)).sort();
    return own.flatMap((one, at) => own.slice(at + 1).map((other) => `${one} ${other}`));
  });
  return distinct(pairs);
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
