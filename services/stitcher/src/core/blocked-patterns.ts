import { RE2JS } from 're2js';

/**
 * Expressions of a workspace that block what they are found in. RE2: in time linear in the value, whatever expression and value; nothing
 * that an admin writes holds up the partition.
 */

/** Longer ones are lists of values in disguise. */
const MAX_PATTERN_CHARACTERS = 500;

export function patternOf(source: unknown): { pattern: RE2JS } | { fault: string } {
  if (typeof source !== 'string' || source === '' || source.length > MAX_PATTERN_CHARACTERS)
    return { fault: `must be an expression of up to ${MAX_PATTERN_CHARACTERS} characters` };
  try {
    const pattern = RE2JS.compile(source);
    return pattern.matcher('').find() ? { fault: 'is found in every value' } : { pattern };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : 'is no RE2 expression' };
  }
}

export function isFoundIn(patterns: readonly string[], value: string): boolean {
  return compiled(patterns).some((pattern) => pattern.matcher(value).find());
}

/** By the list itself: settings are one object until they are changed. */
const known = new WeakMap<readonly string[], readonly RE2JS[]>();

function compiled(patterns: readonly string[]): readonly RE2JS[] {
  let list = known.get(patterns);
  if (!list) known.set(patterns, (list = patterns.map((source) => RE2JS.compile(source))));
  return list;
}
