import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'migrations');

/** What a migration needs of ClickHouse: statements and rows. */
export interface MigrationTarget {
  command(sql: string): Promise<void>;
  query<T>(sql: string): Promise<T[]>;
}

/**
 * Brings the tables to the newest shape: numbered files, each once, in order. Every statement is written so that doing it twice
 * is harmless (IF NOT EXISTS), because a crash may come between the last statement and the note that it was done.
 */
export async function migrate(target: MigrationTarget): Promise<string[]> {
  await target.command(
    `CREATE TABLE IF NOT EXISTS schema_migrations (name String, at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY name`,
  );
  const done = new Set(
    (await target.query<{ name: string }>('SELECT name FROM schema_migrations')).map((row) => row.name),
  );
  const pending = readdirSync(FOLDER)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name) && !done.has(name))
    .sort();
  for (const name of pending) {
    for (const statement of readFileSync(join(FOLDER, name), 'utf8').split(/;\s*$/m))
      if (statement.trim()) await target.command(statement);
    await target.command(`INSERT INTO schema_migrations (name) SETTINGS async_insert = 0 VALUES ('${name}')`);
  }
  return pending;
}
