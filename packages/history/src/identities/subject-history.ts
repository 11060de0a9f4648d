import type { PastTouchpoint, SubjectRederive } from '@cairn/contracts/generated/stitched.ts';

/**
 * What undoing and erasing need of the history: orders to derive anew, whose touchpoints are whose now, and forgetting. The port;
 * `subject-history.clickhouse.ts` asks ClickHouse, `subject-history.memory.ts` the rows of the simulator.
 */
export interface SubjectHistory {
  /** Orders of a job that are in the history, one for each subject. */
  orders(workspace: string, job: string): Promise<RederiveOrder[]>;
  /** Touchpoints that count for `subjectId` now, belong to one of `people`, and follow one of `keys`. */
  candidates(
    workspace: string,
    subjectId: string,
    of: { people: readonly string[]; keys: readonly string[] },
  ): Promise<Candidate[]>;
  /** Kept once for each token. */
  move(moves: readonly TouchpointMove[], token: string): Promise<void>;
  /** The subject's touchpoints in the order in which they were stitched, each with who owns it now. */
  page(workspace: string, subjectId: string, from: PageFrom): Promise<TouchpointPage>;
  /** How many touchpoints are theirs now. */
  count(workspace: string, personIds: readonly string[]): Promise<number>;
  /** Every row of every table of the registry that is about one of them, and that it is done. Done again it does nothing. */
  erase(workspace: string, personIds: readonly string[], hashes: readonly string[]): Promise<void>;
  /** `workspace/person` of everyone ever erased whose rows are gone. */
  erased(): Promise<ReadonlySet<string>>;
  /** Erasures that were told and are not carried out yet. */
  waitingErasures(): Promise<readonly Erasure[]>;
}

export interface Erasure {
  workspace: string;
  personIds: readonly string[];
  /** Of identifiers, as the fact told them. */
  hashes: readonly string[];
}

export interface RederiveOrder {
  message: SubjectRederive;
  partition: number;
  /** Decimal. */
  offset: string;
  /** Rises with the log. Decimal. */
  version: string;
}

export interface Candidate {
  id: string;
  stampedSubjectId: string;
  /** For whom it counts now. */
  subjectId: string;
  personId: string;
  /** '' for none. */
  accountId: string;
  /** It named its account itself. */
  named: boolean;
  stitchKey: string;
  /** Epoch ms. */
  timestamp: number;
}

export interface TouchpointMove {
  workspace: string;
  touchpoint_id: string;
  stamped_subject_id: string;
  subject_id: string;
  account_id: string;
  person_id: string;
  job: string;
  version: string;
}

export interface PageFrom {
  /** What came to the subject's own partition from here on is no past. */
  fence: { partition: number; offset: string };
  /** Opaque; null: from the first. */
  after: string | null;
  limit: number;
}

export interface TouchpointPage {
  touchpoints: PastTouchpoint[];
  /** null: there are no more. */
  next: string | null;
}
