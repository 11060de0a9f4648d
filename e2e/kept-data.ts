/**
 * Prints what a stopped product keeps in its data directory, a line each: the state of every task, what compaction leaves of the compacted topics, the
 * view of live-feed, every row of every table of the history. In a process of its own, because the engine of the history is one for each process:
 *
 *   node e2e/kept-data.ts <data directory>
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { TOPICS } from '@cairn/contracts/topics.ts';
import { openClickhouseHistory } from '@cairn/history/history.clickhouse.ts';
import { decodeChunk, decodeEntry, entryKey, chunkOffset } from '@cairn/log/lmdb-codec.ts';

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('usage: node e2e/kept-data.ts <data directory>');
const BYTES = { keyEncoding: 'binary', encoding: 'binary' } as const;
const textOf = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString() : '');
const print = (...parts: string[]): void => void process.stdout.write(`${parts.join(' ').replaceAll('\n', ' ')}\n`);

async function printLog(path: string): Promise<void> {
  const root = open<Buffer, Buffer>({ path, noSubdir: true, maxDbs: 16, readOnly: true, ...BYTES });
  const database = (name: string) => root.openDB<Buffer, Buffer>({ name, ...BYTES });
  const nameOf = new Map<number, string>();
  for (const { key, value } of database('names').getRange({}))
    if (/^(topic|task)\//.test(textOf(key))) nameOf.set(Number(textOf(value)), textOf(key));
  for (const { key, value } of database('state').getRange({}))
    print('state', nameOf.get(key.readUInt16BE(0))!, entryKey(key, value), textOf(decodeEntry(value).value));
  const compacted = new Set<string>(
    Object.values(TOPICS).flatMap(({ name, cleanup }) => (cleanup === 'compact' ? [name] : [])),
  );
  const newest = new Map<string, string | null>();
  for (const { key, value } of database('records').getRange({})) {
    const [kind, partition, topic = ''] = nameOf.get(key.readUInt16BE(0))!.split('/');
    if (kind !== 'topic' || !compacted.has(topic)) continue;
    const where = { topic, partition: Number(partition), offset: chunkOffset(key), from: 0 };
    for (const record of decodeChunk(value, where))
      newest.set(`topic ${topic} ${record.key}`, record.value && textOf(record.value));
  }
  for (const [what, value] of newest) if (value !== null) print(what, value);
  await root.close();
}

async function printView(path: string): Promise<void> {
  const root = open<string, string>({ path, maxDbs: 32, encoding: 'string', readOnly: true });
  for (const name of [...root.getKeys({})].filter((key) => typeof key === 'string'))
    if (!['layout', 'cursor'].includes(name))
      for (const { key, value } of root.openDB<Buffer>({ name, encoding: 'binary' }).getRange({}))
        print('view', name, JSON.stringify(key), textOf(value));
  await root.close();
}

async function printHistory(chdbPath: string): Promise<void> {
  const history = await openClickhouseHistory({ chdbPath });
  const tables = await history.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND NOT startsWith(engine, 'View') ORDER BY name`,
  );
  for (const { name } of tables)
    for (const row of await history.query(`SELECT * FROM ${name}`)) print('history', name, JSON.stringify(row));
  await history.close();
}

await printLog(join(dataDir, 'log', 'log.mdb'));
if (readdirSync(dataDir).includes('view')) await printView(join(dataDir, 'view'));
await printHistory(join(dataDir, 'history'));
