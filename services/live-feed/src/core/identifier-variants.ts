/** The forms under which an identifier that someone asks for may be kept. The stitcher normalises; this only tries what it would have made of it. */

/** Most likely first, without repeats. */
export function identifierVariants(namespace: string, value: string): readonly string[] {
  const trimmed = value.normalize('NFC').trim();
  const variants = new Set([trimmed, value]);
  if (namespace === 'email') variants.add(trimmed.toLowerCase());
  if (namespace === 'phone') {
    // A plus in a query string arrives as a space.
    const digits = trimmed.replace(/[^\d]/g, '');
    if (digits) variants.add(`+${digits}`).add(digits);
  }
  return [...variants];
}
