import type { Delivery, DeliveryFact, EndpointNow } from '@cairn/contracts/generated/delivery.ts';

/**
 * The deliveries of each endpoint, made from facts, bounded in memory: the newest whole, of older ones where on the log the newest fact about them
 * lies. Never reads the log: whoever asks does.
 */
export interface DeliveryShelves {
  /** `place`: of this fact on the log. */
  take(fact: DeliveryFact, place: Place): void;
  /** Newest first. `cursor`: the id that the last page ended with. */
  list(
    workspace: string,
    endpointId: string,
    options: { states?: ReadonlySet<string> | undefined; limit: number; cursor?: string | undefined },
  ): { items: Held[]; next: string | null };
  get(workspace: string, id: string): Held | undefined;
  /** The newest of an endpoint, and how it was doing at its last fact. */
  endpoint(workspace: string, endpointId: string): { deliveries: Delivery[]; last: EndpointNow | null };
  /** Everything as plain entries that make the same shelves again, in order. */
  entries(): Iterable<ShelfEntry>;
  put(entry: ShelfEntry): void;
}

/** `partition:offset` of the topic `deliveries`. */
export type Place = string;
export type Held = { delivery: Delivery } | { id: string; place: Place };
export type ShelfEntry =
  | { fact: DeliveryFact; place: Place }
  | { older: { workspace: string; endpointId: string; id: string; state: string; place: Place } };

export const DELIVERIES_PER_ENDPOINT = 1_000;
/** UTF-16 units; answers are up to 16 KiB each. */
const CHARACTERS_PER_ENDPOINT = 16 * 1024 * 1024;
const CHARACTERS_MAX = 128 * 1024 * 1024;
/** Of all endpoints together, about 150 bytes each: 40 MB, or a month of 8,000 deliveries a day. */
export const OLDER_MAX = 250_000;

interface Shelf {
  /** In order of creation; each as JSON, which is a third of the parsed size. */
  byId: Map<string, { state: string; text: string; place: Place }>;
  /** Those that gave way, in order of creation. */
  older: Map<string, { state: string; place: Place }>;
  characters: number;
  last: EndpointNow | null;
}

export function createDeliveryShelves(olderMax = OLDER_MAX): DeliveryShelves {
  const shelves = new Map<string, Shelf>();
  let characters = 0;
  let olderCount = 0;

  function shelfOf(workspace: string, endpointId: string): Shelf {
    const key = `${workspace}/${endpointId}`;
    let shelf = shelves.get(key);
    if (!shelf) shelves.set(key, (shelf = { byId: new Map(), older: new Map(), characters: 0, last: null }));
    return shelf;
  }

  function keepPlace(shelf: Shelf, id: string, state: string, place: Place): void {
    if (!shelf.older.has(id)) olderCount++;
    shelf.older.set(id, { state, place });
    if (olderCount <= olderMax) return;
    shelf.older.delete(shelf.older.keys().next().value!);
    olderCount--;
  }

  function giveWay(shelf: Shelf): void {
    const [id, { state, text, place }] = shelf.byId.entries().next().value!;
    shelf.byId.delete(id);
    shelf.characters -= text.length;
    characters -= text.length;
    keepPlace(shelf, id, state, place);
  }

  function take({ delivery, endpoint }: DeliveryFact, place: Place): void {
    const shelf = shelfOf(delivery.workspace, delivery.endpointId);
    if (endpoint) shelf.last = endpoint;
    // It keeps its place in the order: one that is sent again is no newer for it.
    if (shelf.older.has(delivery.id)) return keepPlace(shelf, delivery.id, delivery.state, place);
    const known = shelf.byId.get(delivery.id);
    // Only where an earlier answer's body is missing is the older version worth a look.
    const lacks = known !== undefined && delivery.attempts.some((attempt) => attempt.responseBody === null);
    const text = JSON.stringify(lacks ? withBodies(delivery, JSON.parse(known.text) as Delivery) : delivery);
    const grown = text.length - (known?.text.length ?? 0);
    shelf.byId.set(delivery.id, { state: delivery.state, text, place });
    shelf.characters += grown;
    characters += grown;
    // The endpoint that grows gives way, so that none can push out the others'.
    while (
      shelf.byId.size > 1 &&
      (shelf.byId.size > DELIVERIES_PER_ENDPOINT ||
        shelf.characters > CHARACTERS_PER_ENDPOINT ||
        characters > CHARACTERS_MAX)
    )
      giveWay(shelf);
  }

  function held(shelf: Shelf, id: string): Held | undefined {
    const entry = shelf.byId.get(id);
    if (entry) return { delivery: JSON.parse(entry.text) as Delivery };
    const older = shelf.older.get(id);
    return older && { id, place: older.place };
  }

  return {
    take,
    list(workspace, endpointId, { states, limit, cursor }) {
      const shelf = shelves.get(`${workspace}/${endpointId}`);
      if (!shelf) return { items: [], next: null };
      const newest = [...shelf.older, ...shelf.byId].reverse();
      const place = newest.findIndex(([id]) => id === cursor);
      // What is gone since was the oldest: nothing comes after it. Its state may have changed since.
      const from = cursor === undefined ? 0 : place < 0 ? newest.length : place + 1;
      const rest = newest.slice(from).filter(([, entry]) => states === undefined || states.has(entry.state));
      const page = rest.slice(0, limit);
      return {
        items: page.map(([id]) => held(shelf, id)!),
        next: rest.length > limit ? page.at(-1)![0] : null,
      };
    },
    get(workspace, id) {
      for (const [key, shelf] of shelves) {
        const found = key.startsWith(`${workspace}/`) ? held(shelf, id) : undefined;
        if (found) return found;
      }
      return undefined;
    },
    endpoint(workspace, endpointId) {
      const shelf = shelves.get(`${workspace}/${endpointId}`);
      const deliveries = [...(shelf?.byId.values() ?? [])].map(({ text }) => JSON.parse(text) as Delivery);
      return { deliveries, last: shelf?.last ?? null };
    },
    *entries() {
      for (const [key, { byId, older, last }] of shelves) {
        const slash = key.indexOf('/');
        const of = { workspace: key.slice(0, slash), endpointId: key.slice(slash + 1) };
        for (const [id, { state, place }] of older) yield { older: { ...of, id, state, place } };
        for (const { text, place } of byId.values()) {
          const delivery = JSON.parse(text) as Delivery;
          const { workspace } = delivery;
          yield {
            fact: { type: 'delivery.created', workspace, at: 0, delivery, ...(last ? { endpoint: last } : {}) },
            place,
          };
        }
      }
    },
    put(entry) {
      if ('fact' in entry) return take(entry.fact, entry.place);
      const { workspace, endpointId, id, state, place } = entry.older;
      keepPlace(shelfOf(workspace, endpointId), id, state, place);
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
