import { mkdirSync } from 'node:fs';
import { open, type Database, type RootDatabase } from 'lmdb';
import type { TopicConfig } from './log.ts';
import { createRoomAhead } from './room-ahead.ts';

/** The one LMDB environment of an embedded log and its databases. Keys and values are bytes everywhere. */
export interface LmdbDatabase {
  root: RootDatabase<Buffer, Buffer>;
  /** partition id, offset → chunk of records. */
  records: Database<Buffer, Buffer>;
  /** partition id → next offset, oldest offset, last log time, how far compacted. */
  counters: Database<Buffer, Buffer>;
  /** task partition id, key → entry. */
  state: Database<Buffer, Buffer>;
  /** task partition id, due time, key, purpose → length of the key. May hold stale entries; the state has the truth. */
  timers: Database<Buffer, Buffer>;
  /** Small things by name, as JSON: ids of partitions, positions, holders, members. */
  names: Database<Buffer, Buffer>;
  /** The id of a topic's partition; throws when there is none. */
  partitionId(topic: string, partition: number): number;
  /** The id of a task's partition; undefined before it was taken for the first time. */
  taskId(task: string, partition: number): number | undefined;
  /** Inside a write transaction only. */
  ensureTaskId(task: string, partition: number): number;
  readName<T>(name: string): T | undefined;
  /** Inside a write transaction only. */
  writeName(name: string, value: unknown): void;
  /**
   * At the end of every write transaction: throws `DiskFull`, and the transaction is over, unless what was put since the last call has its
   * place on disk. `reserve`: it is small or makes room.
   */
  ensureRoom(reserve: boolean): void;
  close(): Promise<void>;
}

export interface Counters {
  next: number;
  oldest: number;
  lastAt: number;
  compactedTo: number;
}

const BYTES = { keyEncoding: 'binary', encoding: 'binary' } as const;
/** Address space, not disk: the file grows as it is written. lmdb would enlarge a map that is too small, at the price of a second one beside it. */
const MAP_BYTES = 256 * 1_024 ** 3;

export function openDatabase(path: string, topics: readonly TopicConfig[]): LmdbDatabase {
  mkdirSync(path, { recursive: true });
  // Without eventTurnBatching: its batch start is a promise that nobody handles, and one failed commit would end the process.
  const file = `${path}/log.mdb`;
  const root = open<Buffer, Buffer>({
    path: file,
    mapSize: MAP_BYTES,
    maxDbs: 16,
    eventTurnBatching: false,
    noSubdir: true,
    ...BYTES,
  });
  const databases: Database<Buffer, Buffer>[] = [];
  const room = createRoomAhead(root as never, file, () => databases.reduce((sum, one) => sum + pagesOf(one), 0));
  let cost = 0;
  // Room for the first transaction of all, and for opening databases: these are not counted.
  room.ensure(0, { reserve: true });

  function openOne(name: string): Database<Buffer, Buffer> {
    const database = root.openDB<Buffer, Buffer>({ name, ...BYTES });
    databases.push(database);
    const put: (key: Buffer, value: Buffer) => unknown = database.putSync.bind(database);
    const remove: (key: Buffer) => boolean = database.removeSync.bind(database);
    return Object.assign(database, {
      putSync(key: Buffer, value: Buffer) {
        cost += room.costOf(value.length);
        put(key, value);
      },
      removeSync(key: Buffer) {
        cost += room.costOf(0);
        return remove(key);
      },
    });
  }
  const names = openOne('names');
  const ids = new Map<string, number>();

  function readName<T>(name: string): T | undefined {
    const bytes = names.getBinary(Buffer.from(name));
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as T);
  }
  function writeName(name: string, value: unknown): void {
    names.putSync(Buffer.from(name), Buffer.from(JSON.stringify(value)));
  }
  function knownId(name: string): number | undefined {
    let id = ids.get(name);
    if (id === undefined) {
      id = readName<number>(name);
      if (id !== undefined) ids.set(name, id);
    }
    return id;
  }
  /** Not remembered before the transaction that wrote it is over: it may be aborted. */
  function ensureId(name: string): number {
    const known = readName<number>(name);
    if (known !== undefined) return known;
    const id = readName<number>('next-id') ?? 1;
    writeName('next-id', id + 1);
    writeName(name, id);
    return id;
  }

  root.transactionSync(() => {
    for (const topic of topics)
      for (let partition = 0; partition < topic.partitions; partition++) ensureId(`topic/${partition}/${topic.name}`);
  });

  return {
    root,
    records: openOne('records'),
    counters: openOne('counters'),
    state: openOne('state'),
    timers: openOne('timers'),
    names,
    partitionId(topic, partition) {
      const id = knownId(`topic/${partition}/${topic}`);
      if (id === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
      return id;
    },
    taskId: (task, partition) => knownId(`task/${partition}/${task}`),
    ensureTaskId: (task, partition) => ensureId(`task/${partition}/${task}`),
    readName,
    writeName,
    ensureRoom(reserve) {
      const needed = cost;
      cost = 0;
      room.ensure(needed, { reserve });
    },
    async close() {
      room.close();
      await root.close();
    },
  };
}

function pagesOf(database: Database<Buffer, Buffer>): number {
  const { treeBranchPageCount, treeLeafPageCount, overflowPages } = database.getStats() as Record<string, number>;
  return treeBranchPageCount! + treeLeafPageCount! + overflowPages!;
}

const NEW_COUNTERS: Counters = { next: 0, oldest: 0, lastAt: 0, compactedTo: 0 };

export function readCounters(database: LmdbDatabase, id: number): Counters {
  const bytes = database.counters.getBinaryFast(idKey(id));
  if (bytes === undefined) return { ...NEW_COUNTERS };
  return {
    next: bytes.readDoubleBE(0),
    oldest: bytes.readDoubleBE(8),
    lastAt: bytes.readDoubleBE(16),
    compactedTo: bytes.readDoubleBE(24),
  };
}

/** Inside a write transaction only. */
export function writeCounters(database: LmdbDatabase, id: number, counters: Counters): void {
  const bytes = Buffer.allocUnsafe(32);
  bytes.writeDoubleBE(counters.next, 0);
  bytes.writeDoubleBE(counters.oldest, 8);
  bytes.writeDoubleBE(counters.lastAt, 16);
  bytes.writeDoubleBE(counters.compactedTo, 24);
  database.counters.putSync(idKey(id), bytes);
}

export function idKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(2);
  key.writeUInt16BE(id, 0);
  return key;
}
