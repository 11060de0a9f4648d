/**
 * The loan funnel's figures by an independent script: the CSV read as lines, the definition's rules in plain words, and loops
 * (`plain-figures.ts`). Compared with what the product answers once it has read on.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import {
  PLAIN_MODELS,
  plainAttribution,
  plainFunnel,
  plainJourneys,
  plainMap,
  plainPaths,
  type PlainJourney,
  type Row,
} from '@cairn/history/testkit/plain-figures.ts';
import { parseDuration } from '../services/live-feed/dashboard/src/format.ts';

type Ask = (path: string) => Promise<{ status: number; body: unknown }>;

const RULES = {
  stages: ['application', 'pre-accepted', 'offer', 'reply'],
  enters: { A_PREACCEPTED: 'pre-accepted', O_SENT: 'offer', O_SENT_BACK: 'reply' },
  won: ['A_ACTIVATED'],
  lost: ['A_DECLINED', 'A_CANCELLED'],
};

/** Columns: case_id, ts_utc, activity, lifecycle, resource, amount; none is quoted. */
function rowsOf(file: string): Row[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split(/\r?\n/);
  return lines.slice(1).map((line) => {
    const [journey, at, activity, lifecycle] = line.split(',') as [string, string, string, string];
    const event = lifecycle === 'C' || lifecycle === '' ? activity : `${activity} ${lifecycle}`;
    const direction = activity.startsWith('W_') ? 'outbound' : 'inbound';
    return { journey, at: Date.parse(at), event, channel: activity.slice(0, 1), direction };
  });
}

export async function compareLoanFigures(file: string, ask: Ask): Promise<void> {
  const journeys = plainJourneys(rowsOf(file), RULES);
  await compareMap(journeys, ask);
  await compareFunnel(journeys, ask);
  await comparePaths(journeys, ask);
  await compareAttribution(journeys, ask);
}

async function get<T>(ask: Ask, path: string): Promise<T> {
  const { status, body } = await ask(path);
  expect(status, path).toBe(200);
  return body as T;
}

interface Cell {
  stage: string;
  touchpoint: string;
  volume: number;
  journeys: number;
  onwardShare: number;
  repeatShare: number;
  dropOffShare: number;
  medianWait: string | null;
  medianTimeInStage: string | null;
}

async function compareMap(journeys: readonly PlainJourney[], ask: Ask): Promise<void> {
  const map = await get<{ cells: Cell[]; sample: number; totals: { touches: number } }>(
    ask,
    '/api/map?definition=loan-funnel&limit=200',
  );
  const known = plainMap(journeys, RULES);
  expect(map.sample).toBe(1);
  expect(map.cells.map(({ stage, touchpoint }) => `${stage} / ${touchpoint}`).sort()).toEqual([...known.keys()].sort());
  for (const cell of map.cells) {
    const key = `${cell.stage} / ${cell.touchpoint}`;
    const plain = known.get(key)!;
    expect([key, cell.volume, cell.journeys]).toEqual([key, plain.volume, plain.journeys]);
    expect(cell.onwardShare, key).toBeCloseTo(plain.onwardShare, 10);
    expect(cell.repeatShare, key).toBeCloseTo(plain.repeatShare, 10);
    expect(cell.dropOffShare, key).toBeCloseTo(plain.dropOffShare, 10);
    sameTime(cell.medianWait, plain.waitMs, key);
    sameTime(cell.medianTimeInStage, plain.timeInStageMs, key);
  }
}

interface Step {
  stage: string;
  reached: number;
  entered: number;
  onward: number;
  wonIn: number;
  lostIn: number;
  here: number;
  medianTime: string | null;
  medianFromStart: string | null;
}

async function compareFunnel(journeys: readonly PlainJourney[], ask: Ask): Promise<void> {
  const funnel = await get<{ journeys: number; won: number; lost: number; steps: Step[] }>(
    ask,
    '/api/funnel?definition=loan-funnel',
  );
  const count = (status: string): number => journeys.filter((journey) => journey.status === status).length;
  expect(funnel).toMatchObject({ journeys: journeys.length, won: count('won'), lost: count('lost') });
  plainFunnel(journeys, RULES).forEach(({ medianTimeMs, medianFromStartMs, ...counts }, i) => {
    const step = funnel.steps[i]!;
    expect(step).toMatchObject(counts);
    sameTime(step.medianTime, medianTimeMs, step.stage);
    sameTime(step.medianFromStart, medianFromStartMs, step.stage);
  });
}

async function comparePaths(journeys: readonly PlainJourney[], ask: Ask): Promise<void> {
  for (const by of ['event', 'stage'] as const) {
    const found = await get<{
      journeys: number;
      top: { steps: string[]; goesOn: boolean; end: string; journeys: number }[];
      other: { paths: number; journeys: number };
    }>(ask, `/api/paths?definition=loan-funnel&by=${by}&steps=6&top=50`);
    const known = plainPaths(journeys, by, 6);
    const wayOf = (way: (typeof found.top)[number]): string =>
      `${way.steps.join(' > ')}${way.goesOn ? ' …' : ''} = ${way.end}`;
    for (const way of found.top) expect([wayOf(way), way.journeys]).toEqual([wayOf(way), known.get(wayOf(way))]);
    const most = [...known.values()].sort((a, b) => b - a).slice(0, found.top.length);
    expect(found.top.map((way) => way.journeys)).toEqual(most);
    expect(found.other.paths).toBe(known.size - found.top.length);
    expect(found.journeys).toBe(journeys.length);
  }
}

interface Attributed {
  conversions: number;
  models: Record<string, Record<string, number>>;
}

async function compareAttribution(journeys: readonly PlainJourney[], ask: Ask): Promise<void> {
  const found = await get<Attributed & { unattributed: number; journeys: number }>(
    ask,
    '/api/attribution?definition=loan-funnel',
  );
  const { conversions } = plainAttribution(journeys);
  expect(found).toMatchObject({
    unattributed: journeys.filter(({ status }) => status === 'won').length - conversions,
    journeys: journeys.filter(({ status }) => status !== 'active').length,
  });
  sameCredits(found, journeys);
}

/** `attribution.json` of a replay. */
export function compareReplayedAttribution(file: string, found: Attributed): void {
  sameCredits(found, plainJourneys(rowsOf(file), RULES));
}

function sameCredits(found: Attributed, journeys: readonly PlainJourney[]): void {
  const { conversions, models } = plainAttribution(journeys);
  expect(conversions).toBeGreaterThan(0);
  expect(found.conversions).toBe(conversions);
  expect(Object.keys(found.models).sort()).toEqual([...PLAIN_MODELS].sort());
  for (const [model, credits] of Object.entries(models)) {
    expect(Object.keys(found.models[model]!).sort(), model).toEqual(Object.keys(credits).sort());
    for (const [channel, credit] of Object.entries(credits))
      expect(found.models[model]![channel], `${model} ${channel}`).toBeCloseTo(credit, 6);
  }
}

/** Answers are in whole milliseconds. */
function sameTime(iso: string | null, ms: number | null, of: string): void {
  if (ms === null) return expect(iso, of).toBeNull();
  expect(Math.abs((parseDuration(iso) ?? NaN) - ms), `${of}: ${iso} is ${ms} ms`).toBeLessThanOrEqual(1);
}
