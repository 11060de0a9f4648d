/**
 * What may be wrong with who takes part, in a stage that asks for roles (`requiredRoles`): nobody has one of them, whoever has it went
 * quiet while others stay active, or only one buyer takes part at all. Says since when, and when it is worth an alert; opens none.
 */
import type { CompiledDefinition } from '../definition/compile-definition.ts';
import { engagedPeople } from '../score/account-score.ts';
import type { JourneyState, SubjectState } from '../state.ts';

export interface RoleFinding {
  kind: 'role-silent' | 'single-threaded' | 'role-missing';
  /** The same while it is the same trouble: it has one alert. */
  key: string;
  /** Epoch ms. */
  since: number;
  dueAt: number;
  text: string;
  quietPersonId: string | null;
}

/** A role, or a second buyer, may turn up in the first days of a stage. */
const MISSING_AFTER = { businessDays: 1 } as const;
const ALONE_AFTER = { businessDays: 2 } as const;

export function findRoleTrouble(
  definition: CompiledDefinition,
  journey: JourneyState,
  unit: SubjectState['unit'],
): readonly RoleFinding[] {
  const { stage, stageSince, people } = journey;
  const required = definition.source.requiredRoles?.[stage] ?? [];
  if (required.length === 0) return NONE;
  const { businessTime } = definition;
  const findings: RoleFinding[] = [];
  const missing = required.filter((role) => !people.some((person) => person.roles?.includes(role)));
  if (missing.length > 0)
    findings.push({
      kind: 'role-missing',
      key: `${stage}:${missing.join()}`,
      since: stageSince,
      dueAt: businessTime.add(stageSince, MISSING_AFTER),
      text: `${missingWords(missing)} takes part in ${stage} yet`,
      quietPersonId: null,
    });
  const active = engagedPeople(people);
  if (unit === 'account' && active.length === 1)
    findings.push({
      kind: 'single-threaded',
      key: `${stage}:${active[0]!.id}`,
      since: stageSince,
      dueAt: businessTime.add(stageSince, ALONE_AFTER),
      text: `Only one buyer takes part in ${stage}`,
      quietPersonId: null,
    });
  const silent = findSilentRole(definition, journey, required);
  if (silent) findings.push(silent);
  return findings;
}

/** "No decision-maker", "No champion and no decision-maker". */
function missingWords(roles: readonly string[]): string {
  const words = roles.map((role) => `no ${role}`).join(' and ');
  return `N${words.slice(1)}`;
}

const NONE: readonly RoleFinding[] = Object.freeze([]);

/** The role that is due first. While everybody is silent it is the journey that stalls, and no role alone. */
function findSilentRole(
  definition: CompiledDefinition,
  { stage, people }: JourneyState,
  required: readonly string[],
): RoleFinding | null {
  const policy = definition.stages[definition.stageIndex.get(stage) ?? -1];
  const limit = policy?.stallAfter ?? policy?.learned?.horizon ?? null;
  if (!limit) return null;
  let found: RoleFinding | null = null;
  for (const role of required) {
    let last: { id: string; at: number } | null = null;
    for (const { id, inboundAt, roles } of people)
      if (inboundAt !== null && roles?.includes(role) && (!last || inboundAt > last.at)) last = { id, at: inboundAt };
    if (!last) continue;
    const { at } = last;
    const dueAt = definition.businessTime.add(at, limit);
    if (!people.some(({ inboundAt }) => inboundAt !== null && inboundAt > at) || (found && found.dueAt <= dueAt))
      continue;
    found = {
      kind: 'role-silent',
      key: `${role}:${at}`,
      since: at,
      dueAt,
      text: `No reply from the ${role} for`,
      quietPersonId: last.id,
    };
  }
  return found;
}
