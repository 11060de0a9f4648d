/** The same as `subject-history.clickhouse.ts`, over the rows of the memory history: what the simulator runs on. Linear, and plain enough to be its oracle. */
import type { PastTouchpoint, SubjectRederive } from '@cairn/contracts/generated/stitched.ts';
import type { MemoryHistory } from '../history.memory.ts';
import type { HistoryTable } from '../history.ts';
import { PERSON_COLUMNS, SUBJECT_COLUMNS } from '../tables.ts';
import { namesErased } from './names-erased.ts';
import { isOfErased } from '@cairn/contracts/erased-letter.ts';
import { firstStep, type HandOver } from './hand-overs.ts';
import type { SubjectHistory } from './subject-history.ts';

type Row = Readonly<Record<string, unknown>>;

export function memorySubjects(history: MemoryHistory): SubjectHistory {
  const of = (table: HistoryTable, workspace: string): Row[] =>
    history.rows(table).filter((row) => row.workspace === workspace);

  /** The newest row of each name. */
  function newest(rows: readonly Row[], name: (row: Row) => string): Map<string, Row> {
    const found = new Map<string, Row>();
    for (const row of rows) {
      const known = found.get(name(row));
      if (!known || BigInt(String(row.version)) >= BigInt(String(known.version))) found.set(name(row), row);
    }
    return found;
  }

  function owners(workspace: string) {
    const moves = newest(of('touchpoint_moves', workspace), (row) => String(row.touchpoint_id));
    const handOvers = Map.groupBy(
      of('subject_hand_overs', workspace).map((row): HandOver => ({
        subjectId: String(row.subject_id),
        intoId: String(row.into_id),
        offset: BigInt(String(row.log_offset)),
        version: BigInt(String(row.version)),
      })),
      ({ subjectId }) => subjectId,
    );
    const people = newest(of('identity_overrides', workspace), (row) => String(row.person_id));
    const lives = (subjectId: string, since: { offset: bigint } | { version: bigint }): string => {
      const step = firstStep(handOvers.get(subjectId) ?? [], since);
      return step ? lives(step.intoId, { version: step.version }) : subjectId;
    };
    return {
      subject(row: Row): string {
        const move = moves.get(String(row.id));
        return move
          ? lives(String(move.subject_id), { version: BigInt(String(move.version)) })
          : lives(String(row.subject_id), { offset: BigInt(String(row.log_offset)) });
      },
      account: (row: Row) => String(moves.get(String(row.id))?.account_id ?? row.account_id),
      person: (row: Row) => String(moves.get(String(row.id))?.person_id ?? row.person_id),
      living: (person: string) => (people.get(person)?.into_id as string | undefined) || person,
    };
  }

  return {
    async orders(workspace, job) {
      const rows = newest(
        of('rederivations', workspace).filter((row) => row.job === job),
        (row) => String(row.subject_id),
      );
      return [...rows.values()].map((row) => ({
        message: JSON.parse(String(row.message)) as SubjectRederive,
        partition: Number(row.log_partition),
        offset: String(row.log_offset),
        version: String(row.version),
      }));
    },
    async candidates(workspace, subjectId, { people, keys }) {
      const owner = owners(workspace);
      return of('touchpoints', workspace)
        .filter(
          (row) =>
            owner.subject(row) === subjectId &&
            people.includes(owner.person(row)) &&
            keys.includes(String(row.stitch_key)),
        )
        .map((row) => ({
          id: String(row.id),
          stampedSubjectId: String(row.subject_id),
          subjectId,
          personId: owner.person(row),
          accountId: owner.account(row),
          named: row.group_id !== '',
          stitchKey: String(row.stitch_key),
          timestamp: Number(row.timestamp),
        }));
    },
    move: (moves, token) => history.insert('touchpoint_moves', moves as never, token),
    async page(workspace, subjectId, { fence, after, limit }) {
      const owner = owners(workspace);
      const rows = of('touchpoints', workspace)
        .filter((row) => owner.subject(row) === subjectId)
        .filter(
          (row) =>
            Number(row.log_partition) !== fence.partition || BigInt(String(row.log_offset)) < BigInt(fence.offset),
        )
        .sort(byStitching);
      const from = after === null ? 0 : Number(after);
      return {
        touchpoints: rows.slice(from, from + limit).map((row) => pastOf(workspace, row, owner)),
        next: rows.length > from + limit ? String(from + limit) : null,
      };
    },
    async count(workspace, personIds) {
      const owner = owners(workspace);
      return of('touchpoints', workspace).filter((row) => personIds.includes(owner.person(row))).length;
    },
    async erase(workspace, personIds, hashes) {
      const ids = new Set<unknown>(personIds);
      const moves = newest(of('touchpoint_moves', workspace), (row) => String(row.touchpoint_id));
      history.remove(
        'dead_letters',
        (row) => row.workspace === workspace && isOfErased(workspace, row.raw, hashes, personIds),
      );
      history.remove(
        'rederivations',
        (row) => row.workspace === workspace && personIds.some((id) => String(row.message).includes(id)),
      );
      const own = new Set(
        [...of('journey_visits', workspace), ...of('journey_changes', workspace)]
          .filter((row) => ids.has(row.subject_id))
          .map((row) => row.journey_id),
      );
      for (const table of ['alert_facts', 'journey_rebuilds', 'delivery_attempts'] as const)
        history.remove(table, (row) => row.workspace === workspace && own.has(row.journey_id));
      const last = newest(of('people', workspace), (row) => String(row.person_id));
      history.remove('people', (row) => row.workspace === workspace && last.get(String(row.person_id)) !== row);
      for (const table of new Set([...Object.keys(PERSON_COLUMNS), ...Object.keys(SUBJECT_COLUMNS)] as HistoryTable[]))
        history.remove(table, (row) => {
          if (row.workspace !== workspace) return false;
          const moved = table === 'touchpoints' ? moves.get(String(row.id)) : undefined;
          return moved ? ids.has(moved.person_id) : namesErased(table, row, (id) => ids.has(id));
        });
      const rows = personIds.map((id) => ({ workspace, person_id: id, done: 1, hashes: [] }));
      await history.insert('erasures', rows, `erased/${workspace}/${personIds.join('/')}`);
    },
    async erased() {
      return new Set(
        history
          .rows('erasures')
          .filter(({ done }) => done === 1)
          .map(nameOf),
      );
    },
    async waitingErasures() {
      const done = new Set(
        history
          .rows('erasures')
          .filter((row) => row.done === 1)
          .map(nameOf),
      );
      const rows = history.rows('erasures').filter((row) => !done.has(nameOf(row)));
      return [...Map.groupBy(rows, (row) => String(row.workspace))].map(([workspace, own]) => ({
        workspace,
        personIds: [...new Set(own.map((row) => String(row.person_id)))],
        hashes: own.flatMap((row) => row.hashes as string[]),
      }));
    },
  };
}

const nameOf = (row: Row): string => `${String(row.workspace)}/${String(row.person_id)}`;

function byStitching(a: Row, b: Row): number {
  return (
    Number(a.stitched_at) - Number(b.stitched_at) ||
    Number(a.received_at) - Number(b.received_at) ||
    Number(BigInt(String(a.log_offset)) - BigInt(String(b.log_offset))) ||
    (String(a.id) < String(b.id) ? -1 : 1)
  );
}

function pastOf(
  workspace: string,
  row: Row,
  owner: { person(row: Row): string; account(row: Row): string; living(id: string): string },
): PastTouchpoint {
  const text = (name: string): string | null => (row[name] === '' ? null : String(row[name]));
  const object = (name: string): Record<string, unknown> => JSON.parse(String(row[name])) as Record<string, unknown>;
  const person = owner.person(row);
  return {
    touchpoint: {
      type: 'touchpoint.admitted',
      workspace,
      id: String(row.id),
      messageId: String(row.message_id),
      kind: row.kind as never,
      event: text('event'),
      name: text('name'),
      userId: text('user_id'),
      anonymousId: text('anonymous_id'),
      groupId: text('group_id'),
      previousId: text('previous_id'),
      timestamp: Number(row.timestamp),
      originalTimestamp: text('original_timestamp'),
      receivedAt: Number(row.received_at),
      traits: object('traits'),
      properties: object('properties'),
      context: object('context'),
      direction: text('direction') as never,
      channel: text('channel'),
      bot: row.bot === true,
      imported: row.imported === true,
      source: String(row.source),
    },
    personId: person === '' ? null : owner.living(person),
    accountId: owner.account(row) || null,
    stitchedAt: Number(row.stitched_at),
  };
}
