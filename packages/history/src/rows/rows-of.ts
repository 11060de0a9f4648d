/** Which rows of which tables a record of the log becomes. Pure: the same record always gives the same rows. */
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import type { PersonChanged, PersonErased, PersonMerged, PersonSplit } from '@cairn/contracts/generated/identity.ts';
import type { StitchedTouchpoint, SubjectHandedOver, SubjectRederive } from '@cairn/contracts/generated/stitched.ts';
import { type ChangeHead, readChangeHead } from '@cairn/contracts/journey-head.ts';
import { parseInstant } from '@cairn/clock/calendar.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import type { HistoryTable } from '../history.ts';
import { valueRows } from './value-rows.ts';
import { type Position, visitRows } from './visit-rows.ts';

export interface TableRow {
  table: HistoryTable;
  row: Readonly<Record<string, unknown>>;
  /** Month of the table's partition (YYYYMM), 0 where it has none: an insert never spans two, because only one part is atomic. */
  month: number;
}

export const SINK_TOPICS = ['journey-inbox', 'journeys', 'alerts', 'deliveries', 'identities', 'dead-letters'] as const;

/** `[]` for records that are no facts (ticks, commands, tombstones, bytes that are no JSON). */
export function rowsOf(record: LogRecord): TableRow[] {
  if (!record.value || record.headers['cairn-tick']) return [];
  let message: { type?: unknown };
  try {
    message = (record.topic === 'journeys' ? readChangeHead(record.value) : decodeJson(record.value)) as {
      type?: unknown;
    };
  } catch {
    return [];
  }
  const at = { log_partition: record.partition, log_offset: String(record.offset) };
  switch (record.topic) {
    case 'journey-inbox':
      if (message.type === 'touchpoint.stitched') return stitchedRows(message as StitchedTouchpoint, record.at, at);
      if (message.type === 'subject.handed-over') return [subjectRow(message as SubjectHandedOver, at, record)];
      if (message.type === 'subject.rederive') return rederiveRows(message as SubjectRederive, at, record);
      return [];
    case 'journeys':
      if (message.type !== 'journey.changed') return [];
      return [journeyRow(message as ChangeHead, at), ...visitRows(record.value, message as ChangeHead, at)];
    case 'alerts':
      return typeof message.type === 'string' && message.type.startsWith('alert.') && 'alert' in message
        ? [alertRow(message as AlertFact, at)]
        : [];
    case 'deliveries':
      return 'delivery' in message ? [deliveryRow(message as DeliveryFact, at)] : [];
    case 'identities':
      if (message.type === 'person.changed') return personRows(message as PersonChanged, at, record);
      if (message.type === 'person.merged') return mergeRows(message as PersonMerged, at, record);
      if (message.type === 'person.split') return splitRows(message as PersonSplit, at, record);
      if (message.type === 'person.erased') return erasureRows(message as PersonErased, at);
      return [];
    case 'dead-letters':
      return message.type === 'dead-letter' ? [deadLetterRow(message as DeadLetter, at)] : [];
    default:
      return [];
  }
}

function stitchedRows(message: StitchedTouchpoint, stitchedAt: number, position: Position): TableRow[] {
  return [touchpointRow(message, stitchedAt, position), ...valueRows(message, position)];
}

function touchpointRow(message: StitchedTouchpoint, stitchedAt: number, position: Position): TableRow {
  const { touchpoint, subject, person, account } = message;
  return {
    table: 'touchpoints',
    month: monthOf(stitchedAt),
    row: {
      workspace: message.workspace,
      subject_id: subject.id,
      subject_unit: subject.unit,
      id: touchpoint.id,
      message_id: touchpoint.messageId,
      kind: touchpoint.kind,
      event: touchpoint.event ?? '',
      name: touchpoint.name ?? '',
      timestamp: bounded(touchpoint.timestamp),
      original_timestamp: touchpoint.originalTimestamp ?? '',
      received_at: bounded(touchpoint.receivedAt),
      stitched_at: bounded(stitchedAt),
      direction: touchpoint.direction ?? '',
      channel: touchpoint.channel ?? '',
      person_id: person?.id ?? '',
      account_id: account?.id ?? '',
      group_id: touchpoint.groupId ?? '',
      stitch_key: message.stitchKey,
      user_id: touchpoint.userId ?? '',
      anonymous_id: touchpoint.anonymousId ?? '',
      previous_id: touchpoint.previousId ?? '',
      source: touchpoint.source,
      imported: touchpoint.imported,
      bot: touchpoint.bot,
      properties: JSON.stringify(touchpoint.properties),
      traits: JSON.stringify(touchpoint.traits),
      context: JSON.stringify(touchpoint.context),
      ...position,
    },
  };
}

/**
 * Rises with the log, and decides which of two rows of one key holds. All records about a key are in one partition: within a
 * millisecond their offsets decide (a million of one partition in one millisecond do not happen).
 */
const versionOf = ({ at, offset }: LogRecord): string => String(BigInt(at) * 1_000_000n + (offset % 1_000_000n));

function subjectRow(message: SubjectHandedOver, position: Position, record: LogRecord): TableRow {
  return handOver(message.workspace, message.from.id, message.into.id, { at: message.at, position, record });
}

function handOver(
  workspace: string,
  subjectId: string,
  intoId: string,
  { at, position, record }: { at: number; position: Position; record: LogRecord },
): TableRow {
  return {
    table: 'subject_hand_overs',
    month: 0,
    row: {
      workspace,
      subject_id: subjectId,
      into_id: intoId,
      version: versionOf(record),
      at: bounded(at),
      ...position,
    },
  };
}

/** The order itself, and that the subject lives (again): whatever absorbed it holds no more. */
function rederiveRows(message: SubjectRederive, position: Position, record: LogRecord): TableRow[] {
  const { workspace, subject, job, at, rederivation } = message;
  const order: TableRow = {
    table: 'rederivations',
    month: monthOf(record.at),
    row: {
      workspace,
      job,
      subject_id: subject.id,
      version: versionOf(record),
      at: bounded(record.at),
      message: JSON.stringify(message),
      ...position,
    },
  };
  return rederivation ? [handOver(workspace, subject.id, '', { at, position, record }), order] : [order];
}

function journeyRow(fact: ChangeHead, position: Position): TableRow {
  const { head } = fact;
  const { touch } = head;
  return {
    table: 'journey_changes',
    month: monthOf(fact.at),
    row: {
      workspace: fact.workspace,
      definition: head.definition,
      journey_id: head.id,
      subject_id: head.subjectId,
      seq: head.seq,
      fact_id: fact.factId,
      at: bounded(fact.at),
      stage: head.stage,
      from_stage: fact.from ?? '',
      status: head.status,
      events: fact.events,
      touchpoint_id: touch?.id ?? '',
      event: touch?.event ?? '',
      channel: touch?.channel ?? '',
      direction: touch?.direction ?? '',
      touchpoint_at: bounded(touch?.at ?? fact.at),
      person_id: touch?.personId ?? '',
      engagement: head.engagement,
      fit: head.fit,
      qualification: head.qualification ?? '',
      imported: fact.imported,
      cause: fact.cause,
      ...position,
    },
  };
}

function alertRow(fact: AlertFact, position: Position): TableRow {
  const { alert } = fact;
  return {
    table: 'alert_facts',
    month: monthOf(fact.at),
    row: {
      workspace: fact.workspace,
      at: bounded(fact.at),
      fact_id: fact.factId,
      type: fact.type,
      alert_id: alert.id,
      journey_id: alert.journeyId,
      definition: alert.definition,
      stage: alert.stage,
      kind: alert.kind,
      state: alert.state,
      resolved_by: alert.resolvedBy ?? '',
      verdict: alert.verdict ?? '',
      owner: alert.owner ?? '',
      quiet_person_id: alert.reason.quietPersonId ?? '',
      imported: fact.imported,
      alert: JSON.stringify(alert),
      ...position,
    },
  };
}

function deliveryRow(fact: DeliveryFact, position: Position): TableRow {
  const { delivery } = fact;
  const last = fact.type === 'delivery.created' ? undefined : delivery.attempts.at(-1);
  return {
    table: 'delivery_attempts',
    month: monthOf(fact.at),
    row: {
      workspace: fact.workspace,
      endpoint_id: delivery.endpointId,
      delivery_id: delivery.id,
      fact_id: delivery.factId,
      fact_type: delivery.type,
      journey_id: delivery.journeyId ?? '',
      at: bounded(fact.at),
      created_at: bounded(parseInstant(delivery.createdAt) ?? fact.at),
      attempted_at: bounded((last && parseInstant(last.at)) ?? 0),
      type: fact.type,
      state: delivery.state,
      reason: delivery.reason ?? '',
      attempts: delivery.attempts.length,
      status: last?.status ?? 0,
      code: last?.code ?? '',
      duration_ms: last?.durationMs ?? 0,
      answer: last?.responseBody?.slice(0, ANSWER_CHARS) ?? '',
      ...position,
    },
  };
}

/** A version of the person; that somebody is absorbed, or by another than before, counts for its touchpoints, too. */
function personRows(fact: PersonChanged, position: Position, record: LogRecord): TableRow[] {
  const { workspace, person } = fact;
  const row: TableRow = {
    table: 'people',
    month: 0,
    row: {
      workspace,
      person_id: person.id,
      version: person.version,
      at: bounded(fact.at),
      merged_into: person.mergedInto ?? '',
      name: person.name ?? '',
      person: JSON.stringify(person),
      ...position,
    },
  };
  if (person.mergedInto === null) return [row];
  return [row, override(workspace, person.id, person.mergedInto, { at: fact.at, position, record })];
}

/** Everyone ever absorbed points straight at the one who lives on, so reading never follows a chain. */
function mergeRows(fact: PersonMerged, position: Position, record: LogRecord): TableRow[] {
  const { workspace, from, into, absorbed, at } = fact;
  return [...new Set([from, ...absorbed])].map((id) => override(workspace, id, into, { at, position, record }));
}

/** Everyone that results is somebody of their own again. */
function splitRows({ workspace, into, at }: PersonSplit, position: Position, record: LogRecord): TableRow[] {
  return into.map(({ personId }) => override(workspace, personId, '', { at, position, record }));
}

function override(
  workspace: string,
  personId: string,
  intoId: string,
  { at, position, record }: { at: number; position: Position; record: LogRecord },
): TableRow {
  return {
    table: 'identity_overrides',
    month: 0,
    row: { workspace, person_id: personId, into_id: intoId, version: versionOf(record), at: bounded(at), ...position },
  };
}

function erasureRows(fact: PersonErased, position: Position): TableRow[] {
  const { workspace, personId, absorbed, at, hashes = [] } = fact;
  return [personId, ...absorbed].map((id) => ({
    table: 'erasures' as const,
    month: 0,
    row: { workspace, person_id: id, done: 0, hashes: id === personId ? hashes : [], at: bounded(at), ...position },
  }));
}

function deadLetterRow(letter: DeadLetter, position: Position): TableRow {
  return {
    table: 'dead_letters',
    month: monthOf(letter.at),
    row: {
      workspace: letter.workspace,
      id: letter.id,
      at: bounded(letter.at),
      reason: letter.reason,
      service: letter.service,
      message_id: letter.messageId ?? '',
      error: letter.error ?? '',
      raw: letter.raw,
      ...position,
    },
  };
}

/** Of an answer's body: enough for an error's reason; the whole of it is in `deliveries` for a month. */
const ANSWER_CHARS = 2_000;

/** DateTime64(3) holds 1900–2299; device clocks do not. */
const EARLIEST_MS = -2_208_988_800_000;
const LATEST_MS = 10_413_791_999_000;
const bounded = (ms: number): number => Math.min(Math.max(Math.round(ms), EARLIEST_MS), LATEST_MS);

function monthOf(ms: number): number {
  // Civil month from days (Howard Hinnant's algorithm): no Date here, and this runs for every row.
  const z = Math.floor(bounded(ms) / 86_400_000) + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1_460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return (yoe + era * 400 + (month <= 2 ? 1 : 0)) * 100 + month;
}
