import { parseDuration } from '@cairn/contracts/duration.ts';
import { patternOf } from './blocked-patterns.ts';
import { DEFAULT_SETTINGS, type NamespaceRule, type StitchSettings } from './settings.ts';

/**
 * Turns what an admin wrote into whole settings: what is left out is as by default, what is wrong is named. Settings hold from the next
 * touchpoint on; nothing that was stitched before changes.
 */
export function checkSettings(given: unknown): { settings: StitchSettings } | { fault: string } {
  if (!isObject(given)) return { fault: 'settings must be an object' };
  const { namespaces = {}, externalIds = {}, ...rest } = given;
  const faults: string[] = [];
  const check = (fault: string | null): void => void (fault && faults.push(fault));
  for (const [name, value] of Object.entries(rest)) check(faultOf(name, value));
  if (!isObject(namespaces)) check('namespaces must be an object');
  const rules = { ...DEFAULT_SETTINGS.namespaces };
  for (const [name, rule] of Object.entries(isObject(namespaces) ? namespaces : {})) {
    check(faultOfRule(`namespaces.${name}`, rule));
    if (!Object.hasOwn(rules, name) && Object.hasOwn(Object.prototype, name))
      check(`namespaces.${name} is no namespace`);
    else rules[name] = { ...(rules[name] ?? DEFAULT_SETTINGS.externalIds), ...partOf(rule) };
  }
  check(faultOfRule('externalIds', externalIds));
  if (faults.length) return { fault: faults.join('; ') };
  const external = { ...DEFAULT_SETTINGS.externalIds, ...partOf(externalIds) };
  return {
    settings: { ...DEFAULT_SETTINGS, ...(rest as Partial<StitchSettings>), namespaces: rules, externalIds: external },
  };
}

/** A cap over the default would let one person's record outgrow what a commit takes. */
const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  maxIdsPerPerson: [1, DEFAULT_SETTINGS.maxIdsPerPerson],
  maxMergesPerPerson: [0, DEFAULT_SETTINGS.maxMergesPerPerson],
  quarantineAbove: [2, 1_000],
};
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  sharedDevices: ['isolate', 'first', 'last'],
  traitsOnMerge: ['newest', 'keep'],
  foldSubdomains: [true, false],
};
const MAX_BLOCKED_VALUES = 1_000;
/** Each is tried on every identifier of every touchpoint: a microsecond or two. */
const MAX_BLOCKED_PATTERNS = 50;

function faultOf(name: string, value: unknown): string | null {
  const range = NUMBERS[name];
  if (range) return isWhole(value, ...range) ? null : `${name} must be a whole number from ${range[0]} to ${range[1]}`;
  const choices = CHOICES[name];
  if (choices) return choices.includes(value) ? null : `${name} must be one of ${choices.join(', ')}`;
  if (name === 'blockedPatterns') return faultOfPatterns(value);
  if (name !== 'blockedValues') return `${name} is no setting`;
  const isList =
    Array.isArray(value) && value.length <= MAX_BLOCKED_VALUES && value.every((one) => typeof one === 'string');
  return isList ? null : `blockedValues must list up to ${MAX_BLOCKED_VALUES} texts`;
}

function faultOfPatterns(value: unknown): string | null {
  if (!Array.isArray(value) || value.length > MAX_BLOCKED_PATTERNS)
    return `blockedPatterns must list up to ${MAX_BLOCKED_PATTERNS} expressions`;
  for (const [place, source] of value.entries()) {
    const pattern = patternOf(source);
    if ('fault' in pattern) return `blockedPatterns.${place} ${pattern.fault}`;
  }
  return null;
}

function faultOfRule(path: string, rule: unknown): string | null {
  if (!isObject(rule)) return `${path} must be an object`;
  for (const [name, value] of Object.entries(rule)) {
    if (name === 'unique' || name === 'shareable') {
      if (typeof value !== 'boolean') return `${path}.${name} must be true or false`;
    } else if (name === 'window') {
      if (value !== null && !(windowOf(value)! > 0)) return `${path}.window must be a duration like "7 days", or null`;
    } else if (name === 'windowMs') {
      if (value !== null && !isWhole(value, 1, Number.MAX_SAFE_INTEGER))
        return `${path}.windowMs must be milliseconds or null`;
    } else if (name === 'priority' || name === 'limit') {
      if (!isWhole(value, 1, 1_000)) return `${path}.${name} must be a whole number from 1 to 1000`;
    } else return `${path}.${name} is no setting`;
  }
  return null;
}

/** A rule as it is kept: a window in words is its milliseconds. */
function partOf(rule: unknown): Partial<NamespaceRule> {
  if (!isObject(rule)) return {};
  const { window, ...rest } = rule;
  return window === undefined ? rest : { ...rest, windowMs: window === null ? null : windowOf(window) };
}

function windowOf(value: unknown): number | null {
  const duration = typeof value === 'string' ? parseDuration(value) : null;
  return duration && 'ms' in duration ? duration.ms : null;
}

const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
