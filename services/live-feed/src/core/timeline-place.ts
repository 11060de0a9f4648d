/** Places in a timeline: newest first, by time, then by id. The text is what `packages/history` uses too, so a page may mix both sources. */

export interface TimelinePlace {
  /** Epoch ms. */
  at: number;
  id: string;
}

export const placeOf = (at: number, id: string): TimelinePlace => ({ at, id });

export function encodePlace({ at, id }: TimelinePlace): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(`${at}:${id}`)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** null: it is no such text. */
export function decodePlace(text: string): TimelinePlace | null {
  if (!/^[A-Za-z0-9_-]{1,400}$/.test(text)) return null;
  let bytes: string;
  try {
    bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
  const match = /^(-?\d{1,16}):(.+)$/s.exec(
    new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0))),
  );
  return match ? { at: Number(match[1]), id: match[2]! } : null;
}

/** Whether `a` comes after `b` when reading newest first. */
export function isAfterPlace(a: TimelinePlace, b: TimelinePlace): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id);
}
