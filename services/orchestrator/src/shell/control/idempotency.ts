import { createHash } from 'node:crypto';
import type { Clock } from '@cairn/clock/clock.ts';
import { ProblemError } from '@cairn/service-kit/problem.ts';
import type { Request, Response } from 'express';

/**
 * `Idempotency-Key`: the same request under the same key is carried out once, and answered as the first time. Answers are remembered by this
 * process; that nothing is done twice after a restart, or by another process, lies in the ids that are made of the key.
 */
export interface Idempotency {
  /** `work` gets the key, null where none was sent. */
  answer(
    request: Request,
    response: Response,
    workspace: string,
    work: (key: string | null) => Promise<{ status: number; body: unknown }>,
  ): Promise<void>;
}

/** As long as the deliverer remembers a command. */
export const IDEMPOTENT_FOR_MS = 24 * 3_600_000;
const REMEMBERED_MAX = 10_000;
const KEY_CHARS_MAX = 255;

interface Remembered {
  asked: string;
  answer: Promise<{ status: number; body: unknown }>;
  until: number;
}

export function createIdempotency(clock: Pick<Clock, 'now'>): Idempotency {
  const remembered = new Map<string, Remembered>();

  function remember(place: string, entry: Remembered): void {
    if (remembered.size >= REMEMBERED_MAX) remembered.delete(remembered.keys().next().value!);
    remembered.set(place, entry);
    // What failed may be tried again.
    entry.answer.catch(() => remembered.delete(place));
  }

  return {
    async answer(request, response, workspace, work) {
      const key = keyOf(request);
      if (key === null) {
        const { status, body } = await work(null);
        response.status(status).json(body);
        return;
      }
      const place = `${workspace} ${request.method} ${request.path} ${key}`;
      const asked = createHash('sha256')
        .update(JSON.stringify(request.body ?? null))
        .digest('base64');
      const known = remembered.get(place);
      const isKnown = known !== undefined && known.until > clock.now();
      if (isKnown && known.asked !== asked)
        throw new ProblemError({
          status: 422,
          code: 'idempotency-key-reused',
          title: 'This Idempotency-Key was sent with another request',
        });
      const answer = isKnown ? known.answer : work(key);
      if (isKnown) response.setHeader('idempotent-replayed', 'true');
      else remember(place, { asked, answer, until: clock.now() + IDEMPOTENT_FOR_MS });
      const { status, body } = await answer;
      response.status(status).json(body);
    },
  };
}

function keyOf(request: Request): string | null {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  const key = String(header).trim();
  if (!/^[\x20-\x7e]+$/.test(key) || key.length > KEY_CHARS_MAX)
    throw new ProblemError({
      status: 400,
      code: 'invalid-request',
      title: `Idempotency-Key must be 1 to ${KEY_CHARS_MAX} visible characters`,
    });
  return key;
}
