import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { History, HistoryTable } from '@cairn/history/history.ts';
import { clickhouseSubjects } from '@cairn/history/identities/subject-history.clickhouse.ts';
import { funnel } from '@cairn/history/queries/funnel.ts';
import { journeyMap } from '@cairn/history/queries/journey-map.ts';
import type { Scope } from '@cairn/history/queries/journeys-scope.ts';
import { paths } from '@cairn/history/queries/paths.ts';
import { timeline } from '@cairn/history/queries/timeline.ts';
import { ERASED, type PlainGraph } from './plain-graph.ts';

/**
 * Holds what ClickHouse answers against who the oracle says everybody is, and against the journeys that were told: each touchpoint once and
 * its owner's, on the timeline of the journey that counts it; journeys and touches in funnel, map and paths; nothing of the erased.
 */
export interface Told {
  graph: PlainGraph;
  /** The last record of each living journey. One definition without outcomes: a subject has one. */
  journeys: readonly JourneyChanged['journey'][];
  /** Events by touchpoint id: what the map counts; those without are no touches. */
  events: ReadonlyMap<string, string>;
}

const PAGE = 7;

export async function compareHistory(
  history: History,
  { graph, journeys, events }: Told,
  scope: Scope,
): Promise<string[]> {
  const { workspace } = graph;
  const faults: string[] = [];
  const same = (what: string, found: unknown, wanted: unknown): void => {
    const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (one !== other) faults.push(`${what}: ${one}, should be ${other}`);
  };
  const ownerOf = new Map(graph.touchpoints.map(({ id, person }) => [id, person]));

  // Each touchpoint is on one subject's timeline, under its owner. Asked of everybody there ever was: who is gone has none.
  const subjects = clickhouseSubjects(history);
  const seen = new Map<string, string>();
  const bySubject = new Map(journeys.map((journey) => [journey.subject.id, journey]));
  for (const subject of await subjectsOf(history, graph, bySubject.keys())) {
    const items = await wholeTimeline(history, workspace, subject);
    for (const { id, personId } of items) {
      if (seen.has(id)) faults.push(`${id} is on ${seen.get(id)} and on ${subject}`);
      seen.set(id, subject);
      if (!ownerOf.has(id)) faults.push(`${id} is on ${subject}, and who made it was erased`);
      else if (ownerOf.get(id) !== null) same(`owner of ${id}`, personId, ownerOf.get(id));
    }
    const journey = bySubject.get(subject);
    // Who is gone is derived anew no more: half of the queries.
    if (journey) {
      const past = await subjects.page(workspace, subject, {
        fence: { partition: 99, offset: '0' },
        after: null,
        limit: 10_000,
      });
      same(
        `touchpoints of ${subject} to derive anew`,
        past.touchpoints.map(({ touchpoint, personId }) => `${touchpoint.id} ${personId}`).sort(),
        items.map(({ id, personId }) => `${id} ${personId}`).sort(),
      );
    }
    same(`touchpoints of ${subject}`, items.length, journey?.touchpoints ?? 0);
    if (journey)
      same(
        `people of ${subject}`,
        [...new Set(items.flatMap(({ personId }) => (personId === null ? [] : [personId])))].sort(),
        journey.people.map(({ id }) => id).sort(),
      );
  }
  for (const id of ownerOf.keys()) if (!seen.has(id)) faults.push(`${id} is on nobody's timeline`);

  // How many touchpoints an erasure would take: asked as the command does, with everyone ever absorbed.
  for (const person of graph.people)
    if (person.gone === null)
      same(
        `number of touchpoints of ${person.id}`,
        await subjects.count(workspace, [person.id, ...person.mergedFrom]),
        graph.touchpoints.filter((one) => one.person === person.id).length,
      );

  faults.push(...(await compareFigures(history, { graph, journeys, events }, scope)));
  faults.push(...(await erasedIn(history, graph)));
  return faults;
}

/** Funnel, map and paths are of the journeys that live, and of the touchpoints that are left, each once. */
async function compareFigures(history: History, { graph, journeys, events }: Told, scope: Scope): Promise<string[]> {
  const faults: string[] = [];
  const same = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted) faults.push(`${what}: ${String(found)}, should be ${String(wanted)}`);
  };
  const found = await funnel(history, scope);
  same('journeys of the funnel', found.journeys, journeys.length);
  for (const { stage, here } of found.steps)
    same(`journeys in ${stage}`, here, journeys.filter((journey) => journey.stage === stage).length);
  const map = await journeyMap(history, scope, { by: 'event', limit: 20 });
  const left = graph.touchpoints.flatMap(({ id }) => events.get(id) ?? []);
  same('touches of the map', map.totals.touches, left.length);
  for (const event of new Set(events.values()))
    same(
      `touches of ${event}`,
      map.touchpoints.find(({ name }) => name === event)?.volume ?? 0,
      left.filter((one) => one === event).length,
    );
  const byStage = await paths(history, scope, { by: 'stage', steps: 5, top: 50 });
  same('journeys of the paths', byStage.journeys, journeys.length);
  return faults;
}

async function wholeTimeline(
  history: History,
  workspace: string,
  subject: string,
): Promise<{ id: string; personId: string | null }[]> {
  const items: { id: string; personId: string | null }[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof timeline>> = await timeline(history, workspace, subject, {
      limit: PAGE,
      cursor,
    });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

async function subjectsOf(history: History, graph: PlainGraph, told: Iterable<string>): Promise<Set<string>> {
  const columns = [
    'SELECT subject_id AS id FROM touchpoints',
    'SELECT subject_id AS id FROM touchpoint_moves',
    'SELECT subject_id AS id FROM subject_hand_overs',
    'SELECT into_id AS id FROM subject_hand_overs',
  ];
  const rows = await history.query<{ id: string }>(
    `SELECT DISTINCT id FROM (${columns.map((sql) => `${sql} WHERE workspace = {workspace: String}`).join(' UNION ALL ')}) WHERE id != ''`,
    { workspace: graph.workspace },
  );
  return new Set([...told, ...graph.people.map(({ id }) => id), ...rows.map(({ id }) => id)]);
}

/**
 * Every table but the list of who was erased, and what keeps the stamp of somebody erased though a split gave it to others: the touchpoint
 * itself and where it went to.
 */
const NAMES_NOBODY_ERASED = [
  'journey_changes',
  'alert_facts',
  'people',
  'identity_overrides',
  'subject_hand_overs',
  'rederivations',
  'journey_visits',
  'journey_rebuilds',
  'touchpoint_values',
  'delivery_attempts',
  'dead_letters',
] as const satisfies readonly HistoryTable[];

async function erasedIn(history: History, graph: PlainGraph): Promise<string[]> {
  const ids = graph.people.filter(({ gone }) => gone === ERASED).map(({ id }) => id);
  if (ids.length === 0) return [];
  const faults: string[] = [];
  for (const table of NAMES_NOBODY_ERASED) {
    const rows = await history.query<{ row: string }>(
      `SELECT row FROM (SELECT formatRow('JSONEachRow', *) AS row FROM ${table} WHERE workspace = {workspace: String})
        WHERE arrayExists(id -> position(row, id) > 0, {ids: Array(String)}) LIMIT 3`,
      { workspace: graph.workspace, ids },
    );
    for (const { row } of rows) faults.push(`${table} names somebody who was erased: ${row.slice(0, 400)}`);
  }
  return faults;
}
