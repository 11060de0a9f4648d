/** A bounded cache in two generations: the most recent `size` entries are kept for certain, at most twice as many. No bookkeeping on a hit in the young one. */
export interface Generations<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

export function createGenerations<V>(size: number): Generations<V> {
  let young = new Map<string, V>();
  let old = new Map<string, V>();

  function set(key: string, value: V): void {
    young.set(key, value);
    if (young.size >= size) {
      old = young;
      young = new Map();
    }
  }
  return {
    get(key) {
      const found = young.get(key);
      if (found !== undefined) return found;
      const aged = old.get(key);
      if (aged !== undefined) set(key, aged);
      return aged;
    },
    set,
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
  };
}
