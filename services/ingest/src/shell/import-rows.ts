import type { Clock } from '@cairn/clock/clock.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { LogUnavailable, type NewRecord } from '@cairn/log/log.ts';
import { admitTouchpoint, refuse, type Admission } from '../core/admit-touchpoint.ts';
import { TOUCHPOINT_BYTES_MAX } from '../core/measure.ts';
import { isNothing, type Plain } from '../core/normalise.ts';
import { createRecentIds } from '../core/recent-ids.ts';
import type { Refusal } from '../core/refusals.ts';
import type { AppendAdmitted } from './append-admitted.ts';
import type { Records } from './records.ts';
import type { ImportRow, RowSource } from './row-source.ts';

/** Streams rows into the log in bounded memory: the next bytes are read only when what is admitted has somewhere to go. */
export interface ImportCounts {
  read: number;
  admitted: number;
  refused: number;
  /** Rows whose messageId came before in this import. */
  duplicate: number;
  /** Rows that the mapping makes nothing of. */
  skipped: number;
}

export interface ImportDeps {
  workspace: string;
  source: string;
  records: Records;
  appender: AppendAdmitted;
  clock: Clock;
  onRefused(reason: Refusal): void;
  onAdmitted(count: number): void;
  /** Aborted when the client went away or the service stops. */
  signal: AbortSignal;
}

const RECORDS_PER_APPEND = 2_000;
/** How long an import waits for a log that is away before it gives up; what was appended stays, a second try repeats the same ids. */
const LOG_AWAY_MS_MAX = 60_000;
const LOG_RETRY_MS = 500;

/** `counts` rises as it goes, so that it can be told also when the import fails. */
export async function importRows(
  deps: ImportDeps,
  rows: RowSource,
  chunks: AsyncIterable<Uint8Array>,
  counts: ImportCounts,
): Promise<void> {
  const recent = createRecentIds();
  let records: NewRecord[] = [];
  let pending: Promise<Error | null> = Promise.resolve(null);

  async function flush(): Promise<void> {
    const fault = await pending;
    if (fault) throw fault;
    const batch = records;
    records = [];
    // Written while the next rows are read and mapped; a fault is told at the next flush.
    pending = appendPatiently(deps, batch).then(
      () => null,
      (error: unknown) => error as Error,
    );
  }

  function take(row: ImportRow): void {
    counts.read++;
    if (row.skipped) {
      counts.skipped++;
      return;
    }
    const admission = admitRow(deps, row, deps.clock.now());
    if (admission.type === 'refused') {
      counts.refused++;
      deps.onRefused(admission.reason);
      records.push(letterOf(deps, row, admission));
    } else if (recent.seen(admission.touchpoint.messageId)) counts.duplicate++;
    else {
      counts.admitted++;
      deps.onAdmitted(1);
      records.push(deps.records.ofTouchpoint(admission.touchpoint));
    }
  }

  for await (const chunk of chunks) {
    deps.signal.throwIfAborted();
    for (const row of await rows.rows(chunk)) take(row);
    if (records.length >= RECORDS_PER_APPEND) await flush();
  }
  for (const row of await rows.rows(null)) take(row);
  await flush();
  const fault = await pending;
  if (fault) throw fault;
}

function admitRow(deps: ImportDeps, row: ImportRow, now: number): Admission {
  if (row.fault) return refuse(row.fault, null, row.detail);
  if (row.bytes > TOUCHPOINT_BYTES_MAX) return refuse('too-large', null);
  return admitTouchpoint({ workspace: deps.workspace, source: deps.source, imported: true }, row.item, {
    receivedAt: now,
    kind: null,
    // The same file gives the same ids again, so that importing it twice changes nothing.
    messageId: hasMessageId(row.item) ? '' : idOf('row', deps.source, row.number, row.text),
  });
}

function letterOf(deps: ImportDeps, row: ImportRow, admission: Extract<Admission, { type: 'refused' }>): NewRecord {
  const { reason, messageId, field } = admission;
  return deps.records.ofRefused({
    reason,
    messageId,
    detail: field === null ? `row ${row.number}` : `row ${row.number}: ${field}`,
    raw: row.text,
    at: deps.clock.now(),
    itemId: idOf('row', deps.source, row.number, row.text),
  });
}

function hasMessageId(item: unknown): boolean {
  const id = typeof item === 'object' && item !== null ? (item as Plain).messageId : undefined;
  return typeof id === 'number' || (typeof id === 'string' && !isNothing(id));
}

async function appendPatiently({ appender, clock, signal }: ImportDeps, records: readonly NewRecord[]): Promise<void> {
  const giveUpAt = clock.monotonic() + LOG_AWAY_MS_MAX;
  for (;;) {
    try {
      return await appender.appended(records);
    } catch (error) {
      if (!(error instanceof LogUnavailable) || clock.monotonic() >= giveUpAt) throw error;
      await clock.sleep(LOG_RETRY_MS, signal);
    }
  }
}
