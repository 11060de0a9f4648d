import type { Delivery, DeliveryFact, EndpointNow } from '@cairn/contracts/generated/delivery.ts';

/** The newest deliveries of each endpoint, made from facts, bounded in memory. */
export interface DeliveryShelves {
  take(fact: DeliveryFact): void;
  /** Newest first. `cursor`: the id that the last page ended with. */
  list(
    workspace: string,
    endpointId: string,
    options: { states?: ReadonlySet<string> | undefined; limit: number; cursor?: string | undefined },
  ): { items: Delivery[]; next: string | null };
  get(workspace: string, id: string): Delivery | undefined;
  /** All that is held of an endpoint, and how it was doing at its last fact. */
  endpoint(workspace: string, endpointId: string): { deliveries: Delivery[]; last: EndpointNow | null };
  /** Everything as facts that make the same shelves again, in order. */
  facts(): Iterable<DeliveryFact>;
}

export const DELIVERIES_PER_ENDPOINT = 1_000;
/** UTF-16 units; answers are up to 16 KiB each. */
const CHARACTERS_PER_ENDPOINT = 16 * 1024 * 1024;
const CHARACTERS_MAX = 128 * 1024 * 1024;

interface Shelf {
  /** In order of creation; each as JSON, which is a third of the parsed size. */
  byId: Map<string, { state: string; text: string }>;
  characters: number;
  last: EndpointNow | null;
}

export function createDeliveryShelves(): DeliveryShelves {
  const shelves = new Map<string, Shelf>();
  let characters = 0;

  function drop(key: string, shelf: Shelf, id: string): void {
    const length = shelf.byId.get(id)?.text.length ?? 0;
    shelf.byId.delete(id);
    shelf.characters -= length;
    characters -= length;
    if (shelf.byId.size === 0) shelves.delete(key);
  }

  return {
    take({ delivery, endpoint }) {
      const key = `${delivery.workspace}/${delivery.endpointId}`;
      let shelf = shelves.get(key);
      if (!shelf) shelves.set(key, (shelf = { byId: new Map(), characters: 0, last: null }));
      if (endpoint) shelf.last = endpoint;
      const known = shelf.byId.get(delivery.id);
      // Only where an earlier answer's body is missing is the older version worth a look.
      const lacks = known !== undefined && delivery.attempts.some((attempt) => attempt.responseBody === null);
      const text = JSON.stringify(lacks ? withBodies(delivery, JSON.parse(known.text) as Delivery) : delivery);
      const grown = text.length - (known?.text.length ?? 0);
      shelf.byId.set(delivery.id, { state: delivery.state, text });
      shelf.characters += grown;
      characters += grown;
      // The endpoint that grows gives way, so that none can push out the others'.
      while (
        shelf.byId.size > 1 &&
        (shelf.byId.size > DELIVERIES_PER_ENDPOINT ||
          shelf.characters > CHARACTERS_PER_ENDPOINT ||
          characters > CHARACTERS_MAX)
      )
        drop(key, shelf, shelf.byId.keys().next().value!);
    },
    list(workspace, endpointId, { states, limit, cursor }) {
      const shelf = shelves.get(`${workspace}/${endpointId}`);
      const newest = [...(shelf?.byId ?? [])].reverse();
      const place = newest.findIndex(([id]) => id === cursor);
      // What gave way since was the oldest: nothing comes after it. Its state may have changed since.
      const from = cursor === undefined ? 0 : place < 0 ? newest.length : place + 1;
      const rest = newest.slice(from).filter(([, entry]) => states === undefined || states.has(entry.state));
      const page = rest.slice(0, limit);
      const more = rest.length > limit;
      return {
        items: page.map(([, entry]) => JSON.parse(entry.text) as Delivery),
        next: more ? page.at(-1)![0] : null,
      };
    },
    get(workspace, id) {
      for (const [key, shelf] of shelves) {
        const entry = key.startsWith(`${workspace}/`) ? shelf.byId.get(id) : undefined;
        if (entry) return JSON.parse(entry.text) as Delivery;
      }
      return undefined;
    },
    endpoint(workspace, endpointId) {
      const shelf = shelves.get(`${workspace}/${endpointId}`);
      const deliveries = [...(shelf?.byId.values() ?? [])].map(({ text }) => JSON.parse(text) as Delivery);
      return { deliveries, last: shelf?.last ?? null };
    },
    *facts() {
      for (const { byId, last } of shelves.values())
        for (const { text } of byId.values()) {
          const delivery = JSON.parse(text) as Delivery;
          yield {
            type: 'delivery.created',
            workspace: delivery.workspace,
            at: 0,
            delivery,
            ...(last ? { endpoint: last } : {}),
          };
        }
    },
  };
}

/** A delivery that is sent again after its end begins without the bodies of its earlier answers; here they are still known. */
function withBodies(delivery: Delivery, known: Delivery): Delivery {
  const bodies = new Map(known.attempts.map((attempt) => [attempt.at, attempt.responseBody]));
  return {
    ...delivery,
    attempts: delivery.attempts.map((attempt) =>
      attempt.responseBody === null ? { ...attempt, responseBody: bodies.get(attempt.at) ?? null } : attempt,
    ),
  };
}
