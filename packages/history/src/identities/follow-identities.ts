/**
 * What the history does for identities once a chunk is in it: answers orders to derive a subject's journeys anew with the subject's
 * touchpoints, and forgets the erased. Run before the next chunk is planned, so a crash repeats it; everything here may be repeated.
 */
import type { CommandAnswered, PersonErased } from '@cairn/contracts/generated/identity.ts';
import type { PastTouchpoint, SubjectRederive, SubjectTouchpoints } from '@cairn/contracts/generated/stitched.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { LogUnavailable, type Cursor, type Log, type LogRecord } from '@cairn/log/log.ts';
import { HistoryUnavailable } from '../history.ts';
import type { TableRow } from '../rows/rows-of.ts';
import { createEraseInTurn } from './erase-in-turn.ts';
import { namesErased } from './names-erased.ts';
import { followedBy, placeOf } from './place-touchpoint.ts';
import type { RederiveOrder, SubjectHistory, TouchpointMove } from './subject-history.ts';

/** Touchpoints read at once. */
const PAGE_ROWS = 500;
/** A record of the log is at most 1 MB, and what it makes of the state has to fit beside it. */
const PAGE_BYTES = 400_000;
const COUNT_MARK = '#touchpoints';

export interface FollowIdentities {
  /** Rows that may be kept: those of the erased never come back, whoever sends them again. */
  kept(rows: readonly TableRow[]): readonly TableRow[];
  /** The records are in the history, and everything else before the cursor. */
  followed(records: readonly LogRecord[], cursor: Cursor): Promise<void>;
}

export async function createFollowIdentities(
  log: Pick<Log, 'append' | 'partitions' | 'offsets'>,
  subjects: SubjectHistory,
  onFault: (error: unknown) => void,
): Promise<FollowIdentities> {
  const erasures = await createEraseInTurn(log, subjects);
  const { erased } = erasures;

  async function answer(workspace: string, job: string): Promise<void> {
    const orders = await subjects.orders(workspace, job);
    const rederivation = orders[0]?.message.rederivation ?? null;
    // The orders of a job were committed together; once the last one is here, so is everything that came before each of them.
    if (orders.length < (rederivation?.subjects.length ?? 1)) return;
    if (rederivation) await share(workspace, job, orders);
    for (const order of orders) await send(workspace, order);
  }

  /** Touchpoints that were put together by mistake go back to whom they belong. */
  async function share(workspace: string, job: string, orders: readonly RederiveOrder[]): Promise<void> {
    const { people, were } = orders[0]!.message.rederivation!;
    const keys = people.flatMap(({ ids }) => ids);
    const version = orders.reduce((top, order) => (BigInt(order.version) > BigInt(top) ? order.version : top), '0');
    for (const { message } of orders) {
      const moves: TouchpointMove[] = [];
      for (const candidate of await subjects.candidates(workspace, message.subject.id, { people: were, keys })) {
        const person = followedBy(people, candidate.stitchKey);
        if (!person) continue;
        const { unit, id } = placeOf(person, candidate);
        const stays = id === candidate.subjectId;
        if (stays && person.person.id === candidate.personId) continue;
        moves.push({
          workspace,
          touchpoint_id: candidate.id,
          stamped_subject_id: candidate.stampedSubjectId,
          subject_id: id,
          account_id: stays ? candidate.accountId : unit === 'account' ? id : '',
          person_id: person.person.id,
          job,
          version,
        });
      }
      if (moves.length) await subjects.move(moves, `${workspace}/${job}/${message.subject.id}`);
    }
  }

  async function send(workspace: string, { message, partition, offset }: RederiveOrder): Promise<void> {
    const { subject, job } = message;
    const fence = { partition, offset };
    let page = 0;
    let after: string | null = null;
    do {
      const read = await subjects.page(workspace, subject.id, { fence, after, limit: PAGE_ROWS });
      const parts = bySize(read.touchpoints);
      for (const [index, touchpoints] of parts.entries()) {
        const last = read.next === null && index === parts.length - 1;
        await append(workspace, {
          type: 'subject.touchpoints',
          workspace,
          subject,
          job,
          page: page++,
          last,
          touchpoints,
        });
      }
      after = read.next;
    } while (after !== null);
  }

  async function append(workspace: string, message: SubjectTouchpoints): Promise<void> {
    const key = keyOf.subject(workspace, message.subject.id);
    const partition = partitionOf(key, log.partitions('journey-inbox'));
    await log.append([{ topic: 'journey-inbox', partition, key, value: encodeJson(message) }]);
  }

  /** Who asks what an erasure would take is told how many touchpoints, under the command's id with this mark. */
  async function count({ workspace, commandId, facts }: CommandAnswered): Promise<void> {
    const dryRun = facts.find((fact) => (fact as { type?: string }).type === 'erase.dry-run');
    if (!dryRun || commandId.endsWith(COUNT_MARK)) return;
    const { personId, absorbed } = dryRun as unknown as { personId: string; absorbed: string[] };
    const touchpoints = await subjects.count(workspace, [personId, ...absorbed]);
    const value: CommandAnswered = {
      type: 'command.answered',
      workspace,
      commandId: `${commandId}${COUNT_MARK}`,
      ok: true,
      code: null,
      message: null,
      facts: [{ type: 'erase.counted', touchpoints }] as never,
    };
    const partition = partitionOf(keyOf.workspace(workspace), log.partitions('identities'));
    await log.append([{ topic: 'identities', partition, key: `${workspace}/answer`, value: encodeJson(value) }]);
  }

  return {
    kept(rows) {
      if (erased.size === 0) return rows;
      return rows.filter(({ table, row }) => {
        if (table === 'erasures') return true;
        const { workspace } = row;
        return !namesErased(table, row, (id) => erased.has(`${String(workspace)}/${id}`));
      });
    },
    async followed(records, cursor) {
      const jobs = new Map<string, { workspace: string; job: string }>();
      for (const record of records) {
        if (!record.value || !isConcerned(record)) continue;
        const message = decodeJson(record.value) as SubjectRederive | PersonErased | CommandAnswered;
        if (message.type === 'person.erased' && record.topic === 'identities') await erasures.add(message);
        if (message.type === 'command.answered') await count(message);
        if (message.type === 'subject.rederive')
          jobs.set(`${message.workspace}/${message.job}`, { workspace: message.workspace, job: message.job });
      }
      for (const { workspace, job } of jobs.values())
        await answer(workspace, job).catch((error: unknown) => {
          if (error instanceof HistoryUnavailable || error instanceof LogUnavailable) throw error;
          // One order that cannot be answered must not hold up everything else; its journeys stay as they were.
          onFault(error);
        });
      await erasures.settle(cursor);
    },
  };
}

/** Looked for in the bytes: parsing every record a second time would cost as much as the whole chunk. */
const MARKS: Readonly<Record<string, readonly Buffer[]>> = {
  'journey-inbox': [Buffer.from('"type":"subject.rederive"')],
  identities: [Buffer.from('"type":"person.erased"'), Buffer.from('"type":"erase.dry-run"')],
};
/** The type stands first in a message; a dry run behind the answer's few fields. */
const MARK_WITHIN_BYTES = 400;

function isConcerned({ topic, value }: LogRecord): boolean {
  const marks = MARKS[topic];
  if (!marks) return false;
  const head = Buffer.from(value!.buffer, value!.byteOffset, Math.min(value!.byteLength, MARK_WITHIN_BYTES));
  return marks.some((mark) => head.includes(mark));
}

/** At least one, an empty one where there is nothing. */
function bySize(touchpoints: readonly PastTouchpoint[]): PastTouchpoint[][] {
  const parts: PastTouchpoint[][] = [[]];
  let bytes = 0;
  for (const touchpoint of touchpoints) {
    const size = JSON.stringify(touchpoint).length;
    if (bytes + size > PAGE_BYTES && parts.at(-1)!.length > 0) {
      parts.push([]);
      bytes = 0;
    }
    bytes += size;
    parts.at(-1)!.push(touchpoint);
  }
  return parts;
}
