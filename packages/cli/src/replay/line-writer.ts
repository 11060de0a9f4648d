/** JSON lines into a file, in blocks. A file that is not finished keeps a name that says so (`alerts.jsonl.part`). */
import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

export interface LineWriter {
  write(value: unknown): void;
  lines(): number;
  /** Everything is in the file, under its name. */
  finish(): void;
}

const BLOCK_CHARS = 262_144;

export function createLineWriter(path: string): LineWriter {
  const part = `${path}.part`;
  const file = openSync(part, 'w');
  let block = '';
  let lines = 0;
  return {
    write(value) {
      block += `${JSON.stringify(value)}\n`;
      lines++;
      if (block.length < BLOCK_CHARS) return;
      writeSync(file, block);
      block = '';
    },
    lines: () => lines,
    finish() {
      writeSync(file, block);
      closeSync(file);
      renameSync(part, path);
    },
  };
}
