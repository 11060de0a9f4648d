import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { type Push, type TestClient, connect } from '../testkit/feed-client.ts';

let folder: string;
let child: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-feed-kill-'));
});
afterEach(async () => {
  child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const told = <T>(process: ChildProcess): Promise<T> =>
  new Promise((resolve) => process.once('message', (message) => resolve(message as T)));

async function start(): Promise<{ url: string; ids: string[] }> {
  child = fork(join(import.meta.dirname, '../testkit/feed-process.ts'), [folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return told(child);
}

interface Reader {
  channel: string;
  cursor: string | null;
  /** By journey: every seq of `journey.changed`, snapshots included as where they start. */
  seqs: Map<string, number[]>;
  client: TestClient | null;
}

/** A journey's changes as a reader heard them: must rise by exactly one, whatever happened in between. */
function hear(reader: Reader, frames: readonly Pick<Push, 'type' | 'cursor' | 'data'>[]): void {
  for (const { type, cursor, data } of frames) {
    reader.cursor = cursor;
    if (type === 'journey.changed') reader.seqs.set(data.id, [...(reader.seqs.get(data.id) ?? []), data.seq]);
  }
}

async function come(reader: Reader, url: string): Promise<void> {
  const client = await connect(url, { token: 'reader' });
  reader.client = client;
  const { result } = await client.ask('subscribe', { channel: reader.channel, cursor: reader.cursor });
  if (reader.cursor === null) for (const { id, seq } of result.snapshot) reader.seqs.set(id, [seq]);
  else {
    expect(result.recovered).toBe(true);
    hear(reader, result.missed);
  }
  reader.cursor = result.cursor;
}

function go(reader: Reader): void {
  hear(reader, reader.client!.pushes);
  reader.client!.end();
}

test('killed at any moment and started again, each reader hears every change once', async () => {
  let { url, ids } = await start();
  const readers: Reader[] = ['board', ...ids.map((id) => `journey:${id}`)].map((channel) => ({
    channel,
    cursor: null,
    seqs: new Map(),
    client: null,
  }));
  for (const reader of readers) await come(reader, url);
  for (let round = 0; round < 8; round++) {
    child.send({ changes: 1_000 });
    // Some way into the writing, another one each time; at most 14 changes of each journey, so that all of them can be recovered.
    await readers[0]!.client!.until(({ pushes }) => pushes.length > 17 * round);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await Promise.all(readers.map(({ client }) => client!.closed));
    for (const reader of readers) go(reader);
    ({ url, ids } = await start());
    for (const reader of readers) await come(reader, url);
  }
  for (const { channel, seqs } of readers)
    for (const [id, heard] of seqs)
      expect([channel, id, heard]).toEqual([
        channel,
        id,
        Array.from({ length: heard.length }, (_, n) => heard[0]! + n),
      ]);
  const last = (reader: Reader): number[] => ids.map((id) => reader.seqs.get(id)?.at(-1) ?? 0);
  const [board, ...journeys] = readers;
  await systemClock.sleep(0);
  expect(last(board!)).toEqual(journeys.map((reader, n) => reader.seqs.get(ids[n]!)!.at(-1)));
  for (const reader of readers) reader.client!.end();
});
