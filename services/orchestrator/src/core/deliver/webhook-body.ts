import { formatInstant } from '@cairn/clock/calendar.ts';
import type { DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { PRESETS } from './presets.ts';
import { slackMessage } from './slack-message.ts';

/** The specification's advice: receivers cut off at little more. Bytes of UTF-8. */
export const BODY_BYTES_MAX = 20_000;

/** Each try writes the whole body anew. */
const LEFT_OUT_MAX = 20;

/** What a shortened or thin body keeps: it is enough to ask the API for the rest. */
const KEPT: ReadonlySet<string> = new Set(['workspace', 'factId', 'id', 'journeyId', 'kind', 'state', 'sequence']);

export interface BodyOptions {
  /** `thin`: ids only. */
  payload?: 'full' | 'thin' | undefined;
  preset?: string | null;
  bytesMax?: number;
}

/**
 * `{ type, timestamp, data }` as the text that is signed and sent, the same for every attempt. `data` always has `workspace` and `factId`.
 * Over the limit its largest members are left out, named in `data.shortened`.
 */
export function webhookBody(request: DeliveryRequested, options: BodyOptions = {}): string {
  const { factType: type, at, workspace, factId } = request;
  const { bytesMax = BODY_BYTES_MAX } = options;
  if (PRESETS[options.preset ?? '']?.body === 'slack') return JSON.stringify(slackMessage(type, request.data));
  const timestamp = formatInstant(at);
  const all: Record<string, unknown> = { ...request.data, workspace, factId };
  const data =
    options.payload === 'thin' ? Object.fromEntries(Object.entries(all).filter(([name]) => KEPT.has(name))) : all;
  const whole = JSON.stringify({ type, timestamp, data });
  if (Buffer.byteLength(whole) <= bytesMax) return whole;

  const bySize = Object.keys(data)
    .filter((name) => !KEPT.has(name))
    .map((name) => ({ name, bytes: Buffer.byteLength(JSON.stringify(data[name]) ?? '') }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  const shortened: string[] = [];
  for (const { name } of bySize.slice(0, LEFT_OUT_MAX)) {
    delete data[name];
    shortened.push(name);
    const body = JSON.stringify({ type, timestamp, data: { ...data, shortened } });
    if (Buffer.byteLength(body) <= bytesMax) return body;
  }
  // So many members that each is small, or a kept one that is no id.
  return JSON.stringify({ type, timestamp, data: { workspace, factId, shortened: ['*'] } });
}
