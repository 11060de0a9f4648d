/** Short lists of things that have an id: a handful of people, looked through from front to back. */

export function byId<T extends { id: string }>(list: readonly T[], id: string): T | undefined {
  for (const item of list) if (item.id === id) return item;
  return undefined;
}

/** The list with the item in the place of the one of its id, or at the end. */
export function withItem<T extends { id: string }>(list: readonly T[], item: T): readonly T[] {
  const next = list.slice();
  for (let place = 0; place < next.length; place++) {
    if (next[place]!.id !== item.id) continue;
    next[place] = item;
    return next;
  }
  next.push(item);
  return next;
}

export function without<T extends { id: string }>(list: readonly T[], id: string): readonly T[] {
  return list.filter((item) => item.id !== id);
}
