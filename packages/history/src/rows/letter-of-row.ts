/** The dead letter of a record whose row the history can never take. The record itself stays on its topic: state and feed have it. */
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Log, LogRecord, NewRecord } from '@cairn/log/log.ts';
import type { HistoryTable } from '../history.ts';

/** As the schema says. */
const RAW_CHARS_MAX = 65_536;
const ERROR_CHARS_MAX = 4_096;

/** `at` in epoch ms. Null for a dead letter's own row: a letter about a letter would have the same fate. */
export function letterOfRow(
  log: Pick<Log, 'partitions'>,
  record: LogRecord,
  table: HistoryTable,
  error: Error,
  at: number,
): NewRecord | null {
  if (record.topic === 'dead-letters') return null;
  const { topic, partition } = record;
  const offset = String(record.offset);
  const workspace = record.key.split('/', 1)[0]!;
  const letter: DeadLetter = {
    type: 'dead-letter',
    id: idOf('dl', 'history', table, topic, partition, offset),
    workspace,
    at,
    reason: 'handler-failed',
    messageId: null,
    raw: new TextDecoder().decode(record.value ?? new Uint8Array()).slice(0, RAW_CHARS_MAX),
    service: 'history',
    error: error.message.slice(0, ERROR_CHARS_MAX),
    // Nothing to replay: the state took the record long since.
    position: null,
  };
  const key = keyOf.workspace(workspace);
  return {
    topic: 'dead-letters',
    partition: partitionOf(key, log.partitions('dead-letters')),
    key,
    value: Buffer.from(JSON.stringify(letter)),
  };
}
