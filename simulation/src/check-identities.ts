import type { IdentityFile, Person } from '@cairn/contracts/generated/identity.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { Traffic } from './traffic.ts';

/**
 * Invariants 5 and 7 of DESIGN section 10 over the facts that a run told, in their order: an identifier leads to one living person or is
 * shared; versions only rise; nobody holds two userIds; absorption has depth 1; nothing of one workspace is in another's facts. Knows
 * nothing of how the stitcher does it.
 */
export function checkIdentities(
  facts: readonly IdentityFile[],
  journeys: readonly JourneyChanged[],
  { calls, workspaces }: Pick<Traffic, 'calls' | 'workspaces'>,
): string[] {
  return [
    ...workspaces.flatMap((workspace) => checkWorkspace(workspace, facts)),
    ...checkApart(facts, journeys, calls),
  ];
}

function checkWorkspace(workspace: string, facts: readonly IdentityFile[]): string[] {
  const faults: string[] = [];
  const people = new Map<string, Person>();
  for (const fact of facts) {
    if (fact.workspace !== workspace || fact.type !== 'person.changed') continue;
    const { person } = fact;
    const before = people.get(person.id);
    if (before && person.version <= before.version)
      faults.push(`person ${person.id}: version ${person.version} after ${before.version}`);
    people.set(person.id, person);
  }
  const holders = new Map<string, string>();
  for (const { id, ids, mergedInto } of people.values()) {
    if (mergedInto !== null) {
      if (people.get(mergedInto)?.mergedInto !== null)
        faults.push(`person ${id} is absorbed by ${mergedInto}, who does not live`);
      continue;
    }
    if (ids.filter(({ namespace, shared }) => namespace === 'userId' && !shared).length > 1)
      faults.push(`person ${id} holds two userIds`);
    for (const { namespace, value, shared } of ids) {
      if (shared) continue;
      const other = holders.get(`${namespace}:${value}`);
      if (other !== undefined) faults.push(`${namespace}:${value} leads to ${other} and to ${id}`);
      holders.set(`${namespace}:${value}`, id);
    }
  }
  return faults;
}

function checkApart(
  facts: readonly IdentityFile[],
  journeys: readonly JourneyChanged[],
  calls: Traffic['calls'],
): string[] {
  const faults: string[] = [];
  const owners = new Map<string, string>();
  const own = (what: string, workspace: string): void => {
    const other = owners.get(what);
    if (other !== undefined && other !== workspace) faults.push(`${what} is in ${other} and in ${workspace}`);
    owners.set(what, workspace);
  };
  for (const { workspace, body } of calls) own(`message ${body.messageId}`, workspace);
  for (const fact of facts) if (fact.type === 'person.changed') own(`person ${fact.person.id}`, fact.workspace);
  for (const { workspace, journey, touchpoint } of journeys) {
    own(`journey ${journey.id}`, workspace);
    for (const { id } of journey.people) own(`person ${id}`, workspace);
    if (touchpoint) own(`message ${touchpoint.messageId}`, workspace);
  }
  return faults;
}
