/** Every query on known data: random journeys, and the same figures worked out the long way round by `testkit/plain-figures.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { journeyId } from '@cairn/contracts/ids.ts';
import { openClickhouseHistory, type HistoryTarget } from '../history.clickhouse.ts';
import type { History } from '../history.ts';
import {
  plainAttribution,
  plainFunnel,
  plainJourneys,
  plainMap,
  plainPaths,
  type PlainJourney,
  type Row,
} from '../testkit/plain-figures.ts';
import { factsOf, putFacts } from '../testkit/journey-rows.ts';
import { attribution } from './attribution.ts';
import { cellJourneys } from './cell-journeys.ts';
import { funnel } from './funnel.ts';
import { journeyMap } from './journey-map.ts';
import type { Scope } from './journeys-scope.ts';
import { metrics } from './metrics.ts';
import { paths } from './paths.ts';

const START = Date.UTC(2026, 2, 2);
const HOUR = 3_600_000;
const RULES = {
  stages: ['one', 'two', 'three'],
  enters: { Begin: 'one', Ask: 'two', Offer: 'three' },
  won: ['Sign'],
  lost: ['Refuse'],
};
const EVENTS = ['View', 'View', 'Mail', 'Begin', 'Ask', 'Offer', 'Sign', 'Refuse'];
const CHANNELS = ['', 'web', 'email', 'ads'];

const server = process.env.CAIRN_TEST_CLICKHOUSE_URL;

function randomRows(seed: number, journeys: number): Row[] {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  return Array.from({ length: journeys }, (_, n): Row[] => {
    let at = START + Math.floor(random() * 400) * HOUR;
    return Array.from({ length: 1 + Math.floor(random() * 12) }, (): Row => {
      at += random() < 0.15 ? 0 : Math.floor(random() * 50) * HOUR;
      const direction = random() < 0.3 ? 'outbound' : 'inbound';
      return { journey: `j${n}`, at, event: pick(EVENTS), channel: pick(CHANNELS), direction };
    });
  }).flat();
}

/** Once it has ended, a journey of this test stays so: what comes after is a touch. */
function ended(rows: readonly Row[]): Row[] {
  const over = new Set<string>();
  return rows.map((row) => {
    const isEnd = row.event === 'Sign' || row.event === 'Refuse';
    if (isEnd && over.has(row.journey)) return { ...row, event: 'View' };
    if (isEnd) over.add(row.journey);
    return row;
  });
}

describe(`queries over journeys on ${server ? 'a ClickHouse server' : 'chDB'}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-queries-'));
  const target: HistoryTarget = server ? { url: server } : { chdbPath: join(folder, 'chdb') };
  let history: History;
  let journeys: PlainJourney[];
  const scope: Scope = { workspace: 'q', definition: 'd', stages: RULES.stages, from: null, to: null, segment: null };
  beforeAll(async () => {
    history = await openClickhouseHistory(target);
    journeys = plainJourneys(ended(randomRows(3, 300)), RULES);
    await putFacts(
      history,
      'journeys',
      journeys.flatMap((journey) => factsOf(scope, journey)),
      'known',
    );
    // Another tenant, and another definition: nothing of theirs may show.
    for (const [i, place] of [
      { workspace: 'other', definition: 'd' },
      { workspace: 'q', definition: 'e' },
    ].entries())
      await putFacts(
        history,
        'journeys',
        journeys.slice(0, 50).flatMap((journey) => factsOf(place, journey)),
        `other${i}`,
      );
  });
  afterAll(async () => {
    await history.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the map has the volumes, journeys, shares and times of every cell', async () => {
    const map = await journeyMap(history, scope, { by: 'event', limit: 50 });
    expect(map.sample).toBe(1);
    const found = Object.fromEntries(map.cells.map((cell) => [`${cell.stage} / ${cell.touchpoint}`, cell]));
    const known = plainMap(journeys, RULES);
    expect(Object.keys(found).sort()).toEqual([...known.keys()].sort());
    for (const [key, cell] of known) expect(found[key], key).toMatchObject(cell);
    expect(map.totals).toEqual({ touches: journeys.flatMap(({ touches }) => touches).length, journeys: 300 });
  });

  it('touchpoints beyond the limit are one, and no touch is lost by it', async () => {
    const map = await journeyMap(history, scope, { by: 'event', limit: 3 });
    expect(map.touchpoints.map(({ name }) => name)).toEqual([
      'View',
      ...map.touchpoints.slice(1, 3).map(({ name }) => name),
      '(other)',
    ]);
    expect(map.cells.reduce((sum, { volume }) => sum + volume, 0)).toBe(map.totals.touches);
    const own = new Set(map.touchpoints.slice(0, 3).map(({ name }) => name));
    const known = journeys.filter(({ touches }) =>
      touches.some(({ stage, event }) => stage === 'one' && !own.has(event)),
    ).length;
    // Counted once, whatever of the rest they had; also where shares come from a sample.
    for (const exactTouches of [Infinity, map.totals.touches / 2]) {
      const { cells } = await journeyMap(history, scope, { by: 'event', limit: 3, exactTouches });
      expect(cells.find(({ stage, touchpoint }) => stage === 'one' && touchpoint === '(other)')!.journeys).toBe(known);
    }
  });

  it('counts the same with a set for each cell, where bits for each would be too many', async () => {
    const named = Array.from({ length: 600 }, (_, n): Row[] =>
      [`Screen ${n}`, `Screen ${n + 1}`, 'Ask', `Screen ${n}`, `Screen ${n + 1}`, 'View'].map((event, i) => ({
        journey: `n${n}`,
        at: START + i * HOUR,
        event,
        channel: 'web',
        direction: 'inbound',
      })),
    ).flat();
    const place = { workspace: 'names', definition: 'd' };
    const many = plainJourneys(named, RULES);
    await putFacts(
      history,
      'journeys',
      many.flatMap((journey) => factsOf(place, journey)),
      'names',
    );
    const counts = async (limit: number): Promise<unknown[]> =>
      (await journeyMap(history, { ...scope, ...place }, { by: 'event', limit })).cells.map(
        ({ stage, touchpoint, volume, journeys: n }) => [stage, touchpoint, volume, n].join(),
      );
    const known = [...plainMap(many, RULES)].map(([key, { volume, journeys: n }]) => [...key.split(' / '), volume, n]);
    const found = await counts(1_000);
    expect(found.length).toBeGreaterThan(1_024);
    expect(found.sort()).toEqual(known.map((cell) => cell.join()).sort());
    const other = (await counts(1)).find((cell) => String(cell).startsWith('two,(other)'));
    expect(other).toBe('two,(other),1800,600');
  });

  it('over many touches, shares come from a sample of journeys that the answer owns up to; volumes and journeys stay whole', async () => {
    const whole = await journeyMap(history, scope, { by: 'event', limit: 50 });
    const sampled = await journeyMap(history, scope, {
      by: 'event',
      limit: 50,
      exactTouches: whole.totals.touches / 2,
    });
    expect(sampled.sample).toBe(0.5);
    const counts = (map: typeof whole): unknown =>
      map.cells.map(({ stage, touchpoint, volume, journeys: n }) => [stage, touchpoint, volume, n].join()).sort();
    expect(counts(sampled)).toEqual(counts(whole));
    const shareOf = (map: typeof whole): number =>
      map.cells.find(({ stage, touchpoint }) => stage === 'one' && touchpoint === 'View')!.onwardShare;
    expect(shareOf(sampled)).not.toBe(shareOf(whole));
    expect(Math.abs(shareOf(sampled) - shareOf(whole))).toBeLessThan(0.15);
  });

  it('the funnel has the journeys and times of every stage', async () => {
    const found = await funnel(history, scope);
    for (const [i, step] of plainFunnel(journeys, RULES).entries())
      expect(found.steps[i], step.stage).toMatchObject(step);
    expect(found).toMatchObject({ journeys: 300, won: journeys.filter(({ status }) => status === 'won').length });
    const moved = found.moves.find(({ from, to }) => from === 'one' && to === 'two')!.journeys;
    expect(moved).toBe(
      journeys.filter(({ visits }) =>
        visits.some((visit, n) => visit.stage === 'one' && visits[n + 1]?.stage === 'two'),
      ).length,
    );
  });

  it.each(['event', 'stage'] as const)(
    'paths by %s are those that journeys went, the rest is one figure',
    async (by) => {
      const found = await paths(history, scope, { by, steps: 4, top: 10 });
      const known = plainPaths(journeys, by, 4);
      for (const { steps, goesOn, end, journeys: count } of found.top)
        expect(known.get(`${steps.join(' > ')}${goesOn ? ' …' : ''} = ${end}`), steps.join()).toBe(count);
      expect(found.top.reduce((sum, way) => sum + way.journeys, 0) + found.other.journeys).toBe(300);
      expect(found.other.paths).toBe(known.size - found.top.length);
      const begun = found.nodes.filter(({ place }) => place === 0).reduce((sum, node) => sum + node.journeys, 0);
      expect(begun).toBe(300);
      for (const { source, target: to } of found.links) expect(source).not.toBe(to);
    },
  );

  it('attribution credits the channels before the outcome', async () => {
    const found = await attribution(history, scope);
    const known = plainAttribution(journeys);
    expect(found.conversions).toBe(known.conversions);
    for (const [model, credits] of Object.entries(known.models))
      for (const [channel, credit] of Object.entries(credits))
        expect(found.models[model as 'first'][channel], `${model} ${channel}`).toBeCloseTo(credit, 8);
    expect(found.journeys).toBe(journeys.filter(({ status }) => status !== 'active').length);
  });

  it('a range cuts touches of the map and beginnings of the funnel, its end excluded', async () => {
    const from = START + 100 * HOUR;
    const to = START + 300 * HOUR;
    const map = await journeyMap(history, { ...scope, from, to }, { by: 'event', limit: 50 });
    const inside = journeys.flatMap(({ touches }) => touches).filter(({ at }) => at >= from && at < to);
    expect(map.totals.touches).toBe(inside.length);
    const begun = journeys.filter(({ visits }) => visits[0]!.at >= from && visits[0]!.at < to);
    expect(await funnel(history, { ...scope, from, to })).toMatchObject({ journeys: begun.length });
  });

  it('a segment leaves the journeys that are of it', async () => {
    const won = journeys.filter(({ status }) => status === 'won');
    const segment = { name: 'status' as const, values: ['won'] };
    const map = await journeyMap(history, { ...scope, segment }, { by: 'event', limit: 50 });
    expect(map.totals.touches).toBe(won.flatMap(({ touches }) => touches).length);
    expect(await funnel(history, { ...scope, segment })).toMatchObject({ journeys: won.length, won: won.length });
    const none = { name: 'trait.industry' as const, values: [`'; DROP TABLE x; --`] };
    expect(await funnel(history, { ...scope, segment: none })).toMatchObject({ journeys: 0 });
  });

  it('the journeys behind a cell are those that were in it', async () => {
    const found = await cellJourneys(history, scope, { by: 'event', stage: 'two', touchpoint: 'Mail', limit: 500 });
    const known = journeys.filter(({ touches }) =>
      touches.some(({ stage, event }) => stage === 'two' && event === 'Mail'),
    );
    expect(found.map(({ id }) => id).sort()).toEqual(known.map(({ id }) => journeyId('q', 'd', id)).sort());
  });

  it('what came late, was absorbed or was moved counts where it belongs now, in the stage of its time', async () => {
    const place = { workspace: 'late', definition: 'd' };
    const row = (journey: string, hours: number, event: string): Row => ({
      journey,
      at: START + hours * HOUR,
      event,
      channel: 'web',
      direction: 'inbound',
    });
    const [main, visitor, stranger] = plainJourneys(
      [
        row('main', 1, 'View'),
        row('main', 10, 'Mail'),
        row('visitor', 0, 'View'),
        row('stranger', 6, 'Demo'),
        row('stranger', 7, 'View'),
      ],
      RULES,
    ) as [PlainJourney, PlainJourney, PlainJourney];
    const id = (name: string): string => journeyId('late', 'd', name);
    const visits = (from: number) => [
      { stage: 'one', enteredAt: iso(from), leftAt: iso(5), touchpointId: null },
      { stage: 'two', enteredAt: iso(5), leftAt: null, touchpointId: 'tp_late' },
    ];
    const now = { seq: 3, stage: 'two', stageSince: iso(5) };
    const late = factsOf(place, main, { ...now, stages: visits(1) })[1]!;
    const merged = factsOf(place, main, { ...now, seq: 4, stages: visits(0) })[1]!;
    const gone = factsOf(place, visitor, { seq: 2, status: 'absorbed', absorbedInto: id('main') })[0]!;
    await putFacts(
      history,
      'journeys',
      [
        ...[main, visitor, stranger].flatMap((journey) => factsOf(place, journey)),
        {
          ...late,
          events: ['stage_changed'],
          touchpoint: { ...late.touchpoint!, id: 'tp_late', event: 'Ask', timestamp: iso(5) },
        },
        { ...gone, touchpoint: null, events: ['absorbed'] },
        { ...merged, touchpoint: null },
      ],
      'late',
    );
    const move = { workspace: 'late', touchpoint_id: `tp_${id('stranger')}_0`, subject_id: 'sub_main', version: 1 };
    await history.insert('touchpoint_moves', [move], 'late');
    const map = await journeyMap(history, { ...scope, ...place }, { by: 'event', limit: 50 });
    expect(
      map.cells.map(({ stage, touchpoint, volume, journeys: n }) => [stage, touchpoint, volume, n]).sort(),
    ).toEqual([
      ['one', 'View', 3, 2],
      ['two', 'Ask', 1, 1],
      ['two', 'Demo', 1, 1],
      ['two', 'Mail', 1, 1],
    ]);
    expect(map.cells.find(({ touchpoint }) => touchpoint === 'Ask')!.waitMs).toBe(4 * HOUR);
    expect((await funnel(history, { ...scope, ...place })).steps.map(({ entered }) => entered)).toEqual([2, 1, 0]);
  });

  it('a touch that was moved goes along when whom it was moved to is handed over later, and stays where they had left before', async () => {
    const place = { workspace: 'onward', definition: 'd' };
    const row = (journey: string, event: string): Row => ({
      journey,
      at: START,
      event,
      channel: 'web',
      direction: 'inbound',
    });
    const all = plainJourneys(
      [row('stranger', 'Demo'), row('stranger', 'View'), row('account', 'Mail'), row('other', 'Call')],
      RULES,
    );
    await putFacts(
      history,
      'journeys',
      all.flatMap((journey) => factsOf(place, journey)),
      'onward',
    );
    const workspace = place.workspace;
    const of = `tp_${journeyId(workspace, 'd', 'stranger')}`;
    const ms = 1_000_000;
    await history.insert(
      'touchpoint_moves',
      [
        { workspace, touchpoint_id: `${of}_0`, subject_id: 'sub_person', version: 20 * ms },
        { workspace, touchpoint_id: `${of}_1`, subject_id: 'sub_other', version: 20 * ms },
      ],
      'onward',
    );
    const handOver = (subject: string, into: string, at: number) => ({
      workspace,
      subject_id: subject,
      into_id: into,
      version: at * ms,
      at: START,
      log_partition: 0,
      log_offset: String(at),
    });
    await history.insert(
      'subject_hand_overs',
      [
        handOver('sub_person', 'sub_nobody', 10),
        handOver('sub_person', 'sub_known', 30),
        handOver('sub_known', 'sub_nobody', 25),
        handOver('sub_known', 'sub_account', 40),
        handOver('sub_other', 'sub_account', 10),
      ],
      'onward',
    );
    const map = await journeyMap(history, { ...scope, ...place }, { by: 'event', limit: 50 });
    expect(map.totals.touches).toBe(4);
    const found = async (touchpoint: string) =>
      (await cellJourneys(history, { ...scope, ...place }, { stage: 'one', touchpoint, by: 'event', limit: 5 })).map(
        ({ id }) => id,
      );
    expect(await found('Demo')).toEqual([journeyId(workspace, 'd', 'account')]);
    expect(await found('View')).toEqual([journeyId(workspace, 'd', 'other')]);
  });

  it('the standard metrics say what their definitions say', async () => {
    const answers = [
      { nps: 10, csat: 5 },
      { nps: 9, CSAT: '4' },
      { nps: 0, csat: 1, ces: 7 },
      { nps: 11, csat: 0, ces: 'often', sentiment: 'negative' },
      { revenue: 100 },
      { total: 50 },
    ];
    await putFacts(
      history,
      'journey-inbox',
      answers.map((properties, i) => stitched(`sub_j${i % 2}`, i, properties)),
      'answers',
    );
    const { values, weeks } = await metrics(history, scope, START + 10_000 * HOUR);
    const won = journeys.filter(({ status }) => status === 'won').length;
    const over = journeys.filter(({ status }) => status !== 'active').length;
    expect(values.acquisition.value).toBe(300);
    expect(values.conversion).toEqual({ value: won / over, of: over });
    const own = journeys.map(({ touches }) => touches.filter(({ direction }) => direction === 'inbound').length);
    expect(values.engagement.value).toBeCloseTo(own.reduce((a, b) => a + b) / own.filter((n) => n > 0).length, 8);
    expect(values.bounce.value).toBeCloseTo(own.filter((n) => n === 1).length / own.filter((n) => n > 0).length, 8);
    expect(values.nps).toEqual({ value: (100 * (2 - 1)) / 3, of: 3 });
    expect(values.csat.value).toBeCloseTo(2 / 3, 8);
    expect(values.ces).toEqual({ value: 7, of: 1 });
    expect(values.clv).toEqual({ value: 75, of: 2 });
    expect(weeks.reduce((sum, week) => sum + week.began, 0)).toBe(300);
    const map = await journeyMap(history, scope, { by: 'event', limit: 50 });
    const felt = map.stages.filter(({ sentiment }) => sentiment !== null);
    expect(felt.reduce((sum, { sentiment }) => sum + sentiment!.answers, 0)).toBe(8);
  });
});

const iso = (hours: number): string => new Date(START + hours * HOUR).toISOString();

function stitched(subjectId: string, number: number, properties: Record<string, unknown>): unknown {
  const event = 'total' in properties ? 'Order Completed' : 'Survey Answered';
  return {
    type: 'touchpoint.stitched',
    workspace: 'q',
    subject: { unit: 'account', id: subjectId },
    person: null,
    account: null,
    stitchKey: '',
    touchpoint: {
      id: `v${number}`,
      messageId: `v${number}`,
      kind: 'track',
      event,
      timestamp: START + 900 * HOUR,
      receivedAt: 1,
      properties,
      traits: {},
      context: {},
    },
  };
}
