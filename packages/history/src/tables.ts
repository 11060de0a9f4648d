import type { HistoryTable } from './history.ts';

/**
 * The registry of tables that hold something of a person: squash, split and erase walk this list, so a new table that is not here
 * is a bug (a test compares it with the migrations).
 */
export const PERSON_COLUMNS: Readonly<Partial<Record<HistoryTable, readonly string[]>>> = {
  touchpoints: ['person_id'],
  journey_changes: ['person_id'],
  alert_facts: ['quiet_person_id'],
  people: ['person_id'],
  identity_overrides: ['person_id', 'into_id'],
};

/** Inserts that ClickHouse remembers per table to drop a repeated one: the sink repeats at most its last plan, of at most a few inserts a table. */
export const DEDUPLICATION_WINDOW = 1_000;
