/**
 * How large an item of a batch is. Exact measuring means serialising it again, so it is done only where a cheap upper bound says
 * that the item may be over the limit.
 */

/** A touchpoint, in UTF-8 bytes of compact JSON: 32 KB, as Segment has it. */
export const TOUCHPOINT_BYTES_MAX = 32_768;

/** Never throws. An item nested so deep that it cannot be serialised is too large. */
export function isTooLarge(item: unknown): boolean {
  if (upperBound(item, 0) <= TOUCHPOINT_BYTES_MAX) return false;
  try {
    const text = JSON.stringify(item);
    return text !== undefined && Buffer.byteLength(text) > TOUCHPOINT_BYTES_MAX;
  } catch {
    return true;
  }
}

/** A character is at most 6 bytes of JSON (\u0000); a number at most 25; quotes, colon and comma 4. */
const BYTES_PER_CHARACTER = 6;
const DEPTH_WORTH_WALKING = 64;

function upperBound(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length * BYTES_PER_CHARACTER + 4;
  if (typeof value !== 'object' || value === null) return 26;
  if (depth > DEPTH_WORTH_WALKING) return Infinity;
  let sum = 4;
  if (Array.isArray(value)) for (const member of value) sum += upperBound(member, depth + 1);
  else
    for (const key in value)
      sum += key.length * BYTES_PER_CHARACTER + 4 + upperBound((value as Record<string, unknown>)[key], depth + 1);
  return sum;
}
