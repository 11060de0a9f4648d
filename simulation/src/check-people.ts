import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { touchpointId } from '@cairn/contracts/ids.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { MemoryHistory } from '@cairn/history/history.memory.ts';
import { memorySubjects } from '@cairn/history/identities/subject-history.memory.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import type { MemoryDisk } from '@cairn/log/memory-disk.ts';
import { identityFacts } from './admin.ts';
import { compareAnswers, compareIdentities, plainGraphOf } from './compare-identities.ts';
import type { IdentityTraffic } from './identity-traffic.ts';
import { ERASED, type PlainGraph } from './identity/plain-graph.ts';
import { TOPIC_CONFIGS } from './world.ts';

/**
 * What must hold at the end of the workspace in which people are merged, split and erased: the graph, the answers, the history and the
 * journeys are what the oracle makes of the log; who was erased is nowhere. Webhooks and sequences are `check.ts`'s.
 */
export async function checkPeople(
  disk: MemoryDisk,
  history: MemoryHistory,
  traffic: IdentityTraffic,
): Promise<string[]> {
  const { workspace } = traffic;
  const graph = plainGraphOf(disk, workspace, 'end');
  const records = recordsOf(disk, 'journeys');
  const faults = [
    ...compareIdentities(disk, workspace),
    ...compareAnswers(disk, graph, identityFacts(disk, workspace)),
    ...checkShown(records, traffic, graph),
  ];
  return [
    ...faults,
    ...(await checkHistory(history, graph)),
    ...checkJourneys(records, graph),
    ...checkErased(disk, history, graph),
  ];
}

/** Every touchpoint is in the history once, under its owner. */
async function checkHistory(history: MemoryHistory, graph: PlainGraph): Promise<string[]> {
  const { workspace } = graph;
  const subjects = memorySubjects(history);
  const places = new Set<string>();
  for (const table of ['touchpoints', 'touchpoint_moves', 'subject_hand_overs'] as const)
    for (const row of history.rows(table))
      if (row.workspace === workspace)
        for (const place of [row.subject_id, row.into_id])
          if (typeof place === 'string' && place !== '') places.add(place);
  const owners = new Map<string, (string | null)[]>();
  for (const place of places) {
    const page = { fence: { partition: 99, offset: '0' }, after: null, limit: 10_000 };
    for (const { touchpoint, personId } of (await subjects.page(workspace, place, page)).touchpoints)
      owners.set(touchpoint.id, [...(owners.get(touchpoint.id) ?? []), personId]);
  }
  const faults: string[] = [];
  for (const { id, person, stitchKey } of graph.touchpoints) {
    const found = owners.get(id) ?? [];
    owners.delete(id);
    if (found.length !== 1 || (person !== null && found[0] !== person))
      faults.push(`history: ${id} (${stitchKey}) is of ${found.join(' and ') || 'nobody'}, should be of ${person}`);
  }
  for (const id of owners.keys()) faults.push(`history: ${id} is there, though who made it was erased`);
  return faults;
}

/** The journeys that live count each touchpoint that is left once, and name living people alone. */
function checkJourneys(records: readonly LogRecord[], graph: PlainGraph): string[] {
  const last = new Map<string, JourneyChanged['journey'] | null>();
  for (const { key, value } of records)
    if (key.startsWith(`${graph.workspace}/`)) last.set(key, value && (decodeJson(value) as JourneyChanged).journey);
  const living = [...last.values()].filter((journey) => journey !== null && journey.absorbedInto === null);
  const faults: string[] = [];
  const counted = living.reduce((sum, journey) => sum + journey!.touchpoints, 0);
  if (counted !== graph.touchpoints.length)
    faults.push(`journeys: ${counted} touchpoints on living ones, should be ${graph.touchpoints.length}`);
  for (const journey of living)
    for (const { id } of journey!.people) {
      const person = graph.people.find((one) => one.id === id);
      if (person && person.gone !== null) faults.push(`journeys: ${journey!.id} names ${id}, gone to ${person.gone}`);
    }
  return faults;
}

/** What was admitted was told once: never twice, and always unless who made it was erased before. */
function checkShown(records: readonly LogRecord[], { calls, workspace }: IdentityTraffic, graph: PlainGraph): string[] {
  const shown = new Map<string, number>();
  for (const { key, value } of records) {
    const touchpoint =
      value && key.startsWith(`${workspace}/`) ? (decodeJson(value) as JourneyChanged).touchpoint : null;
    if (touchpoint) shown.set(touchpoint.messageId, (shown.get(touchpoint.messageId) ?? 0) + 1);
  }
  const isLeft = (messageId: string): boolean =>
    graph.touchpoints.some(({ id }) => id === touchpointId(workspace, messageId));
  return calls.flatMap(({ body: { messageId } }) => {
    const times = shown.get(messageId) ?? 0;
    return times === 1 || (times === 0 && !isLeft(messageId)) ? [] : [`shown ${times} times: ${messageId}`];
  });
}

/** Nothing that lasts names who was erased: states, the newest record of each compacted key, the history. */
function checkErased(disk: MemoryDisk, history: MemoryHistory, graph: PlainGraph): string[] {
  const erased = graph.people.filter(({ gone }) => gone === ERASED).map(({ id }) => id);
  if (erased.length === 0) return [];
  const lasting: [string, string][] = [];
  for (let partition = 0; partition < 2; partition++)
    for (const [key, { value }] of disk.task('advance', partition).state.entries())
      // Where somebody went, and who was erased lately, by ids alone.
      if (value && !key.startsWith('@erased/') && !isForward(decodeJson(value)))
        lasting.push([`advance ${key}`, `${key} ${Buffer.from(value).toString()}`]);
  for (const [task, own] of KEPT_BY)
    for (let partition = 0; partition < 2; partition++)
      for (const [key, { value }] of disk.task(task, partition).state.entries())
        if (value && !own.test(key)) lasting.push([`${task} ${key}`, `${key} ${Buffer.from(value).toString()}`]);
  for (const topic of ['identities', 'journeys'])
    for (const { key, value } of new Map(recordsOf(disk, topic).map((record) => [record.key, record])).values())
      if (value && !/\/erased$|\/answer$/.test(key)) lasting.push([`${topic} ${key}`, Buffer.from(value).toString()]);
  for (const table of LASTING)
    for (const row of history.rows(table)) lasting.push([`history ${table}`, JSON.stringify(row)]);
  return lasting.flatMap(([where, text]) =>
    erased
      .filter((id) => text.includes(id))
      .map(
        (id) =>
          `erased, and still there: ${id} in ${where}: ${text.slice(Math.max(0, text.indexOf(id) - 200), text.indexOf(id) + 200)}`,
      ),
  );
}

/** All that may name somebody but the list of who was erased; touchpoints that a split gave to others keep what they were stamped with. */
const LASTING = [
  'journey_changes',
  'journey_visits',
  'alert_facts',
  'people',
  'identity_overrides',
  'subject_hand_overs',
  'touchpoint_values',
  'rederivations',
] as const;

/** Tasks, and what they keep of whom was erased by id alone: that the id was used, what must not be sent any more. */
const KEPT_BY: readonly [string, RegExp][] = [
  ['stitch', /\/person\//],
  ['deliver', /^x\//],
  ['control', /^$/],
];

/** Where a subject went: plain, unlike subjects, which are lists. */
const isForward = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'moved' in value;

function recordsOf(disk: MemoryDisk, topic: string): LogRecord[] {
  const { partitions } = TOPIC_CONFIGS.find(({ name }) => name === topic)!;
  return Array.from({ length: partitions }, (_, partition) => disk.partition(topic, partition).records).flat();
}
