/**
 * The order of keys that every implementation shares: by code point, which is the order of the UTF-8 bytes (LMDB's order).
 * JavaScript's `<` compares UTF-16 units and puts U+1F600 before U+FFFD; timers that fall due in one millisecond must fire in
 * the same order on every log, or a replay would not give the same bytes.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF: they come after all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
