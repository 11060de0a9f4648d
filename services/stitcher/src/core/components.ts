import type { PersonRecord } from './person-record.ts';

/**
 * Falls a person apart: identifiers are connected where an edge joins them on the same side of the cut. The first component is the one
 * that keeps the person: it holds the most durable identifier that stays; the others follow in the order of theirs.
 */
export function componentsOf(
  person: PersonRecord,
  owned: readonly string[],
  leaving: ReadonlySet<string>,
): readonly (readonly string[])[] {
  const parent = new Map(owned.map((key) => [key, key]));
  function root(key: string): string {
    let current = key;
    while (parent.get(current) !== current) current = parent.get(current)!;
    // Halve the way for whoever asks next.
    parent.set(key, current);
    return current;
  }
  for (const [, ...places] of person.edges ?? []) {
    const keys = places.map((place) => person.ids[place]!).filter((key) => parent.has(key));
    for (const side of [keys.filter((key) => leaving.has(key)), keys.filter((key) => !leaving.has(key))])
      for (const key of side.slice(1)) parent.set(root(key), root(side[0]!));
  }
  const components = new Map<string, string[]>();
  for (const key of owned) {
    const top = root(key);
    const known = components.get(top);
    if (known) known.push(key);
    else components.set(top, [key]);
  }
  const all = [...components.values()];
  const keeps = all.findIndex((component) => component.some((key) => !leaving.has(key)));
  return [all[keeps]!, ...all.filter((_, at) => at !== keeps)];
}
