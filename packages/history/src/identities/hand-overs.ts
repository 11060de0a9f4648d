/**
 * Whose a touchpoint is after its subject was handed over to another, perhaps more than once: a person who leaves an account lives on alone,
 * and is handed over again later. What was there by then goes along, what comes after does not. Pure; knows nothing of where rows lie.
 */
export interface HandOver {
  subjectId: string;
  /** Empty: derived anew, whatever went elsewhere before is its own again. */
  intoId: string;
  /** Where it stands in the inbox partition of the subject, as its touchpoints do. */
  offset: bigint;
  /** Rises with the log, over all partitions. */
  version: bigint;
}

/** What a subject holds now of one that was handed over to it, directly or by way of others: `[low, high)` each. */
export interface Holding {
  subjectId: string;
  /** Of touchpoints that came to it by themselves. */
  offsets: Window;
  /** Of those that were moved or handed over to it: the milliseconds of the log in which they were. */
  times: Window;
}

export interface Window {
  low: bigint;
  high: bigint;
}

/** A version is milliseconds of the log and, within one, the offset: of another partition's it says nothing, so only the time is compared. */
export const VERSIONS_A_MS = 1_000_000n;

/** Above every offset and time. */
export const FOREVER = 2n ** 64n - 1n;

/** All that came to a subject and stayed. `intoOf`: the hand-overs to any of these, `ofSubjects`: all hand-overs of these. */
export async function holdingsOf(
  subjectId: string,
  ask: {
    all(subjectIds: readonly string[]): Promise<readonly HandOver[]>;
    into(subjectIds: readonly string[]): Promise<readonly string[]>;
  },
): Promise<Holding[]> {
  const known = new Map<string, Stay[]>();
  const load = async (ids: readonly string[]): Promise<void> => {
    const missing = [...new Set(ids)].filter((id) => !known.has(id));
    if (missing.length === 0) return;
    const rows = await ask.all(missing);
    for (const id of missing) known.set(id, staysOf(rows.filter((row) => row.subjectId === id)));
  };
  await load([subjectId]);
  const here = known.get(subjectId)!.at(-1)!;
  const holdings: Holding[] = [{ subjectId, ...here }];
  for (let wave = holdings; wave.length > 0;) {
    const sources = await ask.into(wave.map((one) => one.subjectId));
    await load(sources);
    const next: Holding[] = [];
    for (const source of new Set(sources))
      for (const { into, leftAt, ...stay } of known.get(source)!)
        if (into !== null && wave.some((one) => one.subjectId === into && isIn(leftAt / VERSIONS_A_MS, one.times)))
          next.push({ subjectId: source, ...stay });
    wave = next.filter((one) => !holdings.some((other) => isSame(one, other)));
    holdings.push(...wave);
  }
  return holdings;
}

/** Where one of these touchpoints of the subject went first; null: it is there still. */
export function firstStep(
  handOvers: readonly HandOver[],
  at: { offset: bigint } | { version: bigint },
): HandOver | null {
  for (const { into, leftAt, offsets, times } of staysOf(handOvers)) {
    const isHere = 'offset' in at ? isIn(at.offset, offsets) : isIn(at.version / VERSIONS_A_MS, times);
    if (isHere)
      return into === null ? null : handOvers.find(({ version, intoId }) => version === leftAt && intoId === into)!;
  }
  return null;
}

interface Stay {
  offsets: Window;
  /** What came in the millisecond of a hand-over went along. */
  times: Window;
  /** Null: until now. */
  into: string | null;
  leftAt: bigint;
}

/** The times of a subject, each ended by a hand-over; the last lasts. Those before it was derived anew count as one with what came after. */
function staysOf(handOvers: readonly HandOver[]): Stay[] {
  const sorted = [...handOvers].sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0));
  const unique = sorted.filter(({ version }, at) => version !== sorted[at - 1]?.version);
  const left = unique.slice(unique.findLastIndex(({ intoId }) => intoId === '') + 1);
  const stays: Stay[] = [];
  let [offset, time] = [0n, 0n];
  for (const one of left) {
    stays.push({
      offsets: { low: offset, high: one.offset },
      times: { low: time, high: one.version / VERSIONS_A_MS + 1n },
      into: one.intoId,
      leftAt: one.version,
    });
    [offset, time] = [one.offset, one.version / VERSIONS_A_MS + 1n];
  }
  const last = { offsets: { low: offset, high: FOREVER }, times: { low: time, high: FOREVER } };
  return [...stays, { ...last, into: null, leftAt: FOREVER }];
}

const isIn = (at: bigint, { low, high }: Window): boolean => at >= low && at < high;

const isSame = (a: Holding, b: Holding): boolean =>
  a.subjectId === b.subjectId && a.offsets.low === b.offsets.low && a.offsets.high === b.offsets.high;
