import jsonata from 'jsonata';

/**
 * A mapping: a JSONata expression that makes one touchpoint of one row (API.md, section 2). Compiled once. Evaluating is bounded in
 * time, depth and length of lists; a regular expression inside cannot be interrupted, so mappings of strangers run in `map-process.ts`.
 */
export interface Mapping {
  /** The touchpoint as plain data; undefined: the row is skipped. Rejects with `RowFault`. `rowNumber` counts from 1. */
  map(row: unknown, rowNumber: number): Promise<unknown>;
}

/** The expression is no JSONata. */
export class MappingFault extends Error {
  override name = 'MappingFault';
}

/** This row cannot be mapped; others may. */
export class RowFault extends Error {
  override name = 'RowFault';
  readonly tookTooLong: boolean;
  constructor(message: string, tookTooLong: boolean) {
    super(message);
    this.tookTooLong = tookTooLong;
  }
}

/** An expression for a row is some hundred characters; the longest we know of is 3 KB. */
export const MAPPING_CHARS_MAX = 32_768;
/** A row takes 20–100 µs; one that takes a thousand times as long is a loop. */
const ROW_MS_MAX = 250;
/**
 * A row that ran out of time without having had the processor for as long was held up by a busy machine, not by its mapping: it is
 * tried again. Refused at once, 3 good rows of 129,998 became dead letters on two crowded cores.
 */
const TRIES_MAX = 20;
const DEPTH_MAX = 200;
const SEQUENCE_MAX = 10_000;
const TOO_LONG = 'D1012';

export function compileMapping(text: string): Mapping {
  if (text.length > MAPPING_CHARS_MAX)
    throw new MappingFault(`the mapping is longer than ${MAPPING_CHARS_MAX} characters`);
  let expression: jsonata.Expression;
  try {
    expression = jsonata(text, { timeout: ROW_MS_MAX, stack: DEPTH_MAX, sequence: SEQUENCE_MAX });
  } catch (error) {
    throw new MappingFault(describe(error));
  }
  return {
    async map(row, rowNumber) {
      const before = process.cpuUsage();
      for (let tries = 1; ; tries++) {
        try {
          return (await expression.evaluate(row, { row: rowNumber })) as unknown;
        } catch (error) {
          const tookTooLong = (error as { code?: unknown }).code === TOO_LONG;
          if (tookTooLong && tries < TRIES_MAX && busyMs(before) < ROW_MS_MAX) continue;
          throw new RowFault(describe(error), tookTooLong);
        }
      }
    },
  };
}

function busyMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** JSONata throws objects, not errors; the stack's own overflow is a RangeError. */
function describe(error: unknown): string {
  const { code, position, message } = (error ?? {}) as { code?: unknown; position?: unknown; message?: unknown };
  const what = typeof message === 'string' ? message : 'the expression failed';
  const where = typeof position === 'number' ? ` at character ${position}` : '';
  return typeof code === 'string' ? `${what} (${code}${where})` : what;
}
