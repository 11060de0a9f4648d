import { parseIsoTime } from '@cairn/clock/calendar.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import { ProblemError, notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { Request } from 'express';
import type { Fault } from '../../core/deliver/endpoint-settings.ts';

/** The parts of a request that several routes read; each fault names its field. */

const PAGE_DEFAULT = 100;
const PAGE_MAX = 500;

/** Throws where there are faults. */
export function refuse(faults: readonly Fault[], status = 422): void {
  if (faults.length === 0) return;
  throw new ProblemError({
    status,
    code: 'invalid-request',
    title: 'The request cannot be carried out as it is',
    detail: faults.map((fault) => `${fault.path || 'the body'} ${fault.message}`).join('; '),
    errors: faults,
  });
}

/** An absent body is an empty one. */
export function bodyOf(request: Request): Record<string, unknown> {
  const body: unknown = request.body ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    refuse([{ path: '', message: 'must be a JSON object' }]);
  return body as Record<string, unknown>;
}

/** A time that has been, as epoch ms. */
export function sinceOf(value: unknown, path: string, now: number): number {
  const at = typeof value === 'string' ? parseIsoTime(value) : null;
  if (at === null || at > now)
    refuse([{ path, message: 'must be a time in the past, such as 2026-01-31T08:00:00.000Z' }]);
  return at!;
}

export function pageOf(request: Request): { limit: number; cursor: string | undefined } {
  const { limit, cursor } = request.query;
  const number = limit === undefined || limit === '' ? PAGE_DEFAULT : Number(limit);
  if (!Number.isInteger(number) || number < 1 || number > PAGE_MAX)
    refuse([{ path: 'limit', message: `must be a whole number from 1 to ${PAGE_MAX}` }], 400);
  return { limit: number, cursor: typeof cursor === 'string' && cursor !== '' ? cursor : undefined };
}

/** One page of a list that is in memory, newest first; the cursor names a place in it, so that what is removed between two pages loses none. */
export function pageByAge<T extends { id: string; createdAt: number }>(
  request: Request,
  all: readonly T[],
): { items: T[]; next: string | null } {
  const { limit, cursor } = pageOf(request);
  const ordered = [...all].sort((a, b) => compare([a.createdAt, a.id], [b.createdAt, b.id]));
  const after = cursor === undefined ? null : placeOf(cursor);
  const rest = after ? ordered.filter((one) => compare([one.createdAt, one.id], after) > 0) : ordered;
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rest.length > limit && last ? cursorOf([last.createdAt, last.id]) : null };
}

export type Place = readonly [createdAt: number, id: string];

const compare = (a: Place, b: Place): number => b[0] - a[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0);
export const cursorOf = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** Throws a 400 on what no list gave out. */
export function placeOf(cursor: string): Place {
  try {
    const [createdAt, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof createdAt === 'number' && typeof id === 'string') return [createdAt, id];
  } catch {
    // Said below.
  }
  refuse([{ path: 'cursor', message: 'must be one that this list gave out' }], 400);
  throw new Error('refused');
}

/** Throws a 404 also for another workspace's. */
export function endpointOf(ports: Pick<Ports, 'control'>, workspace: string, request: Request): Endpoint {
  const endpoint = ports.control.endpoint(workspace, String(request.params['id']));
  if (!endpoint) throw notFound('endpoint');
  return endpoint;
}
