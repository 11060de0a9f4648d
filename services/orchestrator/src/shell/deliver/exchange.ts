import type { Clock } from '@cairn/clock/clock.ts';
import type { Dispatcher } from 'undici';
import type { AttemptResult } from '../../core/deliver/model.ts';
import { failureCode } from './failure-code.ts';

/** One request to a receiver and its answer, within bounds. Never follows a redirect, never inflates. */
export type Answer = Pick<AttemptResult, 'status' | 'code' | 'responseBody' | 'retryAfter' | 'control'>;

/** From the look-up of the name to the last byte of the answer. */
export const EXCHANGE_MS = 15_000;
/** Of an answer; enough for an error page's reason. */
export const KEPT_BYTES = 16_384;
/** An answer goes on longer than this: it is cut, and it is no success. */
export const CUT_BYTES = 65_536;

/** An attempt that failed before it came to a request, for a reason that has a code. */
export class AttemptFault extends Error {
  override name = 'AttemptFault';
  readonly failure: NonNullable<AttemptResult['code']>;
  constructor(failure: NonNullable<AttemptResult['code']>) {
    super(failure);
    this.failure = failure;
  }
}

/**
 * Speaks to undici's dispatcher itself: a stream for the answer's body costs more than all the rest of an attempt, and most bodies
 * are empty.
 */
export function exchange(
  dispatcher: Dispatcher,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const kept: Buffer[] = [];
    let length = 0;
    let answer: Pick<Answer, 'status' | 'retryAfter' | 'control'> | null = null;
    let abort: ((reason: Error) => void) | null = null;
    const onAbort = (): void => {
      const reason = signal.reason as Error;
      abort?.(reason);
      reject(reason);
    };
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });

    function finish(isWhole: boolean): void {
      signal.removeEventListener('abort', onAbort);
      const status = answer!.status!;
      const ok = status >= 200 && status < 300;
      const code = ok ? (isWhole ? null : 'response_too_large') : (`http_${status}` as const);
      resolve({ ...answer!, code, responseBody: Buffer.concat(kept).toString('utf8') });
    }

    dispatcher.dispatch(
      { method: 'POST', path, headers, body },
      {
        onRequestStart(controller) {
          abort = (reason) => controller.abort(reason);
          if (signal.aborted) controller.abort(signal.reason as Error);
        },
        onResponseStart(_controller, status, received) {
          answer = {
            status,
            retryAfter: headerOf(received, 'retry-after'),
            control: controlOf(headerOf(received, 'webhook-delivery')),
          };
        },
        onResponseData(controller, chunk) {
          if (length < KEPT_BYTES) kept.push(chunk.subarray(0, KEPT_BYTES - length));
          length += chunk.length;
          if (length <= CUT_BYTES) return;
          finish(false);
          controller.abort(new Error('the answer is too long'));
        },
        onResponseEnd: () => finish(true),
        onResponseError(_controller, error) {
          signal.removeEventListener('abort', onAbort);
          reject(error);
        },
      },
    );
  });
}

/** One bound over the whole exchange: a slow drip resets every idle timeout. Rejects only when `stopping` is aborted. */
export async function withinTime(
  clock: Clock,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(stopping.reason as Error);
  if (stopping.aborted) throw stopping.reason as Error;
  // By hand: AbortSignal.any costs more than the signature does.
  stopping.addEventListener('abort', stop, { once: true });
  const cancel = clock.after(EXCHANGE_MS, () => controller.abort(new Error('the exchange took too long')));
  try {
    return await work(controller.signal);
  } catch (error) {
    if (stopping.aborted) throw error;
    if (error instanceof AttemptFault) return failed(error.failure);
    return failed(controller.signal.aborted ? 'timeout' : failureCode(error));
  } finally {
    cancel();
    stopping.removeEventListener('abort', stop);
  }
}

/** What a promise comes to, or the signal's reason if that is first. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw signal.reason as Error;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function failed(code: Answer['code']): Answer {
  return { status: null, code, responseBody: null, retryAfter: null, control: null };
}

function headerOf(headers: Record<string, string | string[] | undefined>, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function controlOf(header: string | null): Answer['control'] {
  const text = header?.trim().toLowerCase();
  return text === 'disable' || text === 'abort-message' ? text : null;
}
