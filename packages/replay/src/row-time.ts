/**
 * When a row of a file happened, which is when it is replayed. History has no receipt: a touchpoint counts as received when it happened,
 * or the whole file would have come in one moment. Decides nothing about whether the row is admitted.
 */
import { correctSkew, readInstant } from '@cairn/ingest/core/clock-skew.ts';

/** Epoch ms; null where the row says none, or one before 1970 that no receipt takes the place of. */
export function timeOfRow(item: unknown): number | 'invalid-timestamp' | null {
  if (typeof item !== 'object' || item === null) return null;
  const row = item as Readonly<Record<string, unknown>>;
  const stated = row.timestamp ?? row.originalTimestamp;
  const sentAt = row.sentAt === undefined ? null : readInstant(row.sentAt);
  const receivedAt = receiptOf(row, sentAt);
  const original = readInstant(stated);
  if (receivedAt === null && original !== null && original < 0) return null;
  const timing = correctSkew(stated, sentAt, receivedAt ?? original ?? 0);
  if (timing === 'invalid-timestamp') return timing;
  if (timing.originalTimestamp === null) return receivedAt;
  return timing.timestamp;
}

/** What the row says of its receipt; a client's clock (`sentAt`) is only right where both of its times are known. */
function receiptOf(row: Readonly<Record<string, unknown>>, sentAt: number | null): number | null {
  return (row.receivedAt === undefined ? null : readInstant(row.receivedAt)) ?? sentAt;
}

/** The receipt under which `admitTouchpoint` finds the same time. */
export function receiptFor(item: unknown, at: number): number {
  if (typeof item !== 'object' || item === null) return at;
  const row = item as Readonly<Record<string, unknown>>;
  const sentAt = row.sentAt === undefined ? null : readInstant(row.sentAt);
  return receiptOf(row, sentAt) ?? at;
}
