/** Rows of a file or of the history as touchpoints, admitted as ingest admits them, received when they happened. */
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { admitTouchpoint } from '@cairn/ingest/core/admit-touchpoint.ts';
import { TOUCHPOINT_BYTES_MAX } from '@cairn/ingest/core/measure.ts';
import { isNothing } from '@cairn/ingest/core/normalise.ts';
import { receiptFor } from './row-time.ts';

export interface TimedRow {
  /** Epoch ms. */
  at: number;
  /** From 1, in the file. */
  number: number;
  /** JSON. */
  text: string;
  /** `text` parsed, where it is still at hand. */
  item: unknown;
}

/** What a row of a file is as a touchpoint, received when it happened; refusals are counted. */
export function* admitRows(
  workspace: string,
  rows: Iterable<TimedRow>,
  onRefused: (reason: string, row: TimedRow) => void,
): Generator<Touchpoint> {
  const policy = { workspace, source: 'replay', imported: false };
  for (const row of rows) {
    if (row.text.length > TOUCHPOINT_BYTES_MAX || Buffer.byteLength(row.text) > TOUCHPOINT_BYTES_MAX) {
      onRefused('too-large', row);
      continue;
    }
    const { item, at } = row;
    const admission = admitTouchpoint(policy, item, {
      receivedAt: receiptFor(item, at),
      kind: null,
      // The same row has the same id in every run, whatever the file is called.
      messageId: hasMessageId(item) ? '' : idOf('row', 'replay', row.number, row.text),
    });
    if (admission.type === 'refused') onRefused(admission.reason, row);
    else yield { ...admission.touchpoint, timestamp: at, receivedAt: at };
  }
}

function hasMessageId(item: unknown): boolean {
  const id = (item as { messageId?: unknown } | null)?.messageId;
  return typeof id === 'number' || (typeof id === 'string' && !isNothing(id));
}
