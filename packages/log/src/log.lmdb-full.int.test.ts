import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createVirtualClock } from '@cairn/clock/clock.virtual.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newRecord } from './contract/harness.ts';
import { contractTopics } from './contract/topics.ts';
import { createLmdbLog } from './log.lmdb.ts';
import { LogUnavailable } from './log.ts';

const { topics, configs } = contractTopics('full');
const CHILD = fileURLToPath(new URL('./threads/full-child.ts', import.meta.url));
/** 16 MB, in the 512-byte blocks of POSIX `ulimit -f`. */
const FILE_LIMIT_BLOCKS = 32_768;

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'cairn-full-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

test('a file system that refuses more bytes loses nothing acknowledged, and writes go on once retention made room', async () => {
  const command = `ulimit -f ${FILE_LIMIT_BLOCKS}; exec "$0" "$@"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, CHILD, path]);
  const [full, refused, after] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(full).toMatchObject({ unavailable: true, healthy: false });
  expect(full!.written).toBeGreaterThan(10);
  expect(refused).toEqual({ commitUnavailable: true, stateBytes: 10, timers: 0, outputs: 0, kept: true });
  expect(after).toEqual({ healthy: true, stateBytes: 200_000, outputs: 1, shortLived: ['after'] });
});

test('a disk that runs low refuses writes before it is full, and takes them again by itself', async () => {
  const clock = createVirtualClock(1_000);
  let free = 10_000_000_000;
  const log = await createLmdbLog({ path, topics: configs, clock, freeBytes: () => Promise.resolve(free) });
  await log.append([newRecord(topics.outputs, 0, 'a')]);
  free = 1_000_000;
  await clock.advance(1_000);
  expect(log.healthy()).toBe(false);
  await expect(log.append([newRecord(topics.outputs, 0, 'b')])).rejects.toThrow(LogUnavailable);
  free = 10_000_000_000;
  await clock.advance(1_000);
  expect(log.healthy()).toBe(true);
  await log.append([newRecord(topics.outputs, 0, 'c')]);
  expect((await log.read(topics.outputs, 0, 0n, 10)).map((record) => record.key)).toEqual(['a', 'c']);
  await log.close();
});
