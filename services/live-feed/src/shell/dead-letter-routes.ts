/**
 * What could not be processed: `GET /api/dead-letters`, one of them, and `POST /api/dead-letters/replay`, which puts records that made a
 * task's handler throw back into that task's inbox, as they were. What ingest refused is not put back: as it came it is refused again.
 */
import type { Express } from 'express';
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { NewRecord } from '@cairn/log/log.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import { sendResource } from '@cairn/service-kit/etag.ts';
import { notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { BUDGET_A_TURN, inTurns } from './in-turns.ts';
import { badRequest, listAnswer, readPage, textOf } from './paging.ts';
import type { View } from './view.ts';

/** In one call: each is read from the log and appended again. */
const REPLAY_MAX = 500;

type Skipped = 'unknown' | 'refused-at-the-door' | 'a-timer' | 'no-longer-in-the-log';

export function addDeadLetterRoutes(
  app: Express,
  { ports, view }: { ports: Pick<Ports, 'log' | 'clock' | 'control'>; view: View },
): void {
  const { log } = ports;

  app.get('/api/dead-letters', async (request, response) => {
    const { workspace } = authorise(ports, request, 'read');
    const page = readPage(request);
    const reason = textOf(request, 'reason');
    await view.store.settle();
    const { found, next } = await inTurns(page.limit, page.from, (from, limit) => {
      const letters = view.deadLetters.list(workspace, reason, { from, limit, budget: BUDGET_A_TURN });
      return { found: letters.items, next: letters.next };
    });
    response.json(listAnswer(found.map(shown), next));
  });

  app.get('/api/dead-letters/:id', async (request, response) => {
    const { workspace } = authorise(ports, request, 'read');
    const letter = (await find(workspace, [request.params.id])).get(request.params.id);
    if (!letter) throw notFound('dead letter');
    sendResource(request, response, shown(letter));
  });

  app.post('/api/dead-letters/replay', async (request, response) => {
    const { workspace } = authorise(ports, request, 'admin');
    const ids = readIds(request.body);
    await view.store.settle();
    const letters = ids ? await find(workspace, ids) : newest(workspace);
    const skipped: { id: string; why: Skipped }[] = [];
    const records: NewRecord[] = [];
    for (const id of ids ?? letters.keys()) {
      const found = await recordOf(letters.get(id));
      if (typeof found === 'string') skipped.push({ id, why: found });
      else records.push(found);
    }
    if (records.length) await log.append(records);
    response.json({ replayed: records.length, skipped });
  });

  function newest(workspace: string): Map<string, DeadLetter> {
    const { items } = view.deadLetters.list(workspace, null, { from: null, limit: REPLAY_MAX, budget: BUDGET_A_TURN });
    return new Map(items.map((letter) => [letter.id, letter]));
  }

  async function find(workspace: string, ids: readonly string[]): Promise<Map<string, DeadLetter>> {
    const wanted = new Set(ids);
    const { found } = await inTurns(wanted.size, null, (from, limit) => {
      const { items, next } = view.deadLetters.list(workspace, null, {
        from,
        limit: BUDGET_A_TURN,
        budget: BUDGET_A_TURN,
      });
      return { found: items.filter(({ id }) => wanted.has(id)).slice(0, limit), next };
    });
    return new Map(found.map((letter) => [letter.id, letter]));
  }

  async function recordOf(letter: DeadLetter | undefined): Promise<NewRecord | Skipped> {
    if (!letter) return 'unknown';
    const { position } = letter;
    if (!position) return 'refused-at-the-door';
    if (isTimer(letter.raw)) return 'a-timer';
    const { topic, partition } = position;
    const offset = BigInt(position.offset);
    const record = (await log.read(topic, partition, offset, 1)).find((one) => one.offset === offset);
    if (!record) return 'no-longer-in-the-log';
    const { key, value, headers } = record;
    return { topic, partition, key, value, headers };
  }
}

const shown = ({ id, at, reason, messageId, raw, service, error }: DeadLetter): object => ({
  id,
  at: formatInstant(at),
  reason,
  messageId,
  raw,
  service,
  error,
});

/** null: the newest. */
function readIds(body: unknown): string[] | null {
  if (body === undefined || body === null) return null;
  if (typeof body !== 'object' || Array.isArray(body)) throw badRequest('the body must be an object');
  const { ids } = body as { ids?: unknown };
  if (ids === undefined) return null;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) throw badRequest('ids must be a list of ids');
  if (ids.length > REPLAY_MAX) throw badRequest(`at most ${REPLAY_MAX} at once`);
  return [...new Set(ids)];
}

function isTimer(raw: string): boolean {
  return raw.startsWith('{"type":"timer","key":');
}
