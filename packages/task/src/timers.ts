import { compareKeys } from '@cairn/log/key-order.ts';
import type { DueTimer } from '@cairn/log/log.ts';

/**
 * Decides the order in which the timers of one commit cycle fire: by due time, then key, then purpose, so that a replay fires
 * the same ones at the same places. Never decides whether a timer is still wanted: entries are hints, the state has the truth.
 */
export interface TimerQueue {
  push(timer: DueTimer): void;
  peek(): DueTimer | undefined;
  pop(): DueTimer | undefined;
  size(): number;
}

export function compareTimers(a: DueTimer, b: DueTimer): number {
  if (a.dueAt !== b.dueAt) return a.dueAt - b.dueAt;
  return compareKeys(a.key, b.key) || compareKeys(a.purpose, b.purpose);
}

/** A binary heap. */
export function createTimerQueue(): TimerQueue {
  const heap: DueTimer[] = [];

  function rise(from: number): void {
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (compareTimers(heap[parent]!, heap[i]!) <= 0) return;
      swap(i, parent);
      i = parent;
    }
  }

  function sink(): void {
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      const right = left + 1;
      let least = i;
      if (left < heap.length && compareTimers(heap[left]!, heap[least]!) < 0) least = left;
      if (right < heap.length && compareTimers(heap[right]!, heap[least]!) < 0) least = right;
      if (least === i) return;
      swap(i, least);
      i = least;
    }
  }

  function swap(i: number, j: number): void {
    const kept = heap[i]!;
    heap[i] = heap[j]!;
    heap[j] = kept;
  }

  return {
    push(timer) {
      heap.push(timer);
      rise(heap.length - 1);
    },
    peek: () => heap[0],
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (first && heap.length > 0) {
        heap[0] = last!;
        sink();
      }
      return first;
    },
    size: () => heap.length,
  };
}
