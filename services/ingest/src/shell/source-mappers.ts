/**
 * The mappings of sources at work: a process each, started with the first call and let go when it is idle, for a mapping may loop or fill
 * the memory (`map-process.ts`). Calls that wait for one go to it together. Never says what a row is worth: it maps.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { createRowSource, type ImportRow, type RowSource } from './row-source.ts';

export interface SourceMappers {
  /** What the mapping makes of one body (JSON). Rejects where the mapping cannot go on; the next call starts anew. */
  map(source: { id: string; mapping: string }, body: unknown): Promise<ImportRow>;
  stop(): Promise<void>;
}

/** A process takes some 60 MB; of more sources at once the one idle for longest gives way. */
const MAPPERS_MAX = 8;
const IDLE_MS_MAX = 60_000;
const IDLE_CHECK_MS = 10_000;

interface Mapper {
  mapping: string;
  rows: RowSource;
  waiting: { line: string; resolve(row: ImportRow): void; reject(error: unknown): void }[];
  working: boolean;
  usedAt: number;
}

export function createSourceMappers(clock: Clock): SourceMappers {
  const mappers = new Map<string, Mapper>();
  const stopCheck = clock.every(IDLE_CHECK_MS, () => {
    const before = clock.monotonic() - IDLE_MS_MAX;
    for (const [id, mapper] of mappers)
      if (mapper.usedAt < before && !mapper.working && mapper.waiting.length === 0) void letGo(id, mapper);
  });

  function letGo(id: string, mapper: Mapper): Promise<void> {
    if (mappers.get(id) === mapper) mappers.delete(id);
    return mapper.rows.close();
  }

  function mapperOf({ id, mapping }: { id: string; mapping: string }): Mapper {
    const known = mappers.get(id);
    if (known?.mapping === mapping) return known;
    // What waits for the old mapping is still answered by it.
    if (known) mappers.delete(id);
    if (known && !known.working && known.waiting.length === 0) void known.rows.close();
    makeRoom();
    const mapper: Mapper = {
      mapping,
      rows: createRowSource('jsonl', mapping, clock),
      waiting: [],
      working: false,
      usedAt: clock.monotonic(),
    };
    mappers.set(id, mapper);
    return mapper;
  }

  function makeRoom(): void {
    if (mappers.size < MAPPERS_MAX) return;
    const idle = [...mappers].filter(([, { working, waiting }]) => !working && waiting.length === 0);
    const [oldest] = idle.sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (oldest) void letGo(...oldest);
  }

  async function work(id: string, mapper: Mapper): Promise<void> {
    mapper.working = true;
    while (mapper.waiting.length > 0) {
      const calls = mapper.waiting;
      mapper.waiting = [];
      try {
        const rows = await mapper.rows.rows(Buffer.from(calls.map(({ line }) => `${line}\n`).join('')));
        calls.forEach((call, i) => call.resolve(rows[i]!));
      } catch (error) {
        for (const call of [...calls, ...mapper.waiting]) call.reject(error);
        mapper.waiting = [];
        mapper.working = false;
        return letGo(id, mapper);
      }
    }
    mapper.working = false;
    mapper.usedAt = clock.monotonic();
    if (mappers.get(id) !== mapper) await mapper.rows.close();
  }

  return {
    map(source, body) {
      const mapper = mapperOf(source);
      return new Promise((resolve, reject) => {
        mapper.waiting.push({ line: JSON.stringify(body), resolve, reject });
        if (!mapper.working) void work(source.id, mapper);
      });
    },
    async stop() {
      stopCheck();
      await Promise.all([...mappers].map(([id, mapper]) => letGo(id, mapper)));
    },
  };
}
