import { subjectOf } from '../core/account-membership.ts';
import { draftOf, isShared as isSharedNode, ownerOf } from '../core/identity-graph.ts';
import type { PersonRecord } from '../core/person-record.ts';
import { accountOfLabel, type FoundPerson, type FoundWorld, type StitchCase } from './run-case.ts';
import { createStitchWorld, STARTED_AT, WORKSPACE, type StitchWorld } from './stitch-world.ts';

/** Runs a case through the pure core and shows what came of it. */
export function runInCore(stitchCase: StitchCase): FoundWorld {
  const world = createStitchWorld(stitchCase.settings);
  const duplicates: number[] = [];
  const stitchedBy = new Map<number, number>();
  stitchCase.steps.forEach((step, index) => {
    if ('wait' in step) return world.advance(step.wait);
    const before = world.stitched.length;
    const result = world.send({ messageId: `step-${index + 1}`, ...step });
    if (result.duplicate) duplicates.push(index + 1);
    if (world.stitched.length > before) stitchedBy.set(index + 1, before);
  });
  return show(world, duplicates, stitchedBy, labelsOf(stitchCase));
}

function show(
  world: StitchWorld,
  duplicates: readonly number[],
  stitchedBy: ReadonlyMap<number, number>,
  labels: ReadonlyMap<string, string>,
): FoundWorld {
  const label = (id: string): string => labels.get(id) ?? (world.person(id) ? 'person' : id);
  const living = (id: string): string => {
    const record = world.person(id);
    return record && 'into' in record ? (record.into ?? 'erased') : id;
  };
  const calls = new Map<string, number[]>();
  const subjects: Record<string, string> = {};
  for (const [step, index] of stitchedBy) {
    const { person, subject } = world.stitched[index]!;
    if (person) calls.set(living(person.id), [...(calls.get(living(person.id)) ?? []), step]);
    subjects[step] = subject.unit === 'person' ? 'person' : label(subject.id);
  }
  return {
    people: world.people().map(([id, record]) => showPerson(world, id, record, calls.get(id) ?? [], label)),
    decisions: world.facts('identity.decision').map((fact) => `${fact.decision} ${fact.namespace}:${fact.value}`),
    duplicates,
    subjects,
    handOvers: world.notices('subject.handed-over').map(({ from, into }) => `${label(into.id)} <- ${label(from.id)}`),
    leadsToNobody: (key) => ownerOf(world.node(key)) === null,
  };
}

function showPerson(
  world: StitchWorld,
  id: string,
  record: PersonRecord,
  calls: readonly number[],
  label: (id: string) => string,
): FoundPerson {
  const draft = draftOf(world.graph, { workspace: WORKSPACE, now: STARTED_AT, at: STARTED_AT, cause: 'test' });
  const subject = subjectOf(draft, id, record);
  const isShared = (key: string): boolean => isSharedNode(world.node(key));
  return {
    ids: record.ids.filter((key) => !isShared(key)),
    shared: record.ids.filter(isShared),
    account: subject.unit === 'account' ? label(subject.id) : null,
    calls,
    traits: record.traits ?? {},
    mergedFrom: record.mergedFrom?.length ?? 0,
  };
}

/** Every account that the case names, by id. */
function labelsOf(stitchCase: StitchCase): ReadonlyMap<string, string> {
  const text = JSON.stringify(stitchCase);
  const labels = new Map<string, string>();
  for (const [label] of text.matchAll(/(?:group|domain|crm):[^" ;]+/g))
    labels.set(accountOfLabel(WORKSPACE, label), label);
  return labels;
}
