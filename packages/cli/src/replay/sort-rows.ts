/**
 * Rows in the order of their times, equal times in the order of the file, in bounded memory: what does not fit is written to a temporary
 * directory as sorted runs, which are merged when read. A file that is in order already costs its bytes written and read once.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TimedRow } from '@cairn/replay/admit-rows.ts';

export interface SortedRows {
  add(row: TimedRow): void;
  /** All rows in order, after the last was added; as often as asked for. */
  rows(): Iterable<TimedRow>;
  /** Removes what was written. */
  close(): void;
}

/** Characters of rows held at once; with their parsed items some 200 MB. */
const HELD_CHARS_MAX = 32_000_000;
const HELD_ROWS_MAX = 150_000;
const BLOCK_BYTES = 262_144;

export function createSortedRows(limits = { chars: HELD_CHARS_MAX, rows: HELD_ROWS_MAX }): SortedRows {
  let held: TimedRow[] = [];
  let chars = 0;
  let isSorted = true;
  let folder: string | null = null;
  const runs: string[] = [];

  function inOrder(): TimedRow[] {
    // `sort` is stable: equal times keep the file's order.
    if (!isSorted) held.sort((a, b) => a.at - b.at);
    return held;
  }

  function spill(): void {
    folder ??= mkdtempSync(join(tmpdir(), 'cairn-replay-'));
    const path = join(folder, `${runs.length}.run`);
    writeRun(path, inOrder());
    runs.push(path);
    held = [];
    chars = 0;
    isSorted = true;
  }

  return {
    add(row) {
      if (held.length > 0 && row.at < held.at(-1)!.at) isSorted = false;
      held.push(row);
      chars += row.text.length;
      if (chars >= limits.chars || held.length >= limits.rows) spill();
    },
    rows() {
      return runs.length === 0 ? inOrder() : merge([...runs.map(readRun), inOrder()[Symbol.iterator]()]);
    },
    close() {
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeRun(path: string, rows: readonly TimedRow[]): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    let block = '';
    for (const { at, number, text } of rows) {
      // JSON on one line has neither tab nor line feed outside of an escape.
      block += `${at}\t${number}\t${text}\n`;
      if (block.length < BLOCK_BYTES) continue;
      writeSync(file, block);
      block = '';
    }
    writeSync(file, block);
  } finally {
    closeSync(file);
  }
}

function* readRun(path: string): Generator<TimedRow, void, void> {
  const file = openSync(path, 'r');
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    for (let size = readSync(file, block); size > 0; size = readSync(file, block)) {
      const bytes = Buffer.concat([rest, block.subarray(0, size)]);
      let from = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
        yield rowOf(bytes.toString('utf8', from, end));
        from = end + 1;
      }
      rest = bytes.subarray(from);
    }
  } finally {
    closeSync(file);
  }
}

function rowOf(line: string): TimedRow {
  const first = line.indexOf('\t');
  const second = line.indexOf('\t', first + 1);
  const text = line.slice(second + 1);
  return {
    at: Number(line.slice(0, first)),
    number: Number(line.slice(first + 1, second)),
    text,
    item: JSON.parse(text) as unknown,
  };
}

interface Head {
  row: TimedRow;
  run: number;
}

/** A heap of the first row of each run; of equal times the earlier run goes first, for it holds the earlier rows. */
function* merge(runs: readonly Iterator<TimedRow>[]): Generator<TimedRow> {
  const heap: Head[] = [];
  const before = (a: Head, b: Head): boolean => a.row.at < b.row.at || (a.row.at === b.row.at && a.run < b.run);

  function sink(from: number): void {
    let i = from;
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }

  runs.forEach((rows, run) => {
    const next = rows.next();
    if (!next.done) heap.push({ row: next.value, run });
  });
  for (let i = heap.length >> 1; i >= 0; i--) sink(i);
  while (heap.length > 0) {
    const head = heap[0]!;
    yield head.row;
    const next = runs[head.run]!.next();
    if (!next.done) head.row = next.value;
    else {
      const last = heap.pop()!;
      if (heap.length > 0) heap[0] = last;
    }
    sink(0);
  }
}
