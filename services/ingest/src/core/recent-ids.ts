/**
 * Remembers the ids of one import, to tell a row that came twice. Bounded: two generations, the older is forgotten when the newer
 * is full. What it forgets the stitcher still knows, so a duplicate far away is counted as admitted, never journeyed twice.
 */
export interface RecentIds {
  /** Whether the id was seen among the last ones; remembers it. */
  seen(id: string): boolean;
}

/** Two generations of 200,000 usual ids (some 30 characters) are under 50 MB. */
const IDS_PER_GENERATION = 200_000;
const CHARS_PER_GENERATION = 16_000_000;

export function createRecentIds(idsMax = IDS_PER_GENERATION, charsMax = CHARS_PER_GENERATION): RecentIds {
  let newer = new Set<string>();
  let older = new Set<string>();
  let chars = 0;
  return {
    seen(id) {
      if (newer.has(id) || older.has(id)) return true;
      if (newer.size >= idsMax || chars + id.length > charsMax) {
        older = newer;
        newer = new Set();
        chars = 0;
      }
      newer.add(id);
      chars += id.length;
      return false;
    },
  };
}
