/**
 * Which journeys a board, or a list of journeys, shows. Reads a filter from a client's JSON or query and says whether a card
 * passes it. Must never throw on what a client sent: a bad filter is null.
 */
import type { Journey, JourneyHead } from '@cairn/contracts/generated/journey.ts';

/** What a journey is filtered and listed by; small, so that a list need not parse whole journeys. */
export interface JourneyCard {
  definition: string;
  stage: string;
  /** Epoch ms. */
  stageSince: number;
  status: Journey['status'];
  owner: string | null;
  /** Names, domain and e-mails, lower case, cut. */
  text: string;
  engagement: number;
  fit: number;
  halfLifeMs: number | null;
  /** Epoch ms: when `engagement` was right. */
  updatedAt: number;
}

/** null: any. Lists are alternatives. */
export interface BoardFilter {
  stage: readonly string[] | null;
  status: readonly Journey['status'][] | null;
  owner: readonly string[] | null;
  definition: readonly string[] | null;
  minScore: number | null;
  /** Lower case; every word must occur. */
  text: readonly string[] | null;
}

export const NO_FILTER: BoardFilter = {
  stage: null,
  status: null,
  owner: null,
  definition: null,
  minScore: null,
  text: null,
};

const STATUSES: readonly string[] = ['active', 'stalled', 'won', 'lost', 'absorbed'] satisfies Journey['status'][];
const VALUES_MAX = 50;
const VALUE_LENGTH_MAX = 200;
const NAMES: ReadonlySet<string> = new Set(['stage', 'status', 'owner', 'definition', 'minScore', 'text', 'stalled']);

export function cardOf(head: JourneyHead): JourneyCard {
  const { definition, stage, stageSince, status, owner, text, engagement, fit, halfLifeMs, updatedAt } = head;
  return { definition, stage, stageSince, status, owner, text, engagement, fit, halfLifeMs, updatedAt };
}

/** Absorbed journeys are shown only to who asks for them. */
export function passes(filter: BoardFilter, card: JourneyCard, now: number): boolean {
  if (filter.status ? !filter.status.includes(card.status) : card.status === 'absorbed') return false;
  if (filter.stage && !filter.stage.includes(card.stage)) return false;
  if (filter.definition && !filter.definition.includes(card.definition)) return false;
  if (filter.owner && !filter.owner.includes(card.owner ?? '')) return false;
  if (filter.text && !filter.text.every((word) => card.text.includes(word))) return false;
  return filter.minScore === null || totalAt(card, now) >= filter.minScore;
}

/** The score at `now`: engagement halves every half-life, fit stays. */
export function totalAt(
  card: Pick<JourneyCard, 'engagement' | 'fit' | 'halfLifeMs' | 'updatedAt'>,
  now: number,
): number {
  return card.engagement * decay(card.halfLifeMs, now - card.updatedAt) + card.fit;
}

export function decay(halfLifeMs: number | null, elapsedMs: number): number {
  return halfLifeMs === null || halfLifeMs <= 0 || elapsedMs <= 0 ? 1 : 2 ** (-elapsedMs / halfLifeMs);
}

/**
 * `{ stage, status, owner, definition, minScore, text, stalled }`; each of the first four a text or a list of texts (or, in a
 * query, texts separated by commas). null: it is no filter.
 */
export function parseFilter(raw: unknown): BoardFilter | null {
  if (raw === null || raw === undefined) return NO_FILTER;
  if (typeof raw !== 'object' || Array.isArray(raw)) return null;
  const given = raw as Record<string, unknown>;
  if (Object.keys(given).some((name) => !NAMES.has(name))) return null;
  const stage = texts(given.stage);
  const owner = texts(given.owner);
  const definition = texts(given.definition);
  let status = texts(given.status);
  const minScore = number(given.minScore);
  const text = words(given.text);
  const stalled = given.stalled ?? null;
  if (!stage || !owner || !definition || !status || !text || minScore === undefined) return null;
  if (stalled !== null && typeof stalled !== 'boolean' && stalled !== 'true' && stalled !== 'false') return null;
  if (status.some((one) => !STATUSES.includes(one))) return null;
  if (String(stalled) === 'true') status = [...status, 'stalled'];
  return {
    stage: orNull(stage),
    owner: orNull(owner),
    definition: orNull(definition),
    status: orNull(status as Journey['status'][]),
    minScore,
    text: orNull(text),
  };
}

/** One text for filters that mean the same, so that their frames are encoded once. */
export function filterKey(filter: BoardFilter): string {
  return JSON.stringify([filter.stage, filter.status, filter.owner, filter.definition, filter.minScore, filter.text]);
}

function texts(value: unknown): string[] | null {
  if (value === undefined || value === null || value === '') return [];
  const list: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [null];
  if (list.length > VALUES_MAX || !list.every((one) => typeof one === 'string' && one.length <= VALUE_LENGTH_MAX))
    return null;
  return list as string[];
}

function number(value: unknown): number | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  const parsed = typeof value === 'string' ? Number(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined;
}

function words(value: unknown): string[] | null {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'string' || value.length > VALUE_LENGTH_MAX) return null;
  return value.toLowerCase().split(/\s+/).filter(Boolean);
}

const orNull = <T>(list: T[]): T[] | null => (list.length ? list : null);
