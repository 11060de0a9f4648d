/** Journeys worked out by `plain-figures.ts` → the facts that the orchestrator would write of them → rows in a history. For tests and benches. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { Journey, JourneyChanged, StageVisit } from '@cairn/contracts/generated/journey.ts';
import { journeyId } from '@cairn/contracts/ids.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import type { History } from '../history.ts';
import { rowsOf, type TableRow } from '../rows/rows-of.ts';
import type { PlainJourney } from './plain-figures.ts';

export interface Place {
  workspace: string;
  definition: string;
}

/** One `journey.changed` for each touch. `arrival`: the order in which the touches came in, where it is not that of their times. */
export function factsOf(place: Place, journey: PlainJourney, given: Partial<Journey> = {}): JourneyChanged[] {
  const id = journeyId(place.workspace, place.definition, journey.id);
  let status: PlainJourney['status'] = 'active';
  return journey.touches.map((touch, i) => {
    const seen = journey.touches.slice(0, i + 1);
    const visits = journey.visits.filter((visit, n) => n === 0 || visitsSeen(seen, journey) > n);
    const ended = touch.afterEnd;
    const became = ended && status === 'active' ? journey.status : null;
    if (became) status = became;
    const before = i === 0 ? journey.visits[0]!.stage : journey.touches[i - 1]!.stage;
    const stageChanged = touch.stage !== before;
    const resource = journeyResource(place, id, journey, given, {
      visits: visits.map(({ stage, at }, n) => ({
        stage,
        enteredAt: formatInstant(at),
        leftAt: visits[n + 1] ? formatInstant(visits[n + 1]!.at) : null,
        touchpointId: null,
      })),
      status,
      endedAt: ended ? journey.endedAt : null,
      lastAt: touch.at,
      seq: i + 1,
    });
    return {
      type: 'journey.changed',
      factId: `fct_${id.slice(4)}.${i + 1}`,
      workspace: place.workspace,
      at: touch.at + 60_000,
      from: stageChanged ? before : null,
      events: [...(became ? [became as 'won' | 'lost'] : []), ...(stageChanged ? ['stage_changed' as const] : [])],
      imported: false,
      cause: `tp_${id}_${i}`,
      touchpoint: {
        id: `tp_${id}_${i}`,
        messageId: `${id}-${i}`,
        type: 'track',
        event: touch.event,
        timestamp: formatInstant(touch.at),
        receivedAt: formatInstant(touch.at),
        direction: touch.direction,
        channel: touch.channel || null,
        personId: null,
        accountId: null,
        properties: {},
      },
      journey: resource,
    };
  });
}

/** How many visits had begun once these touches were in. */
function visitsSeen(seen: readonly { stage: string }[], { visits }: PlainJourney): number {
  let count = 1;
  let stage = visits[0]!.stage;
  for (const touch of seen)
    if (touch.stage !== stage) {
      stage = touch.stage;
      count++;
    }
  return count;
}

function journeyResource(
  { workspace, definition }: Place,
  id: string,
  journey: PlainJourney,
  given: Partial<Journey>,
  now: { visits: StageVisit[]; status: Journey['status']; endedAt: number | null; lastAt: number; seq: number },
): Journey {
  const current = now.visits.at(-1)!;
  return {
    id,
    workspace,
    definition,
    definitionVersion: 1,
    unit: 'account',
    subject: { unit: 'account', id: `sub_${journey.id}` },
    name: journey.id,
    owner: null,
    account: null,
    people: [],
    stage: current.stage,
    stageSince: current.enteredAt,
    stages: now.visits,
    status: now.status,
    endedAt: now.endedAt === null ? null : formatInstant(now.endedAt),
    score: { engagement: 0, fit: 0, total: 0, qualification: null, winProbability: null, reasons: [] },
    pace: {
      lastInboundAt: formatInstant(now.lastAt),
      lastOutboundAt: null,
      silentFor: null,
      normalPause: null,
      stallsAt: null,
      stallProbability: null,
      basis: null,
    },
    alerts: [],
    nextBestAction: null,
    touchpoints: now.seq,
    channels: [],
    absorbedInto: null,
    halfLifeMs: null,
    seq: now.seq,
    updatedAt: formatInstant(now.lastAt),
    ...given,
  };
}

/** Through the sink's own mapping, one insert a table and month. */
export async function putFacts(
  history: History,
  topic: string,
  facts: readonly unknown[],
  token: string,
): Promise<void> {
  const groups = new Map<string, TableRow[]>();
  facts.forEach((fact, i) => {
    const record = { topic, partition: 0, offset: BigInt(i), at: 1, key: 'k', value: encodeJson(fact), headers: {} };
    for (const row of rowsOf(record)) {
      const group = `${row.table}/${row.month}`;
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group)!.push(row);
    }
  });
  for (const [group, rows] of groups)
    await history.insert(
      rows[0]!.table,
      rows.map(({ row }) => row),
      `${token}/${group}`,
    );
}
