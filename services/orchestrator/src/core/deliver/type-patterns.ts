/** Which facts an endpoint wants: `alert.opened`, `alert.*`, `*`. */

/** A name of lower-case words with dots; a star stands for all that follows and only comes last. */
const PATTERN = /^(\*|[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*(\.\*)?)$/;
export const PATTERNS_MAX = 50;
export const PATTERN_LENGTH_MAX = 100;

export function isTypePattern(text: string): boolean {
  return text.length <= PATTERN_LENGTH_MAX && PATTERN.test(text);
}

/** No pattern matches nothing. */
export function matchesType(patterns: readonly string[], type: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  );
}
