/**
 * When the erased are forgotten: once everything is in the history that was in `journey-inbox` when their erasure was read. Topics are read
 * side by side, and a split that was ordered a moment before decides whose touchpoints are whose: forgotten too early, somebody else's would
 * go along. What waits is kept in the history itself, so that a crash forgets nothing of it.
 */
import type { PersonErased } from '@cairn/contracts/generated/identity.ts';
import { hasPassed } from '@cairn/log/cursor.ts';
import type { Cursor, Log } from '@cairn/log/log.ts';
import type { Erasure, SubjectHistory } from './subject-history.ts';

export interface EraseInTurn {
  /** `workspace/person` of everyone who was forgotten: rows of theirs that come again are left out. */
  readonly erased: ReadonlySet<string>;
  /** Its rows in `erasures` are in the history. */
  add(fact: PersonErased): Promise<void>;
  /** Everything before the cursor is in the history. */
  settle(cursor: Cursor): Promise<void>;
}

const INBOX = 'journey-inbox';

interface Waiting extends Erasure {
  /** Until this much of the inbox is in the history. */
  ends: Awaited<ReturnType<Log['offsets']>>;
}

export async function createEraseInTurn(
  log: Pick<Log, 'offsets'>,
  subjects: Pick<SubjectHistory, 'erase' | 'erased' | 'waitingErasures'>,
): Promise<EraseInTurn> {
  const erased = new Set(await subjects.erased());
  const left = await subjects.waitingErasures();
  const ends = left.length > 0 ? await log.offsets(INBOX) : [];
  let waiting: Waiting[] = left.map((erasure) => ({ ...erasure, ends }));

  return {
    erased,
    async add({ workspace, personId, absorbed, hashes = [] }) {
      const ids = [personId, ...absorbed];
      waiting = waiting.filter((one) => one.workspace !== workspace || !one.personIds.includes(personId));
      waiting.push({ workspace, personIds: ids, hashes, ends: await log.offsets(INBOX) });
    },
    async settle(cursor) {
      for (const one of waiting.filter(({ ends }) => hasPassed(cursor, INBOX, ends))) {
        await subjects.erase(one.workspace, one.personIds, one.hashes);
        for (const id of one.personIds) erased.add(`${one.workspace}/${id}`);
        waiting = waiting.filter((other) => other !== one);
      }
    },
  };
}
