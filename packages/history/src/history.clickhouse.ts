/**
 * The history on ClickHouse through `@clickhouse/client`: a server, or chDB in process. chDB's calls hold the calling thread for
 * tens of milliseconds (168 ms for 10,000 rows measured), so the product opens it in a worker thread (`history-worker.ts`).
 */
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { wellFormedJson } from '@cairn/contracts/json.ts';
import { HistoryUnavailable, RowsRefused, type History } from './history.ts';
import { DISK_IS_FULL, PART_IS_BROKEN, mendParts } from './mend-parts.ts';
import { migrate } from './migrate.ts';

export type HistoryTarget = { url: string } | { chdbPath: string };

/** Opens and migrates. Rejects with `HistoryUnavailable` when ClickHouse cannot be reached. One process per chDB directory. */
export async function openClickhouseHistory(target: HistoryTarget): Promise<History> {
  const client = await connect(target);
  const plain = wrap(client);
  // A server has an administrator, and more than one disk.
  const history = 'url' in target ? plain : mending(plain);
  await migrate({
    command: async (sql) => {
      await guard(() => client.command({ query: sql }));
    },
    query: history.query,
  });
  return history;
}

async function connect(target: HistoryTarget): Promise<ClickHouseClient> {
  if ('url' in target)
    return createClient({
      url: target.url,
      request_timeout: 60_000,
      // The token makes a repeated insert harmless; async inserts would answer before the rows are there.
      clickhouse_settings: { async_insert: 0, output_format_json_quote_64bit_integers: 0 },
    });
  const [{ Session }, { createChdbConnection }] = await Promise.all([import('chdb'), import('chdb/connection')]);
  // The first connection brings the engine up, with arguments that the client has no place for; the client's own shares the engine.
  const engine = new Session(target.chdbPath, { connectionArgs: QUIET_ENGINE });
  const client = createClient({ connection: createChdbConnection({ path: target.chdbPath }) } as never);
  const close = client.close.bind(client);
  client.close = async () => {
    await close();
    engine.close();
  };
  return client;
}

/**
 * What the engine does while nobody asks it anything: it looks at its own memory 20 times a second, and each of the tables for something
 * to merge up to 10 times a second: 0.4 % of a core. Once a second is often enough for one process's history.
 */
const QUIET_ENGINE = [
  '--memory_worker_period_ms=1000',
  '--background_processing_pool_thread_sleep_seconds_if_nothing_to_do=1',
];

function wrap(client: ClickHouseClient): History {
  return {
    async query<T>(sql: string, params?: Readonly<Record<string, unknown>>) {
      return guard(async () => {
        const result = await client.query({
          query: sql,
          format: 'JSONEachRow',
          ...(params ? { query_params: { ...params } } : {}),
        });
        return await result.json<T>();
      });
    },
    async command(sql, params) {
      await guard(() => client.command({ query: sql, ...(params ? { query_params: { ...params } } : {}) }));
    },
    async insert(table, rows, token) {
      if (rows.length === 0) return;
      // Settings belong into the SQL text: given beside it, chDB keeps them on the connection and a left-over token drops later inserts.
      const query = `INSERT INTO ${table} SETTINGS async_insert = 0, insert_deduplicate = 1, insert_deduplication_token = '${escape(token)}' FORMAT JSONEachRow\n${rows.map((row) => wellFormedJson(JSON.stringify(row))).join('\n')}`;
      try {
        await guard(() => client.command({ query }));
      } catch (error) {
        if (!ROW_FAULTS.has((error as { code?: string }).code ?? '')) throw error;
        throw new RowsRefused((error as Error).message, { cause: error });
      }
    },
    async lastPlan(sink) {
      const [row] = await guard(async () =>
        (
          await client.query({
            query: 'SELECT number, ranges FROM sink_plans WHERE sink = {sink: String} ORDER BY number DESC LIMIT 1',
            format: 'JSONEachRow',
            query_params: { sink },
          })
        ).json<{ number: number; ranges: string }>(),
      );
      return row ? { number: Number(row.number), ranges: row.ranges } : null;
    },
    async healthy() {
      try {
        await client.query({ query: 'SELECT 1', format: 'JSONEachRow' }).then((result) => result.json());
        return true;
      } catch {
        return false;
      }
    },
    close: () => client.close(),
  };
}

/** Where the disk was full, what was merged meanwhile is looked at before anything goes on. */
function mending(history: History): History {
  let wasFull = false;
  let mended: Promise<unknown> = Promise.resolve();
  function mend(): Promise<unknown> {
    wasFull = false;
    return (mended = mended.then(() => mendParts(history)).catch(() => (wasFull = true)));
  }
  async function careful<T>(work: () => Promise<T>): Promise<T> {
    await mended;
    try {
      return await work();
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === DISK_IS_FULL) wasFull = true;
      if (code !== PART_IS_BROKEN) throw error;
      await mend();
      return work();
    }
  }
  return {
    ...history,
    query: (sql, params) => careful(() => history.query(sql, params)),
    command: (sql, params) => careful(() => history.command(sql, params)),
    lastPlan: (sink) => careful(() => history.lastPlan(sink)),
    async insert(table, rows, token) {
      await careful(() => history.insert(table, rows, token));
      if (wasFull) await mend();
    },
  };
}

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");

/** ClickHouse's codes for a value that it cannot read: CANNOT_PARSE_*, TYPE_MISMATCH, ARGUMENT_OUT_OF_BOUND, CANNOT_CONVERT_TYPE, INCORRECT_DATA, TOO_LARGE_STRING_SIZE. */
const ROW_FAULTS: ReadonlySet<string> = new Set([
  '6',
  '25',
  '26',
  '27',
  '38',
  '41',
  '53',
  '69',
  '70',
  '72',
  '117',
  '131',
]);

/** A refusal by ClickHouse has a numeric code of its own and passes through; everything else means that it is away. */
async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code && /^\d+$/.test(code)) throw error;
    throw new HistoryUnavailable((error as Error).message, { cause: error });
  }
}
