import type { IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import { subjectOf } from '../core/account-membership.ts';
import { draftOf, isShared as isSharedNode, ownerOf } from '../core/identity-graph.ts';
import type { PersonRecord } from '../core/person-record.ts';
import { namespaceOf, valueOf } from '../core/identifier-key.ts';
import { accountOfLabel, type CommandStep, type FoundPerson, type FoundWorld, type StitchCase } from './run-case.ts';
import { createStitchWorld, STARTED_AT, WORKSPACE, type StitchWorld } from './stitch-world.ts';

/** Runs a case through the pure core and shows what came of it. */
export function runInCore(stitchCase: StitchCase): FoundWorld {
  const world = createStitchWorld(stitchCase.settings);
  const duplicates: number[] = [];
  const answers: string[] = [];
  const stitchedBy = new Map<number, number>();
  stitchCase.steps.forEach((step, index) => {
    if ('wait' in step) return world.advance(step.wait);
    if ('command' in step) {
      const answer = world.order(step.command, paramsOf(world, step, stitchedBy));
      return void answers.push(answer.ok ? 'ok' : answer.code!);
    }
    const before = world.stitched.length;
    const result = world.send({ messageId: `step-${index + 1}`, ...step });
    if (result.duplicate) duplicates.push(index + 1);
    if (world.stitched.length > before) stitchedBy.set(index + 1, before);
  });
  return show(world, { duplicates, answers }, stitchedBy, labelsOf(stitchCase));
}

function paramsOf(
  world: StitchWorld,
  step: CommandStep,
  stitchedBy: ReadonlyMap<number, number>,
): Record<string, unknown> {
  function personOf(name: string): string {
    if (!name.startsWith('#')) return ownerOf(world.node(name)) ?? 'nobody';
    return world.stitched[stitchedBy.get(Number(name.slice(1)))!]!.person!.id;
  }
  switch (step.command) {
    case 'merge':
      return { from: personOf(step.from), into: personOf(step.into) };
    case 'split':
      return {
        personId: personOf(step.person),
        cut: step.cut.map((key) => ({ namespace: namespaceOf(key), value: valueOf(key) })),
      };
    case 'erase':
      return { personId: personOf(step.person), dryRun: step.dryRun ?? false, suppress: step.suppress ?? false };
    case 'link':
    case 'unlink':
      return { personId: personOf(step.person), accountId: accountOfLabel(WORKSPACE, step.account) };
  }
}

function show(
  world: StitchWorld,
  { duplicates, answers }: Pick<FoundWorld, 'duplicates' | 'answers'>,
  stitchedBy: ReadonlyMap<number, number>,
  labels: ReadonlyMap<string, string>,
): FoundWorld {
  const label = (id: string): string => labels.get(id) ?? (world.person(id) ? 'person' : id);
  const labelOfPerson = (id: string): string => (world.person(id) ? 'person' : 'person-of-one-touchpoint');
  const calls = callsByOwner(world, stitchedBy);
  const subjects: Record<string, string> = {};
  for (const [step, index] of stitchedBy) {
    const { subject } = world.stitched[index]!;
    subjects[step] = subject.unit === 'account' ? label(subject.id) : labelOfPerson(subject.id);
  }
  return {
    people: world.people().map(([id, record]) => showPerson(world, id, record, calls.get(id) ?? [], label)),
    decisions: world.facts('identity.decision').map((fact) => `${fact.decision} ${fact.namespace}:${fact.value}`),
    duplicates,
    answers,
    subjects,
    handOvers: world.notices('subject.handed-over').map(({ from, into }) => `${label(into.id)} <- ${label(from.id)}`),
    leadsToNobody: (key) => ownerOf(world.node(key)) === null,
  };
}

/** Whose each call is now: the person stamped on it, followed through every merge, split and erasure that came after. */
function callsByOwner(world: StitchWorld, stitchedBy: ReadonlyMap<number, number>): ReadonlyMap<string, number[]> {
  const steps = new Map([...stitchedBy].map(([step, index]) => [world.stitched[index]!, step]));
  const owners = new Map<StitchedTouchpoint, string>();
  for (const { to, message } of world.outputs) {
    if (message?.type === 'touchpoint.stitched') {
      if (message.person) owners.set(message, message.person.id);
    } else if (to === 'identities' && message) {
      for (const [call, owner] of owners) {
        const next = ownerAfter(message, owner, call.stitchKey);
        if (next === null) owners.delete(call);
        else owners.set(call, next);
      }
    }
  }
  const calls = new Map<string, number[]>();
  for (const [call, owner] of owners) calls.set(owner, [...(calls.get(owner) ?? []), steps.get(call)!]);
  return calls;
}

function ownerAfter(fact: IdentityFile, owner: string, stitchKey: string): string | null {
  switch (fact.type) {
    case 'person.merged':
      return fact.from === owner ? fact.into : owner;
    case 'person.split':
      return fact.personId === owner
        ? (fact.into.find(({ ids }) => ids.includes(stitchKey))?.personId ?? owner)
        : owner;
    case 'person.erased':
      return fact.personId === owner ? null : owner;
    default:
      return owner;
  }
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
