/**
 * Which rules, stages, outcomes and counts a touchpoint of an event could match at all: most ask for an event by name, so a look-up spares
 * asking them one by one. A superset of what matches; the conditions themselves decide.
 */
import type { Comparison, Condition } from '@cairn/contracts/generated/journey-definition.ts';
import type { CompiledCount } from '../count.ts';
import type { CompiledRule } from './compile-definition.ts';

/** Event names that a condition asks for; null: it may hold for any. */
export type AskedEvents = ReadonlySet<unknown> | null;

export interface EventRules {
  engagement: readonly CompiledRule[];
  counters: readonly CompiledCount[];
  /** Places of stages in the definition, the last first. */
  stages: readonly number[];
  mayWin: boolean;
  mayLose: boolean;
}

export interface EventIndexSource {
  engagement: readonly CompiledRule[];
  counters: readonly CompiledCount[];
  stages: readonly { events: AskedEvents }[];
  won: AskedEvents;
  lost: AskedEvents;
}

/** Event names of a workspace; past it the memory starts anew. */
const REMEMBERED_MAX = 1_000;

export function createEventIndex(source: EventIndexSource): (event: string | null) => EventRules {
  const known = new Map<string | null, EventRules>();
  return function rulesFor(event) {
    let rules = known.get(event);
    if (!rules) {
      const may = (events: AskedEvents): boolean => events === null || events.has(event);
      rules = {
        engagement: source.engagement.filter(({ events }) => may(events)),
        counters: source.counters.filter(({ source: { of } }) => may(eventsAskedFor(of))),
        stages: source.stages
          .map((_stage, i) => i)
          .filter((i) => may(source.stages[i]!.events))
          .reverse(),
        mayWin: may(source.won),
        mayLose: may(source.lost),
      };
      if (known.size >= REMEMBERED_MAX) known.clear();
      known.set(event, rules);
    }
    return rules;
  };
}

/** The keys of a condition hold together, so what one of them asks for is asked for by the whole. */
export function eventsAskedFor(condition: Condition | undefined): AskedEvents {
  if (!condition) return NONE;
  const own = condition.event === undefined ? null : textsOf(condition.event);
  if (own) return own;
  for (const part of condition.all ?? []) {
    const asked = eventsAskedFor(part);
    if (asked) return asked;
  }
  if (!condition.any?.length) return null;
  const union = new Set<unknown>();
  for (const part of condition.any) {
    const asked = eventsAskedFor(part);
    if (!asked) return null;
    for (const event of asked) union.add(event);
  }
  return union;
}

const NONE: ReadonlySet<unknown> = new Set();

/** What a comparison is equal to; null: more than a list of texts. */
function textsOf(comparison: Comparison): AskedEvents {
  if (Array.isArray(comparison)) return new Set<unknown>(comparison);
  if (typeof comparison !== 'object' || comparison === null) return new Set<unknown>([comparison]);
  const { eq, in: oneOf } = comparison;
  if (eq !== undefined) return new Set<unknown>([eq]);
  return oneOf ? new Set<unknown>(oneOf) : null;
}
