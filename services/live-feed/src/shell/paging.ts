/** Reading `limit`, `cursor` and filters from a query; the shape of a list's answer. */
import type { Request } from 'express';
import { ProblemError } from '@cairn/service-kit/problem.ts';
import type { ListPlace } from './merge-ranges.ts';

const LIMIT = 50;
/** API.md section 4. */
export const LIMIT_MAX = 500;
const VALUES_MAX = 50;

/** Throws a 400 problem on what is no page. */
export function readPage(
  request: Request,
  options: { cursor: boolean } = { cursor: true },
): { limit: number; from: ListPlace | null } {
  const text = textOf(request, 'limit');
  const limit = text === null ? LIMIT : Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw badRequest(`limit must be a whole number from 1 to ${LIMIT_MAX}`);
  const cursor = options.cursor ? textOf(request, 'cursor') : null;
  return { limit, from: cursor === null ? null : decodeListPlace(cursor) };
}

export function listAnswer<T>(
  items: readonly T[],
  next: ListPlace | null,
): { items: readonly T[]; next: string | null } {
  return { items, next: next && Buffer.from(JSON.stringify([next.order, next.id])).toString('base64url') };
}

/** One value of a query; null when it is absent or empty. Throws a 400 problem when it is given twice. */
export function textOf(request: Request, name: string): string | null {
  const value = request.query[name];
  if (value === undefined || value === '') return null;
  if (typeof value !== 'string') throw badRequest(`${name} may be given once`);
  return value;
}

/** Alternatives, separated by commas; null: any. */
export function readTexts(request: Request, name: string, allowed?: readonly string[]): readonly string[] | null {
  const text = textOf(request, name);
  if (text === null) return null;
  const values = text.split(',').slice(0, VALUES_MAX);
  if (allowed && !values.every((value) => allowed.includes(value)))
    throw badRequest(`${name} must be of ${allowed.join(', ')}`);
  return values;
}

export const badRequest = (detail: string): ProblemError =>
  new ProblemError({ status: 400, code: 'bad-request', title: 'The request cannot be read', detail });

function decodeListPlace(cursor: string): ListPlace {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parsed)) {
      const [order, id, ...rest] = parsed as unknown[];
      if (
        typeof order === 'number' &&
        Number.isFinite(order) &&
        typeof id === 'string' &&
        id.length <= 200 &&
        !rest.length
      )
        return { order, id };
    }
  } catch {
    // Falls through to the one answer for every cursor that is none.
  }
  throw badRequest('cursor must be one that this list gave out');
}
