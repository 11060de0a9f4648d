/**
 * The references of the channels that a whole workspace shares (`board`, `alerts`): per workspace and partition a bounded ring of
 * offsets. Kept with the view, so that what a client missed is found again after a restart.
 */
import { appendReference, lastReference } from '../core/references.ts';
import { createGenerations } from './generations.ts';
import type { ViewStore } from './view-store.ts';

export type RingKind = 'board' | 'alerts';

export interface ViewRings {
  append(kind: RingKind, workspace: string, partition: number, offset: bigint): void;
  /** Packed, see `core/references.ts`; null: no record yet. */
  get(kind: RingKind, workspace: string, partition: number): Uint8Array | null;
}

/** More than the 300 messages that are always recovered. */
export const RING_REFERENCES = 512;
/** 2 KB each. */
const RINGS_CACHED = 4_000;

export function createViewRings(store: ViewStore): ViewRings {
  const rings = store.table<Uint8Array>('rings', 'binary');
  const cache = createGenerations<Uint8Array>(RINGS_CACHED);
  const keyOf = (kind: RingKind, workspace: string, partition: number): string => `${kind}/${partition}/${workspace}`;

  function get(key: string): Uint8Array | null {
    const cached = cache.get(key);
    if (cached) return cached;
    const stored = rings.get(key);
    // Copied: lmdb may use the buffer again.
    return stored ? stored.slice() : null;
  }

  return {
    append(kind, workspace, partition, offset) {
      const key = keyOf(kind, workspace, partition);
      const before = get(key);
      if (offset <= lastReference(before)) return;
      const packed = appendReference(before, { offset, marked: false }, RING_REFERENCES);
      cache.set(key, packed);
      rings.put(key, packed);
    },
    get: (kind, workspace, partition) => get(keyOf(kind, workspace, partition)),
  };
}
