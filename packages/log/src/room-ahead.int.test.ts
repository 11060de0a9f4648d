import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRoomAhead, DiskFull } from './room-ahead.ts';

const MB = 1_048_576;
let path: string;
let file: string;
let root: RootDatabase<Buffer, string>;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'cairn-room-'));
  file = join(path, 'data.mdb');
  root = open({ path: file, noSubdir: true, encoding: 'binary' });
});
afterEach(async () => {
  await root.close();
  rmSync(path, { recursive: true, force: true });
});

test('what was ensured has blocks on disk before it is written, and writing it leaves the file as long as it was', async () => {
  const room = createRoomAhead(root as never, file);
  room.ensure(20 * MB);
  const { size, blocks } = statSync(file);
  expect(size).toBeGreaterThan(20 * MB);
  expect(blocks * 512).toBeGreaterThan(20 * MB);
  await root.put('big', Buffer.alloc(20 * MB - room.costOf(0), 1));
  expect(statSync(file).size).toBe(size);
  room.close();
});

test('room that is there already is not taken again', () => {
  const room = createRoomAhead(root as never, file);
  room.ensure(MB);
  const { size } = statSync(file);
  room.ensure(MB);
  room.ensure(2 * MB);
  expect(statSync(file).size).toBe(size);
  room.close();
});

test('a thousand puts of every size take no more than their cost', async () => {
  const room = createRoomAhead(root as never, file);
  for (let round = 0; round < 10; round++) {
    const values = Array.from({ length: 100 }, (_, i) => Buffer.alloc((i * 331) % 40_000, i));
    room.ensure(values.reduce((sum, value) => sum + room.costOf(value.length), 0));
    const { size } = statSync(file);
    await root.transaction(() => {
      for (const [i, value] of values.entries()) void root.put(`${(i * 7_919) % 1_000}-${round}`, value);
    });
    expect(statSync(file).size).toBe(size);
  }
  room.close();
});

test.skipIf(!existsSync('/dev/full'))('a disk that gives no more is told before anything is written', () => {
  // It refuses every byte, and holds none: only the pages that are free within the file could do.
  const full = createRoomAhead(root as never, '/dev/full', () => 0);
  expect(() => full.ensure(MB)).toThrow(DiskFull);
  full.close();
});
