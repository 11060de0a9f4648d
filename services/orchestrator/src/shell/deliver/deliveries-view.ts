import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '@cairn/clock/clock.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import type { Cursor, Follower, Log } from '@cairn/log/log.ts';
import { createDeliveryShelves } from '../../core/deliver/delivery-shelves.ts';
import type { DeliveryShelves } from '../../core/deliver/delivery-shelves.ts';

/**
 * What became of the newest deliveries, for the API: follows the facts, and keeps a snapshot beside the data so that a restart need not
 * read a month of them. The snapshot may be deleted at any time. Never asked by the task.
 */
export interface DeliveriesView extends Pick<DeliveryShelves, 'list' | 'get' | 'endpoint'> {
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

export async function startDeliveriesView(
  log: Pick<Log, 'follow'>,
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
        for (const record of batch.records) if (record.value) shelves.take(decodeJson(record.value) as DeliveryFact);
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

  return {
    list: (workspace, endpointId, options) => shelves.list(workspace, endpointId, options),
    get: (workspace, id) => shelves.get(workspace, id),
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

/** One JSON line for the cursor, then one a delivery. Whole or not at all: a reader never sees half a file. */
async function writeSnapshot(path: string, cursor: Cursor, shelves: DeliveryShelves): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    // Facts after the cursor may be among them: they are read again, which changes nothing.
    const lines = [JSON.stringify({ cursor }), ...[...shelves.facts()].map((fact) => JSON.stringify(fact))];
    for (let i = 0; i < lines.length; i += 500) await file.writeFile(`${lines.slice(i, i + 500).join('\n')}\n`);
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
    const entry = JSON.parse(line) as { cursor?: Cursor } | DeliveryFact;
    if ('cursor' in entry && entry.cursor !== undefined) cursor = entry.cursor;
    else shelves.take(entry as DeliveryFact);
  }
  return cursor;
}
