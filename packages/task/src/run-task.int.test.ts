import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import type { LmdbLog } from '@cairn/log/log.lmdb.ts';
import { scriptedTask } from '@cairn/testkit/scripted-task.ts';
import { waitUntil } from '@cairn/testkit/wait-until.ts';
import { runTask } from './run-task.ts';

const topics = ['inbox', 'out', 'dead-letters'].map((name) => ({
  name,
  partitions: 1,
  cleanup: 'delete' as const,
  retentionMs: null,
}));
let path: string;
let log: LmdbLog;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'cairn-task-'));
  log = await createLmdbLog({ path, topics, clock: systemClock });
});
afterEach(async () => {
  await log.close();
  await rm(path, { recursive: true, force: true });
});

const send = (...values: unknown[]): Promise<void> =>
  log.append(values.map((value) => ({ topic: 'inbox', partition: 0, key: 'a', value: encodeJson(value) })));
const out = async (): Promise<Record<string, unknown>[]> =>
  (await log.read('out', 0, 0n, 10_000)).map((record) => decodeJson(record.value!) as Record<string, unknown>);
const until = (condition: (values: Record<string, unknown>[]) => boolean): Promise<void> =>
  waitUntil(async () => condition(await out()), systemClock);

describe('a task on LMDB', () => {
  it('goes on after crashes exactly where it was: nothing lost, nothing twice, timers and effects included', async () => {
    const effects: string[] = [];
    const definition = {
      ...scriptedTask,
      effects: { do: async ({ id }: { id: string }) => (effects.push(id), { id }) },
    };
    const total = 3_000;
    for (let sent = 0; sent < total; sent += 500) {
      await send(...Array.from({ length: 500 }, () => ({ add: 1 })));
      await runTask(log, systemClock, definition, { limits: { maxRecords: 50 } });
      if (sent === 1_000) await send({ arm: { dueAt: systemClock.now() + 200 } }, { effect: { id: 'e1' } });
      await until((values) => values.filter(({ sum }) => sum !== undefined).length > sent + 100);
      await log.crash();
      log = await createLmdbLog({ path, topics, clock: systemClock });
    }
    await runTask(log, systemClock, definition);
    await until((values) => values.length === total + 2);
    const values = await out();
    const sums = values.flatMap(({ sum }) => (sum === undefined ? [] : [sum]));
    expect(sums).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(values.filter(({ fired }) => fired === 'alarm')).toHaveLength(1);
    expect(values.filter(({ answered }) => answered === 'e1')).toHaveLength(1);
    expect(new Set(effects)).toEqual(new Set(['e1']));
  });

  it('fires a timer by the wall clock while nothing else happens', async () => {
    await runTask(log, systemClock, scriptedTask);
    const dueAt = systemClock.now() + 50;
    await send({ arm: { dueAt } });
    await until((values) => values.length === 1);
    expect(await out()).toEqual([{ fired: 'alarm', key: 'a', dueAt, now: dueAt }]);
    expect(systemClock.now()).toBeGreaterThanOrEqual(dueAt);
  });
});
