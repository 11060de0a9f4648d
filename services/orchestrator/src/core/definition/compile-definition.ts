/** A checked definition → what the core runs on: conditions as closures, durations and names resolved, once a version. */
import { parseDuration, type Duration } from '@cairn/contracts/duration.ts';
import type { Condition, JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { businessTimeOf, type BusinessTime } from '../business-time.ts';
import { compileCondition, mentions, type Predicate } from '../condition.ts';
import type { CompiledCount, Counters } from '../count.ts';
import { compileMeetings, type CompiledMeetings } from '../meeting.ts';
import { compileOutreach, type CompiledOutreach } from './compile-outreach.ts';
import { compileOwners, type OwnerHours } from '../owner-hours.ts';
import { compileTimed, type Timed } from './compile-timed.ts';
import { createEventIndex, eventsAskedFor, type AskedEvents, type EventRules } from './event-index.ts';

export interface CompiledDefinition {
  name: string;
  version: number;
  unit: 'account' | 'person';
  source: JourneyDefinition;
  businessTime: BusinessTime;
  /** Null where the definition has no `outbound`: what does not say so itself is inbound. */
  outbound: Predicate | null;
  stages: readonly CompiledStage[];
  stageIndex: ReadonlyMap<string, number>;
  won: Predicate | null;
  lost: Predicate | null;
  /** Null: points never fade. */
  halfLifeMs: number | null;
  engagement: readonly CompiledRule[];
  fit: readonly CompiledFitRule[];
  thresholds: { mql: number | null; sql: number | null };
  roles: readonly { name: string; holds: Predicate }[];
  /** Whether an alert waits for working hours. */
  withinHours: boolean;
  escalateAfter: Duration | null;
  /** At most so many new alerts of learned stalls a working day; null: as many as there are. */
  budget: { count: number; per: 'owner' | 'workspace' } | null;
  /** Who looks after journeys whose account names no owner, in turn. */
  owners: readonly string[];
  /** When owners work who have hours or a zone of their own. */
  ownerHours: OwnerHours;
  autoReplies: Predicate | null;
  meetings: CompiledMeetings;
  /** What `count`s in conditions count. */
  counters: readonly CompiledCount[];
  /** What a touchpoint of an event could match: nothing else need be asked. */
  rulesFor: (event: string | null) => EventRules;
  outreach: CompiledOutreach;
  /** What changes by time alone. */
  timed: Timed;
}

export interface CompiledStage {
  name: string;
  enter: Predicate | null;
  forwardOnly: boolean;
  from: ReadonlySet<string> | null;
  /** Null: this stage raises no stall by a fixed limit. */
  stallAfter: Duration | null;
  /** Null: this stage's stalls are not learned. */
  learned: CompiledLearnedStall | null;
}

export interface CompiledLearnedStall {
  horizon: Duration;
  /** An alert opens once it is as likely as this that the silence reaches the horizon. */
  probability: number;
  /** No probability is given, but a budget: until another is chosen from it, `probability` holds. */
  isBudgeted: boolean;
  /** Null: after any silence. */
  atLeast: Duration | null;
}

export interface CompiledRule {
  name: string;
  when: Predicate;
  /** Events that it could hold for. */
  events: AskedEvents;
  add: number;
  atMost: number | null;
}

export interface CompiledFitRule extends CompiledRule {
  /** Asks for the person: then it holds for the journey while it holds for any of its people. */
  ofPerson: boolean;
}

/** Throws where the definition was never checked: that is a mistake of ours. */
export function compileDefinition(source: JourneyDefinition, version: number): CompiledDefinition {
  const counters: Counters = new Map();
  const compile = (condition: Condition | undefined, path: string): Predicate | null =>
    condition === undefined
      ? null
      : compileCondition(
          condition,
          path,
          (at, message) => {
            throw new Error(`definition ${source.name} ${version}: ${at}: ${message}`);
          },
          0,
          counters,
        );
  const { businessHours: hours, score } = source;
  const compiled = {
    name: source.name,
    version,
    unit: source.unit,
    source,
    businessTime: businessTimeOf(source.timezone, hours),
    outbound: compile(source.outbound, 'outbound'),
    stages: source.stages.map((stage, i) => ({
      name: stage.name,
      enter: compile(stage.enter, `stages[${i}].enter`),
      forwardOnly: stage.forwardOnly ?? false,
      from: stage.from ? new Set(stage.from) : null,
      stallAfter: durationOf(stage.stall?.after),
      learned: learnedOf(stage.stall?.learned, source.alerts?.budget !== undefined),
    })),
    stageIndex: new Map(source.stages.map((stage, i) => [stage.name, i])),
    won: compile(source.outcomes?.won?.enter, 'outcomes.won.enter'),
    lost: compile(source.outcomes?.lost?.enter, 'outcomes.lost.enter'),
    halfLifeMs: msOf(durationOf(score?.engagement?.halfLife)),
    engagement: (score?.engagement?.points ?? []).map((rule) => compileRule(rule, compile)),
    fit: (score?.fit?.points ?? []).map((rule) => ({
      ...compileRule(rule, compile),
      ofPerson: mentions(rule.when, 'person'),
    })),
    thresholds: { mql: score?.thresholds?.mql ?? null, sql: score?.thresholds?.sql ?? null },
    roles: Object.entries(source.roles ?? {}).map(([name, condition]) => ({
      name,
      holds: compile(condition, `roles.${name}`)!,
    })),
    withinHours: hours !== undefined && source.alerts?.anyHour !== true,
    escalateAfter: durationOf(source.alerts?.escalateAfter),
    budget: source.alerts?.budget
      ? { count: source.alerts.budget.count, per: source.alerts.budget.per ?? 'owner' }
      : null,
    ...compileOwners(source),
    autoReplies: compile(source.autoReplies, 'autoReplies'),
    meetings: compileMeetings(source, compile),
    outreach: compileOutreach(source, compile),
  };
  // Last: every condition has told what it counts.
  const rulesFor = createEventIndex({
    engagement: compiled.engagement,
    counters: [...counters.values()],
    stages: source.stages.map(({ enter }) => ({ events: eventsAskedFor(enter) })),
    won: eventsAskedFor(source.outcomes?.won?.enter),
    lost: eventsAskedFor(source.outcomes?.lost?.enter),
  });
  return { ...compiled, counters: [...counters.values()], timed: compileTimed(source, counters), rulesFor };
}

/** As the schema's description says. */
export const DEFAULT_PROBABILITY = 0.7;

function learnedOf(
  policy: NonNullable<JourneyDefinition['stages'][number]['stall']>['learned'],
  hasBudget: boolean,
): CompiledLearnedStall | null {
  if (!policy) return null;
  return {
    horizon: parseDuration(policy.horizon)!,
    probability: policy.probability ?? DEFAULT_PROBABILITY,
    isBudgeted: hasBudget && policy.probability === undefined,
    atLeast: durationOf(policy.atLeast),
  };
}

type Rule = NonNullable<NonNullable<JourneyDefinition['score']>['fit']>['points'][number];

function compileRule(rule: Rule, compile: (condition: Condition, path: string) => Predicate | null): CompiledRule {
  return {
    name: rule.name,
    when: compile(rule.when, rule.name)!,
    events: eventsAskedFor(rule.when),
    add: rule.add,
    atMost: rule.atMost ?? null,
  };
}

function durationOf(text: string | undefined): Duration | null {
  return text === undefined ? null : parseDuration(text);
}

function msOf(duration: Duration | null): number | null {
  return duration && 'ms' in duration ? duration.ms : null;
}
