/**
 * The one small language of definitions: all / any / not / event / where over touchpoint, person, account and journey. Compiled
 * once to closures. Total: a condition never throws and never waits; an empty group matches nothing.
 */
import { RE2JS } from 're2js';
import { parseDuration } from '@cairn/contracts/duration.ts';
import type { AccountSummary, PersonSummary } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import type { Condition, Comparison } from '@cairn/contracts/generated/journey-definition.ts';
import { countKey, holdsCount, type CompiledCount, type Counters } from './count.ts';

/** What a condition looks at. */
export interface Scene {
  touchpoint: Touchpoint | null;
  direction: 'inbound' | 'outbound' | 'none' | null;
  person: PersonSummary | null;
  account: AccountSummary | null;
  /** `journey.*`: null where no journey is at hand yet. */
  journey: JourneyFacts | null;
}

/** What a condition may ask of a journey. */
export interface JourneyFacts {
  stage: string;
  /** Kinds of the alerts that are open. */
  openAlerts: readonly string[];
  read(name: JourneyPath): unknown;
  /** How many touchpoints a `count` found, those of `personId` alone where it counts by person. */
  count(count: CompiledCount, personId: string | null): number;
}

export const JOURNEY_PATHS = [
  'stage',
  'stages',
  'status',
  'unit',
  'touchpoints',
  'people',
  'channels',
  'engagement',
  'fit',
  'score',
  'qualification',
  // What the account's buyers make of its score together (`score.account`); nothing where the journey is one person's.
  'engagedPeople',
  'engagedRoles',
  'missingRoles',
  'coverage',
  'topShare',
  'concentration',
] as const;
export type JourneyPath = (typeof JOURNEY_PATHS)[number];

export type Predicate = (scene: Scene) => boolean;
type Test = (value: unknown) => boolean;
type Read = (scene: Scene) => unknown;

/** Told of what is wrong in a condition; compilation goes on, and what is wrong matches nothing. */
export type OnFault = (path: string, message: string, instead?: { wrong: string; known: readonly string[] }) => void;

/** Deeper is no condition that a person wrote. */
const DEPTH_MAX = 32;
/** A regular expression looks at no more of a text; RE2 is linear in it. */
const MATCHED_CHARS_MAX = 10_000;
/** Answers that an expression remembers, and how long a text may be to be remembered. */
const REMEMBERED_MATCHES = 1_000;
const REMEMBERED_CHARS_MAX = 200;

const NOTHING: Predicate = () => false;
/** Of a window that is no duration, which the definition's check refuses. */
const NEVER = { ms: 0 };

/** `counters`: takes in what the condition's `count`s are to count; null: it may have none. */
export function compileCondition(
  condition: Condition,
  path: string,
  onFault: OnFault,
  depth = 0,
  counters: Counters | null = new Map(),
): Predicate {
  if (depth > DEPTH_MAX) {
    onFault(path, `is nested more than ${DEPTH_MAX} deep`);
    return NOTHING;
  }
  const inner = (part: Condition, at: string): Predicate =>
    compileCondition(part, `${path}.${at}`, onFault, depth + 1, counters);
  const parts: Predicate[] = [];
  if (condition.all) parts.push(all(condition.all.map((part, i) => inner(part, `all[${i}]`))));
  if (condition.any) parts.push(any(condition.any.map((part, i) => inner(part, `any[${i}]`))));
  if (condition.not)
    parts.push(Object.keys(condition.not).length === 0 ? NOTHING : negate(inner(condition.not, 'not')));
  const tests: [keyof Condition, Read][] = [
    ['event', (scene) => scene.touchpoint?.event],
    ['type', (scene) => scene.touchpoint?.kind],
    ['channel', (scene) => scene.touchpoint?.channel],
    ['direction', (scene) => scene.direction],
    ['stage', (scene) => scene.journey?.stage],
  ];
  for (const [key, read] of tests) {
    const comparison = condition[key] as Comparison | undefined;
    if (comparison === undefined) continue;
    const test = compileComparison(comparison, `${path}.${key}`, onFault);
    parts.push((scene) => test(read(scene)));
  }
  if (condition.alert !== undefined) {
    const test = compileComparison(condition.alert, `${path}.alert`, onFault);
    parts.push((scene) => scene.journey?.openAlerts.some(test) ?? false);
  }
  if (condition.count) parts.push(compileCount(condition.count, `${path}.count`, onFault, counters));
  if (condition.where) {
    parts.push(
      all(
        Object.entries(condition.where).map(([dotted, comparison]): Predicate => {
          const at = `${path}.where['${dotted}']`;
          const read = compilePath(dotted, at, onFault);
          const test = compileComparison(comparison, at, onFault);
          return (scene) => test(read(scene));
        }),
      ),
    );
  }
  return all(parts);
}

function compileCount(
  source: NonNullable<Condition['count']>,
  path: string,
  onFault: OnFault,
  counters: Counters | null,
): Predicate {
  if (!counters) {
    onFault(path, 'cannot stand within another count');
    return NOTHING;
  }
  const key = countKey(source);
  const holds = compileCondition(source.of, `${path}.of`, onFault, 1, null);
  const count = counters.get(key) ?? { key, source, within: parseDuration(source.within) ?? NEVER, holds };
  counters.set(key, count);
  return (scene) => scene.journey !== null && holdsCount(source, scene.journey.count(count, scene.person?.id ?? null));
}

const OF_TOUCHPOINT = ['properties', 'context', 'traits', 'touchpoint'];

/** Whether a condition asks for the touchpoint itself: it then holds for that moment, not as a state. */
export function isMomentary({ event, type, channel, direction, where, all, any, not }: Condition): boolean {
  if (event !== undefined || type !== undefined || channel !== undefined || direction !== undefined) return true;
  return (
    Object.keys(where ?? {}).some((dotted) => OF_TOUCHPOINT.includes(dotted.split('.')[0]!)) ||
    [...(all ?? []), ...(any ?? []), ...(not ? [not] : [])].some(isMomentary)
  );
}

/** Kinds of alerts that a condition asks for by name. */
export function alertsIn({ alert, all, any }: Condition): string[] {
  const listed =
    typeof alert === 'object' && alert !== null && !Array.isArray(alert) ? [alert.eq, ...(alert.in ?? [])] : [alert];
  return [...listed.flat(), ...[...(all ?? []), ...(any ?? [])].flatMap(alertsIn)].filter(
    (kind) => typeof kind === 'string',
  );
}

/** Whether any part of a condition asks for a value that starts with `root` (`person`). */
export function mentions(condition: Condition, root: string): boolean {
  return (
    Object.keys(condition.where ?? {}).some((dotted) => dotted === root || dotted.startsWith(`${root}.`)) ||
    [...(condition.all ?? []), ...(condition.any ?? []), ...(condition.not ? [condition.not] : [])].some((part) =>
      mentions(part, root),
    )
  );
}

/** Whether a condition looks at who did something: without a touchpoint nobody did. */
export function asksForPerson(condition: Condition): boolean {
  return (
    mentions(condition, 'person') ||
    condition.count?.by === 'person' ||
    [...(condition.all ?? []), ...(condition.any ?? []), ...(condition.not ? [condition.not] : [])].some(asksForPerson)
  );
}

function all(parts: readonly Predicate[]): Predicate {
  const [first, second] = parts;
  if (!first) return NOTHING;
  if (!second) return first;
  if (parts.length === 2) return (scene) => first(scene) && second(scene);
  return (scene) => {
    for (const part of parts) if (!part(scene)) return false;
    return true;
  };
}

function any(parts: readonly Predicate[]): Predicate {
  return (scene) => {
    for (const part of parts) if (part(scene)) return true;
    return false;
  };
}

function negate(part: Predicate): Predicate {
  return (scene) => !part(scene);
}

const TOUCHPOINT_FIELDS = [
  'event',
  'name',
  'kind',
  'channel',
  'source',
  'messageId',
  'userId',
  'anonymousId',
  'groupId',
  'imported',
  'bot',
] as const;
const ROOTS = ['properties', 'context', 'traits', 'person', 'account', 'journey', 'touchpoint'] as const;

function compilePath(dotted: string, at: string, onFault: OnFault): Read {
  const [root = '', ...rest] = dotted.split('.');
  switch (root) {
    case 'properties':
      return (scene) => dig(scene.touchpoint?.properties, rest);
    case 'context':
      return (scene) => dig(scene.touchpoint?.context, rest);
    case 'traits':
      return (scene) => dig(scene.touchpoint?.traits, rest);
    case 'person':
      return (scene) => dig(scene.person, rest);
    case 'account':
      return (scene) => dig(scene.account, rest);
    case 'journey':
      return compileJourneyPath(rest.join('.'), at, onFault);
    case 'touchpoint':
      return compileTouchpointPath(rest, at, onFault);
    default:
      onFault(at, `'${dotted}' is no path: it starts with ${ROOTS.slice(0, -1).join(', ')} or ${ROOTS.at(-1)!}`, {
        wrong: root,
        known: ROOTS,
      });
      return () => undefined;
  }
}

function compileJourneyPath(name: string, at: string, onFault: OnFault): Read {
  const known = JOURNEY_PATHS.find((path) => path === name);
  if (!known) onFault(at, `'journey.${name}' is nothing that a journey tells`, { wrong: name, known: JOURNEY_PATHS });
  return (scene) => (known ? scene.journey?.read(known) : undefined);
}

function compileTouchpointPath(rest: readonly string[], at: string, onFault: OnFault): Read {
  const [field = '', ...deeper] = rest;
  if (field === 'properties' || field === 'context' || field === 'traits')
    return (scene) => dig(scene.touchpoint?.[field], deeper);
  const known = TOUCHPOINT_FIELDS.find((name) => name === field);
  if (!known)
    onFault(at, `'touchpoint.${field}' is nothing that a touchpoint has`, { wrong: field, known: TOUCHPOINT_FIELDS });
  return (scene) => (known ? scene.touchpoint?.[known] : undefined);
}

/** Own properties only: a path never reaches into a prototype. */
function dig(from: unknown, path: readonly string[]): unknown {
  let value = from;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

type Plain = string | number | boolean | null;

export function compileComparison(comparison: Comparison, path: string, onFault: OnFault): Test {
  if (Array.isArray(comparison)) return isOneOf(comparison);
  if (typeof comparison !== 'object' || comparison === null) return isEqual(comparison);
  const tests = Object.entries(comparison).map(([operator, operand]) =>
    compileOperator(operator, operand, `${path}.${operator}`, onFault),
  );
  const [first, ...others] = tests;
  if (!first) return () => false;
  if (others.length === 0) return first;
  return (value) => tests.every((test) => test(value));
}

function compileOperator(operator: string, operand: unknown, path: string, onFault: OnFault): Test {
  switch (operator) {
    case 'eq':
      return isEqual(operand as Plain);
    case 'ne': {
      const equal = isEqual(operand as Plain);
      return (value) => !equal(value);
    }
    case 'gt':
      return (value) => order(value, operand) > 0;
    case 'gte':
      return (value) => order(value, operand) >= 0;
    case 'lt':
      return (value) => order(value, operand) < 0;
    case 'lte':
      return (value) => order(value, operand) <= 0;
    case 'between': {
      const [least, most] = operand as [unknown, unknown];
      return (value) => order(value, least) >= 0 && order(value, most) <= 0;
    }
    case 'in':
      return isOneOf(operand as Plain[]);
    case 'startsWith':
      return onText(operand, (text, part) => text.startsWith(part));
    case 'endsWith':
      return onText(operand, (text, part) => text.endsWith(part));
    case 'contains':
      return (value) =>
        typeof value === 'string' ? value.includes(String(operand)) : Array.isArray(value) && value.includes(operand);
    case 'matches':
      return matches(operand as string, path, onFault);
    case 'exists':
      return (value) => (value !== undefined && value !== null) === operand;
    default:
      onFault(path, `'${operator}' is no comparison`);
      return () => false;
  }
}

function isEqual(operand: Plain): Test {
  return operand === null ? (value) => value === null || value === undefined : (value) => value === operand;
}

function isOneOf(operands: readonly Plain[]): Test {
  const set = new Set<unknown>(operands);
  return (value) => set.has(value) || (value === undefined && set.has(null));
}

function onText(operand: unknown, holds: (text: string, part: string) => boolean): Test {
  const parts = (Array.isArray(operand) ? operand : [operand]).map(String);
  return (value) => typeof value === 'string' && parts.some((part) => holds(value, part));
}

function matches(pattern: string, path: string, onFault: OnFault): Test {
  try {
    const expression = RE2JS.compile(pattern);
    // Titles, paths and industries come again and again; the engine takes microseconds over each.
    const known = new Map<string, boolean>();
    return (value) => {
      if (typeof value !== 'string') return false;
      let found = known.get(value);
      if (found === undefined) {
        found = expression.matcher(value.slice(0, MATCHED_CHARS_MAX)).find();
        if (value.length > REMEMBERED_CHARS_MAX) return found;
        if (known.size >= REMEMBERED_MATCHES) known.clear();
        known.set(value, found);
      }
      return found;
    };
  } catch (error) {
    onFault(path, `'${pattern}' is not a regular expression: ${(error as Error).message}`);
    return () => false;
  }
}

/** Negative, 0 or positive; NaN (which no comparison holds for) where the two cannot be ordered. */
function order(value: unknown, operand: unknown): number {
  if (typeof value === 'string' && typeof operand === 'string') return value < operand ? -1 : value > operand ? 1 : 0;
  return numberOf(value) - numberOf(operand);
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
}
