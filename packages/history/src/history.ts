/**
 * The history: everything that happened, in ClickHouse, for timelines, the journey map, funnels, paths and audits. This is the
 * port; `history.clickhouse.ts` implements it on a server or on chDB in process, `history.memory.ts` for the simulator.
 */
export interface History {
  /** Rows of a SELECT; `{name: Type}` placeholders are filled from `params` by the server, never by string building. */
  query<T>(sql: string, params?: Readonly<Record<string, unknown>>): Promise<T[]>;
  /** A statement without rows (a mutation); resolves once it is done. */
  command(sql: string, params?: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * Inserts rows (plain data by column). Two inserts of one `token` land once: whoever is unsure whether an insert went through does
   * it again under the same token with the same rows. Rejects with `RowsRefused` where one of the rows can never be taken.
   */
  insert(table: HistoryTable, rows: readonly Readonly<Record<string, unknown>>[], token: string): Promise<void>;
  /** The newest plan of a sink (see `sink.ts`), or null. */
  lastPlan(sink: string): Promise<{ number: number; ranges: string } | null>;
  /** True while queries are answered. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}

export type HistoryTable =
  | 'touchpoints'
  | 'journey_changes'
  | 'alert_facts'
  | 'delivery_attempts'
  | 'people'
  | 'identity_overrides'
  | 'subject_hand_overs'
  | 'dead_letters'
  | 'touchpoint_moves'
  | 'rederivations'
  | 'erasures'
  | 'journey_visits'
  | 'journey_rebuilds'
  | 'touchpoint_values'
  | 'sink_plans';

/** The history is away or refused: try again later; nothing that was acknowledged is lost (the log keeps it). */
export class HistoryUnavailable extends Error {
  override name = 'HistoryUnavailable';
}

/** The history answered, and refuses these rows for what is in them: again would not help. */
export class RowsRefused extends Error {
  override name = 'RowsRefused';
}
