/** Regular expressions over event names, remembered: the same few names come with every touchpoint, and an expression takes ten times as long as a look-up. */

/** Event names of a workspace; past it the memory starts anew. */
const REMEMBERED_MAX = 1_000;

export function eventPattern(expression: RegExp): (event: string) => boolean {
  const known = new Map<string, boolean>();
  return (event) => {
    let found = known.get(event);
    if (found === undefined) {
      found = expression.test(event);
      if (known.size >= REMEMBERED_MAX) known.clear();
      known.set(event, found);
    }
    return found;
  };
}
