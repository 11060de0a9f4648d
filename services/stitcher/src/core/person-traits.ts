import type { PersonRecord } from './person-record.ts';
import { combinedTraits, withTraits, type Traited } from './traits.ts';

/**
 * A person's traits, and which identifier said each: touchpoints follow their most durable identifier, so do traits when a person is
 * split. Where everything was said by the person's most durable identifier (almost always) nothing more is kept.
 */

/** Of all sources together as JSON; over it only what they say together is kept, and a split leaves it where it is. */
const MAX_SOURCES_CHARACTERS = 64_000;

/** null when nothing changes. `by`: `namespace:value`; `at`: touchpoint time. `visible`: whether a value changed. */
export function withPersonTraits(
  person: PersonRecord,
  by: string,
  incoming: Readonly<Record<string, unknown>>,
  at: number,
): { person: PersonRecord; visible: boolean } | null {
  const change = withTraits(person, incoming, at);
  if (person.sources === undefined && by === person.ids[0])
    return (
      change && { person: { ...person, traits: change.traits, traitTimes: change.traitTimes }, visible: change.visible }
    );
  const sources = sourcesOf(person);
  const own = withTraits(sources[by] ?? {}, incoming, at);
  if (!own) return null;
  const { traits, traitTimes } = own;
  // Who spoke last stands last: that decides between equal times.
  const { [by]: _before, ...others } = sources;
  const next = withSources(person, { ...others, [by]: { traits, traitTimes } });
  if (!change) return { person: next, visible: false };
  return { person: { ...next, traits: change.traits, traitTimes: change.traitTimes }, visible: change.visible };
}

/** What each identifier said. */
export function sourcesOf(person: PersonRecord): Readonly<Record<string, Traited>> {
  if (person.sources) return person.sources;
  const [first] = person.ids;
  if (first === undefined || !person.traits) return {};
  return { [first]: { traits: person.traits, traitTimes: person.traitTimes } };
}

/** Sources as they are to be kept: none where the most durable identifier said everything. */
export function withSources(person: PersonRecord, sources: Readonly<Record<string, Traited>>): PersonRecord {
  const { sources: _before, ...rest } = person;
  const names = Object.keys(sources);
  const isPlain = names.length === 0 || (names.length === 1 && names[0] === person.ids[0]);
  return isPlain || JSON.stringify(sources).length > MAX_SOURCES_CHARACTERS ? rest : { ...rest, sources };
}

/** After a split: only what these identifiers said, newest value first. */
export function withTraitsOfSources(person: PersonRecord, sources: Readonly<Record<string, Traited>>): PersonRecord {
  const { traits: _traits, traitTimes: _times, ...rest } = person;
  return withSources({ ...rest, ...combinedTraits(Object.values(sources)) }, sources);
}
