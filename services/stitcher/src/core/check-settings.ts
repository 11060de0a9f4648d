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
    rules[name] = { ...(rules[name] ?? DEFAULT_SETTINGS.externalIds), ...(rule as Partial<NamespaceRule>) };
  }
  check(faultOfRule('externalIds', externalIds));
  if (faults.length) return { fault: faults.join('; ') };
  const external = { ...DEFAULT_SETTINGS.externalIds, ...(externalIds as Partial<NamespaceRule>) };
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

function faultOf(name: string, value: unknown): string | null {
  const range = NUMBERS[name];
  if (range) return isWhole(value, ...range) ? null : `${name} must be a whole number from ${range[0]} to ${range[1]}`;
  const choices = CHOICES[name];
  if (choices) return choices.includes(value) ? null : `${name} must be one of ${choices.join(', ')}`;
  if (name !== 'blockedValues') return `${name} is no setting`;
  const isList =
    Array.isArray(value) && value.length <= MAX_BLOCKED_VALUES && value.every((one) => typeof one === 'string');
  return isList ? null : `blockedValues must list up to ${MAX_BLOCKED_VALUES} texts`;
}

function faultOfRule(path: string, rule: unknown): string | null {
  if (!isObject(rule)) return `${path} must be an object`;
  for (const [name, value] of Object.entries(rule)) {
    if (name === 'unique' || name === 'shareable') {
      if (typeof value !== 'boolean') return `${path}.${name} must be true or false`;
    } else if (name === 'windowMs') {
      if (value !== null && !isWhole(value, 1, Number.MAX_SAFE_INTEGER))
        return `${path}.windowMs must be milliseconds or null`;
    } else if (name === 'priority' || name === 'limit') {
      if (!isWhole(value, 1, 1_000)) return `${path}.${name} must be a whole number from 1 to 1000`;
    } else return `${path}.${name} is no setting`;
  }
  return null;
}

const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
