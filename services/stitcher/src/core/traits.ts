/**
 * A person's or account's own traits: of several values the newest by touchpoint time wins, whatever the order of arrival; at equal
 * times the later in the log.
 */
export interface Traited {
  traits?: Readonly<Record<string, unknown>>;
  traitTimes?: Readonly<Record<string, number>>;
}

/** More is a mistake of the sender (ids as keys), and every stitched touchpoint carries them all. */
export const MAX_TRAITS = 200;
/** Of one value as JSON. The whole of it stays in the touchpoint's own record. */
export const MAX_TRAIT_CHARACTERS = 4_096;

export interface TraitChange {
  traits: Readonly<Record<string, unknown>>;
  traitTimes: Readonly<Record<string, number>>;
  /** Whether a value changed, or only the time at which it was last said. */
  visible: boolean;
}

/** null when nothing changes. `at`: touchpoint time. */
export function withTraits(
  record: Traited,
  incoming: Readonly<Record<string, unknown>>,
  at: number,
): TraitChange | null {
  let traits: Record<string, unknown> | null = null;
  let times: Record<string, number> | null = null;
  for (const name in incoming) {
    const value = incoming[name];
    if (name === '__proto__' || value === undefined) continue;
    const known = record.traitTimes?.[name];
    if (known !== undefined && known > at) continue;
    const differs = known === undefined || !sameValue(record.traits?.[name], value);
    if (!differs && known === at) continue;
    if (differs) {
      if (!fits(value)) continue;
      traits ??= { ...record.traits };
      if (known === undefined && Object.keys(traits).length >= MAX_TRAITS) continue;
      traits[name] = value;
    }
    (times ??= { ...record.traitTimes })[name] = at;
  }
  if (!times) return null;
  return { traits: traits ?? record.traits ?? {}, traitTimes: times, visible: traits !== null };
}

/** Traits of two records that become one. `keep`: those of `survivor` win and only blanks are filled. */
export function mergedTraits(survivor: Traited, absorbed: Traited, mode: 'newest' | 'keep'): Traited {
  if (!absorbed.traits) return survivor.traits ? { traits: survivor.traits, traitTimes: survivor.traitTimes } : {};
  const traits: Record<string, unknown> = { ...survivor.traits };
  const traitTimes: Record<string, number> = { ...survivor.traitTimes };
  for (const name of Object.keys(absorbed.traits)) {
    const own = traitTimes[name];
    const theirs = absorbed.traitTimes?.[name] ?? 0;
    if (own !== undefined && (mode === 'keep' || own >= theirs)) continue;
    if (own === undefined && Object.keys(traits).length >= MAX_TRAITS) continue;
    traits[name] = absorbed.traits[name];
    traitTimes[name] = theirs;
  }
  return { traits, traitTimes };
}

function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  return typeof left === 'object' && typeof right === 'object' && JSON.stringify(left) === JSON.stringify(right);
}

function fits(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_TRAIT_CHARACTERS;
  return typeof value !== 'object' || value === null || JSON.stringify(value).length <= MAX_TRAIT_CHARACTERS;
}
