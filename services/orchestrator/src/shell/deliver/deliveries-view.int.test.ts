import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import type { MemoryLog } from '@cairn/log/log.memory.ts';
import { waitUntil } from '@cairn/testkit/wait-until.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDeliveriesView } from './deliveries-view.ts';
import type { DeliveriesView } from './deliveries-view.ts';

let dir: string;
let log: MemoryLog;
let reads: (string | null)[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cairn-view-'));
  log = createMemoryLog({
    topics: [{ name: 'deliveries', partitions: 2, cleanup: 'delete', retentionMs: null }],
    clock: systemClock,
  });
  reads = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

const path = () => join(dir, 'view', 'deliveries.jsonl');

async function append(...ids: number[]): Promise<void> {
  const fact = (n: number): DeliveryFact => ({
    type: 'delivery.created',
    workspace: 'ws_1',
    at: n,
    delivery: {
      id: `msg_${n}`,
      workspace: 'ws_1',
      endpointId: 'ep_1',
      type: 'alert.opened',
      factId: `fact_${n}`,
      journeyId: null,
      state: 'pending',
      attempts: [],
      nextAttemptAt: null,
      createdAt: '2026-01-31T08:00:00.000Z',
    },
  });
  await log.append(
    ids.map((n) => ({ topic: 'deliveries', partition: 0, key: 'ws_1/ep_1', value: encodeJson(fact(n)) })),
  );
}

async function start(): Promise<DeliveriesView> {
  const view = await startDeliveriesView(
    { follow: (topics, cursor) => (reads.push(cursor), log.follow(topics, cursor)), read: log.read },
    systemClock,
    { snapshotPath: path() },
  );
  await waitUntil(() => view.ready(), systemClock);
  return view;
}
const ids = async (view: DeliveriesView): Promise<string[]> =>
  (await view.list('ws_1', 'ep_1', { limit: 500 })).items.map(({ id }) => id);

test('a restart goes on from the snapshot and misses nothing that came meanwhile', async () => {
  await append(1, 2, 3);
  await (await start()).stop();
  await append(4);
  const view = await start();
  expect(await ids(view)).toEqual(['msg_4', 'msg_3', 'msg_2', 'msg_1']);
  expect(reads[0]).toBe('start');
  expect(reads[1]).not.toBe('start');
  await view.stop();
});

test('the snapshot is its owner’s alone', async () => {
  await append(1);
  await (await start()).stop();
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});

test.each(['', 'no json', '{"cursor":"nonsense"}\n{"type":', '{"cursor":"of another log"}\n'])(
  'a snapshot that says %j is left aside, and everything is read anew',
  async (text) => {
    await append(1);
    await (await start()).stop();
    writeFileSync(path(), text);
    const view = await start();
    expect(await ids(view)).toEqual(['msg_1']);
    await view.stop();
  },
);

test('without a snapshot everything is read', async () => {
  await append(1, 2);
  await (await start()).stop();
  rmSync(path());
  const view = await start();
  expect(await ids(view)).toEqual(['msg_2', 'msg_1']);
  await view.stop();
});

test('what is older than the newest thousand is looked up on the log, also after a restart', async () => {
  await append(...Array.from({ length: 1_200 }, (_, n) => n));
  for (let starts = 0; starts < 2; starts++) {
    const view = await start();
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await view.list('ws_1', 'ep_1', { limit: 500, cursor });
      listed.push(...page.items.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(listed).toEqual(Array.from({ length: 1_200 }, (_, n) => `msg_${1_199 - n}`));
    expect(await view.get('ws_1', 'msg_7')).toMatchObject({ id: 'msg_7', state: 'pending' });
    await view.stop();
  }
});
