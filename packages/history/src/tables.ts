import type { HistoryTable } from './history.ts';

/**
 * The registry of tables that hold something of a person: squash, split and erase walk this list, so a new table that is not here
 * is a bug (a test compares it with the migrations). `erasures` is left out: that somebody was erased must stay known.
 */
export const PERSON_COLUMNS: Readonly<Partial<Record<HistoryTable, readonly string[]>>> = {
  touchpoints: ['person_id'],
  journey_changes: ['person_id'],
  alert_facts: ['quiet_person_id'],
  people: ['person_id'],
  touchpoint_values: ['person_id'],
  identity_overrides: ['person_id', 'into_id'],
  touchpoint_moves: ['person_id'],
};

/** Where a subject stands that may be a person on its own: such rows are the person's whoever did what they tell of. */
export const SUBJECT_COLUMNS: Readonly<Partial<Record<HistoryTable, readonly string[]>>> = {
  journey_changes: ['subject_id'],
  journey_visits: ['subject_id'],
  subject_hand_overs: ['subject_id', 'into_id'],
};

/** Inserts that ClickHouse remembers per table to drop a repeated one: the sink repeats at most its last plan, of at most a few inserts a table. */
export const DEDUPLICATION_WINDOW = 1_000;
