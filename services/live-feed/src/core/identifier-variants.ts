import { composedText, emailText, trimmedText } from '@cairn/contracts/identifier-text.ts';

/** The forms under which an identifier that someone asks for may be kept. The stitcher normalises; this only tries what it would have made of it. */

/** Most likely first, without repeats. */
export function identifierVariants(namespace: string, value: string): readonly string[] {
  const trimmed = composedText(trimmedText(value));
  const variants = new Set([trimmed, value]);
  // What was kept before domains were written as in the DNS stands in lower case alone.
  if (namespace === 'email') variants.add(emailText(trimmed) ?? trimmed).add(trimmed.toLowerCase());
  if (namespace === 'phone') {
    // A plus in a query string arrives as a space.
    const digits = trimmed.replace(/[^\d]/g, '');
    if (digits) variants.add(`+${digits}`).add(digits);
  }
  return [...variants];
}
