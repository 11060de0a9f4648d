/* Generated from schemas/stitched by `npm run generate`. Do not edit. */

export type StitchedFile =
  | StitchedTouchpoint
  | SubjectHandedOver
  | PersonMergedNotice
  | SubjectStateSent
  | PersonSplitNotice
  | PersonErasedNotice
  | SubjectRederive
  | SubjectTouchpoints;

/**
 * A touchpoint with its person, account and subject as of now; person is null for a role mailbox that counts for the account only.
 */
export interface StitchedTouchpoint {
  type: 'touchpoint.stitched';
  workspace: string;
  subject: SubjectRef;
  touchpoint: Touchpoint;
  person: PersonSummary | null;
  account: AccountSummary | null;
  /**
   * namespace:value of the highest-priority identifier, for re-attribution when reading
   */
  stitchKey: string;
}
/**
 * Whose journeys: an account, or a person who has none.
 */
export interface SubjectRef {
  unit: 'account' | 'person';
  id: string;
}
/**
 * An admitted touchpoint: what ingest appends to `touchpoints`.
 */
export interface Touchpoint {
  type: 'touchpoint.admitted';
  workspace: string;
  /**
   * deterministic: a hash of workspace and messageId
   */
  id: string;
  /**
   * as the client sent it, or made by the server
   */
  messageId: string;
  kind: 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias';
  /**
   * track: its event; page: 'Page Viewed'; screen: 'Screen Viewed'; else null
   */
  event: string | null;
  /**
   * the name of a page or screen
   */
  name: string | null;
  userId: string | null;
  anonymousId: string | null;
  /**
   * group(): its groupId; else context.groupId
   */
  groupId: string | null;
  /**
   * alias only
   */
  previousId: string | null;
  /**
   * epoch ms, corrected for the client's clock skew
   */
  timestamp: number;
  /**
   * as sent
   */
  originalTimestamp: string | null;
  /**
   * epoch ms
   */
  receivedAt: number;
  /**
   * of the person; for a group() call, of the account
   */
  traits: {
    [k: string]: unknown;
  };
  properties: {
    [k: string]: unknown;
  };
  /**
   * Segment's context, cleaned
   */
  context: {
    [k: string]: unknown;
  };
  /**
   * as stated or implied by the kind; null: the definition decides, default inbound
   */
  direction: 'inbound' | 'outbound' | 'none' | null;
  /**
   * given or derived
   */
  channel: string | null;
  bot: boolean;
  /**
   * imported history fires no actions
   */
  imported: boolean;
  /**
   * 'http', or the name given to the import or source
   */
  source: string;
}
export interface PersonSummary {
  id: string;
  userId: string | null;
  name: string | null;
  email: string | null;
  /**
   * no userId and no e-mail is known
   */
  anonymous: boolean;
  traits: {
    [k: string]: unknown;
  };
}
export interface AccountSummary {
  id: string;
  groupId: string | null;
  name: string | null;
  domain: string | null;
  traits: {
    [k: string]: unknown;
  };
}
/**
 * Stitcher → the partition of `from`: close its journeys and send its state to `into`.
 */
export interface SubjectHandedOver {
  type: 'subject.handed-over';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  from: SubjectRef;
  into: SubjectRef;
  /**
   * the person it concerns, if one
   */
  personId: string | null;
  /**
   * touchpoint or command id
   */
  cause: string;
}
/**
 * Stitcher → the partition of a subject that holds `from`: fold its people.
 */
export interface PersonMergedNotice {
  type: 'person.merged';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  /**
   * absorbed person
   */
  from: string;
  /**
   * person who lives on
   */
  into: string;
  person: PersonSummary;
  subject: SubjectRef;
  cause: string;
}
/**
 * Orchestrator → the partition of `into`: what the absorbed subject's journeys held.
 */
export interface SubjectStateSent {
  type: 'subject.state';
  workspace: string;
  /**
   * epoch ms of the hand-over as the stitcher decided it
   */
  at: number;
  from: SubjectRef;
  into: SubjectRef;
  /**
   * set where the state is one person's within an account
   */
  personId: string | null;
  /**
   * SubjectState of the orchestrator's core
   */
  state: {
    [k: string]: unknown;
  };
  cause: string;
  /**
   * how often it was sent on because `into` had been absorbed too
   */
  hops: number;
}
/**
 * Stitcher → the partition of a subject that holds the person: derive its journeys anew.
 */
export interface PersonSplitNotice {
  type: 'person.split';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  /**
   * who was split, and keeps what stays
   */
  personId: string;
  /**
   * everyone that results, the one who was split first
   */
  parts: SplitPerson[];
  subject: SubjectRef;
  cause: string;
}
export interface SplitPerson {
  person: PersonSummary;
  /**
   * namespace:value; touchpoints follow their stitchKey
   */
  ids: string[];
  subject: SubjectRef1;
}
/**
 * Whose journeys: an account, or a person who has none.
 */
export interface SubjectRef1 {
  unit: 'account' | 'person';
  id: string;
}
/**
 * Stitcher → the partition of a subject that holds the person: forget it.
 */
export interface PersonErasedNotice {
  type: 'person.erased';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  personId: string;
  /**
   * everyone who had been absorbed: erased, too
   */
  absorbed: string[];
  /**
   * hashes of identifiers that are never to be stored again
   */
  suppressed?: string[];
  subject: SubjectRef;
  cause: string;
}
/**
 * Stitcher → the partition of the subject, and the history, which answers with its touchpoints: derive its journeys anew.
 */
export interface SubjectRederive {
  type: 'subject.rederive';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  subject: SubjectRef;
  account: AccountSummary | null;
  /**
   * names the order; the answer carries it
   */
  job: string;
  /**
   * null: the history has it already, the touchpoints are only to be read again
   */
  rederivation: Rederivation | null;
  cause: string;
}
/**
 * Whose touchpoints have to be shared out anew, and among whom.
 */
export interface Rederivation {
  /**
   * all that are derived anew; each gets the same order
   */
  subjects: SubjectRef[];
  /**
   * person ids that the touchpoints concerned were stamped with
   */
  were: string[];
  people: RederivedPerson[];
}
export interface RederivedPerson {
  person: PersonSummary;
  /**
   * namespace:value; touchpoints follow their stitchKey
   */
  ids: string[];
  subject: SubjectRef;
  /**
   * accounts that the person is or was a member of; touchpoints stay with those
   */
  accounts: RederivedMembership[];
}
export interface RederivedMembership {
  accountId: string;
  /**
   * epoch ms
   */
  from: number;
  /**
   * epoch ms; null while it lasts
   */
  to: number | null;
}
/**
 * History → the partition of the subject: a page of its touchpoints, in the order in which they were stitched. Past: they fire no actions.
 */
export interface SubjectTouchpoints {
  type: 'subject.touchpoints';
  workspace: string;
  subject: SubjectRef;
  job: string;
  /**
   * from 0
   */
  page: number;
  last: boolean;
  touchpoints: PastTouchpoint[];
}
export interface PastTouchpoint {
  touchpoint: Touchpoint;
  /**
   * who owns it now
   */
  personId: string | null;
  accountId: string | null;
  /**
   * log time, epoch ms
   */
  stitchedAt: number;
}
