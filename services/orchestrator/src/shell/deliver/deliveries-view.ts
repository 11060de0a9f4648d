import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '@cairn/clock/clock.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { Delivery, DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import type { Cursor, Follower, Log } from '@cairn/log/log.ts';
import { createDeliveryShelves } from '../../core/deliver/delivery-shelves.ts';
import type { DeliveryShelves, Held, Place, ShelfEntry } from '../../core/deliver/delivery-shelves.ts';

/**
 * What became of deliveries, for the API: follows the facts, looks up older ones on the log, and keeps a snapshot beside the data so that a
 * restart need not read a month of them. The snapshot may be deleted at any time. Never asked by the task.
 */
export interface DeliveriesView extends Pick<DeliveryShelves, 'endpoint'> {
  /** Newest first. `cursor`: the id that the last page ended with. */
  list(
    ...asked: Parameters<DeliveryShelves['list']>
  ): Promise<{ items: Delivery[]; next: ReturnType<DeliveryShelves['list']>['next'] }>;
  get(workspace: string, id: string): Promise<Delivery | undefined>;
  /** True once everything that stood in the topic at the start was read, or when that takes too long. */
  ready(): boolean;
  stop(): Promise<void>;
}

export interface DeliveriesViewOptions {
  /** null: nothing is kept. */
  snapshotPath: string | null;
  onFault?(error: unknown): void;
}

const PAUSE_AFTER_FAULT_MS = 200;
/** A crash costs reading this much again. */
const SNAPSHOT_EVERY_MS = 10 * 60_000;
/** A list that is still filling up is better than a service that does not start. */
const READY_AFTER_MS = 10_000;
const LINES_PER_WRITE = 500;

export async function startDeliveriesView(
  log: Pick<Log, 'follow' | 'read'>,
  clock: Clock,
  { snapshotPath, onFault = () => {} }: DeliveriesViewOptions = { snapshotPath: null },
): Promise<DeliveriesView> {
  let shelves = createDeliveryShelves();
  const stopping = new AbortController();
  const startedAt = clock.now();
  let caughtUp = false;
  let changed = false;
  let saving: Promise<void> | null = null;
  const follower = await begin();

  async function begin(): Promise<Follower> {
    const found = snapshotPath === null ? null : await readSnapshot(snapshotPath, shelves).catch(() => null);
    if (found === null) shelves = createDeliveryShelves();
    // A cursor of another log is refused: then everything is read anew.
    return log.follow(['deliveries'], found ?? 'start').catch((error: unknown) => {
      if (found === null) throw error;
      shelves = createDeliveryShelves();
      return log.follow(['deliveries'], 'start');
    });
  }

  const reading = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const batch = await follower.next({ maxRecords: 1_000, waitMs: 1_000, signal: stopping.signal });
        for (const { value, partition, offset } of batch.records)
          if (value) shelves.take(decodeJson(value) as DeliveryFact, `${partition}:${offset}`);
        if (batch.records.length > 0) changed = true;
        if (batch.caughtUp) caughtUp = true;
      } catch (error) {
        if (stopping.signal.aborted) return;
        onFault(error);
        await clock.sleep(PAUSE_AFTER_FAULT_MS, stopping.signal).catch(() => {});
      }
    }
  })();

  function save(): Promise<void> {
    if (snapshotPath === null || !changed || saving) return saving ?? Promise.resolve();
    changed = false;
    saving = writeSnapshot(snapshotPath, follower.cursor(), shelves)
      .catch(onFault)
      .finally(() => (saving = null));
    return saving;
  }
  const stopSaving = clock.every(SNAPSHOT_EVERY_MS, () => void save());

  /** undefined: the log keeps it no more. */
  async function lookUp(held: Held): Promise<Delivery | undefined> {
    if ('delivery' in held) return held.delivery;
    const { partition, offset } = positionOf(held.place);
    const [record] = await log.read('deliveries', partition, offset, 1);
    if (!record?.value || record.offset !== offset) return undefined;
    const { delivery } = decodeJson(record.value) as DeliveryFact;
    return delivery.id === held.id ? delivery : undefined;
  }

  return {
    async list(workspace, endpointId, options) {
      const { items, next } = shelves.list(workspace, endpointId, options);
      const found = await Promise.all(items.map(lookUp));
      return { items: found.filter((delivery) => delivery !== undefined), next };
    },
    async get(workspace, id) {
      const held = shelves.get(workspace, id);
      return held && lookUp(held);
    },
    endpoint: (workspace, endpointId) => shelves.endpoint(workspace, endpointId),
    ready: () => caughtUp || clock.now() - startedAt > READY_AFTER_MS,
    async stop() {
      stopSaving();
      stopping.abort();
      await reading;
      await saving;
      await save();
      await follower.close();
    },
  };
}

function positionOf(place: Place): { partition: number; offset: bigint } {
  const colon = place.indexOf(':');
  return { partition: Number(place.slice(0, colon)), offset: BigInt(place.slice(colon + 1)) };
}

/** One JSON line for the cursor, then one a delivery. Whole or not at all: a reader never sees half a file. */
async function writeSnapshot(path: string, cursor: Cursor, shelves: DeliveryShelves): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    // Facts after the cursor may be among them: they are read again, which changes nothing.
    let lines = [JSON.stringify({ cursor })];
    for (const entry of shelves.entries()) {
      lines.push(JSON.stringify(entry));
      if (lines.length < LINES_PER_WRITE) continue;
      await file.writeFile(`${lines.join('\n')}\n`);
      lines = [];
    }
    if (lines.length > 0) await file.writeFile(`${lines.join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Fills the shelves and resolves to the cursor to go on from; null where there is no snapshot. */
async function readSnapshot(path: string, shelves: DeliveryShelves): Promise<Cursor | null> {
  if (!existsSync(path)) return null;
  let cursor: Cursor | null = null;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const entry = JSON.parse(line) as { cursor: Cursor } | ShelfEntry;
    if ('cursor' in entry) cursor = entry.cursor;
    // One that an older version wrote.
    else if (!('fact' in entry) && !('older' in entry)) return null;
    else shelves.put(entry);
  }
  return cursor;
}
