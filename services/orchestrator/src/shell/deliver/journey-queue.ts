import type { PendingDelivery } from '../../core/deliver/model.ts';
import { keys, readDelivery } from './deliver-keys.ts';
import type { DeliverWork } from './deliver-work.ts';

/** FIFO per journey: one delivery of a journey is on its way, the others wait behind it. One journey's trouble blocks only itself. */
export interface JourneyQueue {
  /** True when another of the journey is on its way: this one must wait. */
  standBehind(delivery: PendingDelivery): boolean;
  /** The delivery is over: the id of the next of its journey, null when there is none or it was not the one on its way. */
  promote(journeyId: string, id: string): string | null;
}

interface Queue {
  head: string;
  first: number;
  next: number;
}

export function createJourneyQueue(work: DeliverWork, workspace: string, endpointId: string): JourneyQueue {
  return {
    standBehind(delivery) {
      if (delivery.journeyId === null) return false;
      const key = keys.journey(workspace, endpointId, delivery.journeyId);
      const queue = work.get<Queue>(key);
      if (!queue) {
        work.set(key, { head: delivery.id, first: 0, next: 0 });
        return false;
      }
      work.set(keys.behind(workspace, endpointId, delivery.journeyId, queue.next), delivery.id);
      work.set(key, { ...queue, next: queue.next + 1 });
      return true;
    },
    promote(journeyId, id) {
      const key = keys.journey(workspace, endpointId, journeyId);
      const queue = work.get<Queue>(key);
      if (queue?.head !== id) return null;
      for (let n = queue.first; n < queue.next; n++) {
        const place = keys.behind(workspace, endpointId, journeyId, n);
        const next = work.get<string>(place);
        work.set(place, null);
        if (next === undefined) continue;
        // It ended while it waited.
        if (readDelivery(work, keys.delivery(workspace, endpointId, next)).pending?.phase !== 'blocked') continue;
        work.set(key, { head: next, first: n + 1, next: queue.next });
        return next;
      }
      work.set(key, null);
      return null;
    },
  };
}
