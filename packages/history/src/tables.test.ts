import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PERSON_COLUMNS } from './tables.ts';

const FOLDER = join(import.meta.dirname, 'migrations');
/** That somebody was erased must stay known, or a replay would bring them back. */
const KEPT = new Set(['erasures']);

it('the registry names every column of every table that holds a person id', () => {
  const found: Record<string, string[]> = {};
  for (const file of readdirSync(FOLDER).sort())
    for (const [, table, columns] of readFileSync(join(FOLDER, file), 'utf8').matchAll(
      /CREATE TABLE IF NOT EXISTS (\w+) \(([^;]*)\) ENGINE/g,
    )) {
      const names = [...columns!.matchAll(/^ {2}(\w*person_id\w*|into_id) /gm)].map(([, name]) => name!);
      // Of subjects, which are not erased but emptied.
      const own = table === 'subject_overrides' || table === 'subject_hand_overs' ? [] : names;
      if (own.length && !KEPT.has(table!)) found[table!] = own;
    }
  expect(found).toEqual(PERSON_COLUMNS);
});
