import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClickhouseHistory } from '../history.clickhouse.ts';
import type { History } from '../history.ts';
import { eraseFromClickhouse } from './erase.clickhouse.ts';

let history: History;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cairn-erase-moved-'));
  history = await openClickhouseHistory({ chdbPath: directory });
});
afterAll(async () => {
  await history.close();
  rmSync(directory, { recursive: true, force: true });
});

it.each(['journey_changes', 'touchpoint_values'] as const)(
  'of %s go the touches that were moved to who is erased, and those that were theirs and are somebody else’s by now stay',
  async (table) => {
    const workspace = `w-${table}`;
    const row = (touchpoint: string, person: string, subject: string) => ({
      workspace,
      touchpoint_id: touchpoint,
      person_id: person,
      subject_id: subject,
    });
    await history.insert(
      table,
      [
        row('own', 'erased', 'erased'),
        row('given-away', 'erased', 'erased'),
        row('gained', 'other', 'other'),
        row('others', 'other', 'other'),
      ],
      workspace,
    );
    const move = (touchpoint: string, person: string, version: number) => ({
      ...row(touchpoint, person, person),
      stamped_subject_id: 'x',
      version,
    });
    await history.insert(
      'touchpoint_moves',
      [move('given-away', 'between', 1), move('given-away', 'other', 2), move('gained', 'erased', 1)],
      workspace,
    );
    // Done again it does nothing.
    for (let times = 0; times < 2; times++) {
      await eraseFromClickhouse(history, workspace, ['erased'], []);
      expect(
        await history.query(
          `SELECT touchpoint_id AS id, person_id AS person, subject_id AS subject FROM ${table}
            WHERE workspace = {workspace: String} ORDER BY id`,
          { workspace },
        ),
      ).toEqual([
        { id: 'given-away', person: 'other', subject: 'other' },
        { id: 'others', person: 'other', subject: 'other' },
      ]);
    }
  },
);
