import type { IncomingMessage } from 'node:http';
import { gunzip } from 'node:zlib';
import type { Clock } from '@cairn/clock/clock.ts';

/**
 * Reads request bodies into memory within bounds: size (packed and unpacked), time, and bytes held by all requests together.
 * A body that is too much is not read on; the route answers and drains it.
 */
export type BodyFault = 'too-large' | 'bad-encoding' | 'too-slow' | 'overloaded' | 'gone';

export interface BodyReader {
  /**
   * Calls `done` once: with the unpacked body, or with the fault and the first bytes of what came. Whoever gets a body calls
   * `release(held)` when it is done with it.
   */
  read(request: IncomingMessage, done: BodyDone): void;
  release(bytes: number): void;
  bytesHeld(): number;
  stop(): void;
}
export type BodyDone = (fault: BodyFault | null, body: Buffer, held: number) => void;

/** 500 KB, as Segment has it, read generously: a limit in either sense of "KB" is kept. */
export const BODY_BYTES_MAX = 512_000;
/** A dead letter keeps so much. */
const KEPT_OF_TOO_LARGE = 65_536;
/** A body of 500 KB over 300 kbit/s. */
const BODY_MS_MAX = 15_000;
const SWEEP_MS = 1_000;
/** Over 100 of the largest bodies at once, and a few percent of a small machine. */
const BYTES_HELD_MAX = 64 * 1_048_576;

export function createBodyReader(clock: Clock, limits: { bodyMsMax?: number; bytesHeldMax?: number } = {}): BodyReader {
  const { bodyMsMax = BODY_MS_MAX, bytesHeldMax = BYTES_HELD_MAX } = limits;
  const open = new Set<{ since: number; tooSlow(): void }>();
  let held = 0;

  const stopSweep = clock.every(SWEEP_MS, () => {
    const before = clock.monotonic() - bodyMsMax;
    for (const reading of open) if (reading.since <= before) reading.tooSlow();
  });

  function read(request: IncomingMessage, done: BodyDone): void {
    const chunks: Buffer[] = [];
    let size = 0;
    const reading = { since: clock.monotonic(), tooSlow: () => fail('too-slow') };

    function finish(): void {
      open.delete(reading);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
    }
    function fail(fault: BodyFault): void {
      finish();
      held -= size;
      const start = Buffer.concat(chunks).subarray(0, KEPT_OF_TOO_LARGE);
      done(fault, start, 0);
    }
    function onData(chunk: Buffer): void {
      size += chunk.length;
      held += chunk.length;
      chunks.push(chunk);
      if (size > BODY_BYTES_MAX) fail('too-large');
      else if (held > bytesHeldMax) fail('overloaded');
    }
    function onEnd(): void {
      finish();
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
      const encoding = request.headers['content-encoding'];
      if (encoding === undefined || encoding === 'identity') return done(null, body, size);
      if (encoding === 'gzip' || encoding === 'x-gzip') return unpack(body, size);
      held -= size;
      done('bad-encoding', body, 0);
    }
    function unpack(body: Buffer, packed: number): void {
      gunzip(body, { maxOutputLength: BODY_BYTES_MAX }, (error, unpacked) => {
        held -= packed;
        if (error)
          return done(
            (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'bad-encoding',
            EMPTY,
            0,
          );
        held += unpacked.length;
        done(null, unpacked, unpacked.length);
      });
    }
    function onClose(): void {
      if (request.complete) return;
      fail('gone');
    }

    open.add(reading);
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  }

  return {
    read,
    release(bytes) {
      held -= bytes;
    },
    bytesHeld: () => held,
    stop: stopSweep,
  };
}

const EMPTY = Buffer.alloc(0);
