/** Two definitions over the same touchpoints: which alerts, transitions and actions one has and the other has not, or sooner, or later. Pure. */
export interface Occurrence {
  at: number;
  subject: string;
  journeyId: string;
  /** The alert's kind, the action's name, or the stage entered. */
  what: string;
  /** In which it came. */
  stage: string;
  /** The last inbound touchpoint when it came: two of one silence answer the same. Null: there was none, or it does not matter. */
  silentSince: number | null;
  text: string;
}

export interface Difference {
  added: Pair[];
  lost: Pair[];
  earlier: Pair[];
  later: Pair[];
  same: number;
}

/** At least one of them is there. */
export interface Pair {
  before: Occurrence | null;
  after: Occurrence | null;
}

/** Each list in the order of time. Of one silence the first goes with the first, the second with the second. */
export function compareOccurrences(before: readonly Occurrence[], after: readonly Occurrence[]): Difference {
  const difference: Difference = { added: [], lost: [], earlier: [], later: [], same: 0 };
  const open = new Map<string, Occurrence[]>();
  for (const one of before) {
    const key = keyOf(one);
    const known = open.get(key);
    if (known) known.push(one);
    else open.set(key, [one]);
  }
  for (const one of after) {
    const match = open.get(keyOf(one))?.shift();
    if (!match) difference.added.push({ before: null, after: one });
    else if (one.at < match.at) difference.earlier.push({ before: match, after: one });
    else if (one.at > match.at) difference.later.push({ before: match, after: one });
    else difference.same++;
  }
  for (const rest of open.values()) for (const one of rest) difference.lost.push({ before: one, after: null });
  difference.lost.sort((a, b) => a.before!.at - b.before!.at);
  return difference;
}

function keyOf({ subject, what, silentSince }: Occurrence): string {
  return `${what} ${silentSince ?? ''} ${subject}`;
}
