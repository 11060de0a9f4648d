/* Generated from schemas/journey by `npm run generate`. Do not edit. */

export type JourneyFile = JourneyChanged;

export interface JourneyChanged {
  type: 'journey.changed';
  factId: string;
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  journey: Journey;
  touchpoint: TouchpointItem1 | null;
  /**
   * what else happened, for webhooks and the map
   */
  events: ('stage_changed' | 'qualified' | 'won' | 'lost' | 'absorbed' | 'stalled' | 'resumed' | 'rederived')[];
  /**
   * the stage before, for stage_changed
   */
  from: string | null;
  imported: boolean;
  /**
   * touchpoint id, timer, command id
   */
  cause: string;
  head?: JourneyHead;
}
/**
 * The journey resource of API.md section 4, as written to `journeys` after each change (times as text: it goes to the edge as it is).
 */
export interface Journey {
  /**
   * jrn_…
   */
  id: string;
  workspace: string;
  definition: string;
  definitionVersion: number;
  unit: 'account' | 'person';
  subject: SubjectRef;
  name: string | null;
  owner: string | null;
  account: JourneyAccount | null;
  people: JourneyPerson[];
  stage: string;
  /**
   * ISO-8601 UTC with milliseconds
   */
  stageSince: string;
  stages: StageVisit[];
  status: 'active' | 'stalled' | 'won' | 'lost' | 'absorbed';
  score: JourneyScore;
  pace: JourneyPace;
  alerts: Alert[];
  nextBestAction: {
    [k: string]: unknown;
  } | null;
  touchpoints: number;
  channels: string[];
  /**
   * ISO-8601 UTC with milliseconds: when it was won or lost, by the touchpoint's time; null while it lasts
   */
  endedAt?: string | null;
  /**
   * journey id
   */
  absorbedInto: string | null;
  /**
   * of the engagement points, so that a reader can decay them to now
   */
  halfLifeMs: number | null;
  /**
   * rises by exactly 1 with each journey.changed
   */
  seq: number;
  /**
   * ISO-8601 UTC with milliseconds
   */
  updatedAt: string;
}
/**
 * Whose journeys: an account, or a person who has none.
 */
export interface SubjectRef {
  unit: 'account' | 'person';
  id: string;
}
export interface JourneyAccount {
  id: string;
  name: string | null;
  domain: string | null;
  traits: {
    [k: string]: unknown;
  };
}
export interface JourneyPerson {
  id: string;
  name: string | null;
  email: string | null;
  roles: string[];
  /**
   * ISO-8601 UTC with milliseconds
   */
  lastInboundAt: string | null;
  touchpoints: number;
}
export interface StageVisit {
  stage: string;
  /**
   * ISO-8601 UTC with milliseconds
   */
  enteredAt: string;
  /**
   * ISO-8601 UTC with milliseconds
   */
  leftAt: string | null;
  touchpointId: string | null;
}
export interface JourneyScore {
  engagement: number;
  fit: number;
  total: number;
  qualification: null | 'mql' | 'sql';
  winProbability: number | null;
  /**
   * the engagement rules that are not 0 and the fit rules that hold (`touchpointId` null); they add up to `total`
   */
  reasons: ScoreReason[];
  /**
   * the fit rules that hold; they add up to `fit`
   */
  fitReasons?: ScoreReason[];
  /**
   * what the account's buyers make of the score together; null for a journey of one person
   */
  account?: AccountScore | null;
}
export interface ScoreReason {
  /**
   * the rule's name
   */
  name: string;
  points: number;
  /**
   * the last touchpoint that counted
   */
  touchpointId: string | null;
}
export interface AccountScore {
  /**
   * buyers who have done something themselves
   */
  engagedPeople: number;
  /**
   * roles of the definition that engaged buyers have, and how many of them
   */
  engagedRoles: {
    role: string;
    people: number;
  }[];
  /**
   * share of the roles that the stage requires which an engaged buyer has; null where it requires none
   */
  coverage: number | null;
  /**
   * roles that the stage requires and no engaged buyer has
   */
  missingRoles: string[];
  /**
   * share of the engaged buyers' touchpoints that are the busiest one's; null while nobody is engaged
   */
  topShare: number | null;
  /**
   * Herfindahl index of those shares: 1 where it all hangs on one buyer, 1/n where n take an equal part
   */
  concentration: number | null;
}
export interface JourneyPace {
  /**
   * ISO-8601 UTC with milliseconds
   */
  lastInboundAt: string | null;
  /**
   * ISO-8601 UTC with milliseconds
   */
  lastOutboundAt: string | null;
  /**
   * ISO-8601 duration as of updatedAt; recomputed when read
   */
  silentFor: string | null;
  normalPause: string | null;
  /**
   * ISO-8601 UTC with milliseconds
   */
  stallsAt: string | null;
  stallProbability: number | null;
  basis: 'fixed' | 'learned' | null;
}
export interface Alert {
  /**
   * alr_…
   */
  id: string;
  workspace: string;
  journeyId: string;
  subject: SubjectRef;
  definition: string;
  kind: 'stall' | 'role-silent' | 'single-threaded' | 'role-missing';
  stage: string;
  owner: string | null;
  state: 'open' | 'acknowledged' | 'snoozed' | 'resolved';
  /**
   * ISO-8601 UTC with milliseconds
   */
  openedAt: string;
  reason: AlertReason;
  nextBestAction: {
    [k: string]: unknown;
  } | null;
  /**
   * ISO-8601 UTC with milliseconds
   */
  snoozedUntil: string | null;
  verdict: null | 'real' | 'not-a-stall' | 'already-handled';
  resolvedBy: null | 'buyer' | 'person' | 'outcome';
  history: AlertStep[];
}
export interface AlertReason {
  /**
   * one plain sentence with the figures
   */
  text: string;
  /**
   * ISO-8601 duration
   */
  silentFor: string;
  normalPause: string | null;
  probability: number | null;
  quietPersonId: string | null;
  lastTouchpoints: TouchpointItem[];
}
/**
 * A touchpoint as the API answers it (API.md section 4).
 */
export interface TouchpointItem {
  id: string;
  messageId: string;
  /**
   * kind
   */
  type: string;
  event: string | null;
  /**
   * ISO-8601 UTC with milliseconds
   */
  timestamp: string;
  /**
   * ISO-8601 UTC with milliseconds
   */
  receivedAt: string;
  direction: 'inbound' | 'outbound' | 'none';
  channel: string | null;
  personId: string | null;
  accountId: string | null;
  properties: {
    [k: string]: unknown;
  };
}
export interface AlertStep {
  /**
   * ISO-8601 UTC with milliseconds
   */
  at: string;
  state: 'open' | 'acknowledged' | 'snoozed' | 'escalated' | 'resolved';
  /**
   * token name, 'buyer', 'outcome' or 'clock'
   */
  by: string | null;
}
/**
 * A touchpoint as the API answers it (API.md section 4).
 */
export interface TouchpointItem1 {
  id: string;
  messageId: string;
  /**
   * kind
   */
  type: string;
  event: string | null;
  /**
   * ISO-8601 UTC with milliseconds
   */
  timestamp: string;
  /**
   * ISO-8601 UTC with milliseconds
   */
  receivedAt: string;
  direction: 'inbound' | 'outbound' | 'none';
  channel: string | null;
  personId: string | null;
  accountId: string | null;
  properties: {
    [k: string]: unknown;
  };
}
/**
 * What boards, lists and the history need of a change, so that they need not read the journey; it comes before `touchpoint` and `journey` in the text.
 */
export interface JourneyHead {
  id: string;
  subjectId: string;
  definition: string;
  seq: number;
  absorbedInto: string | null;
  stage: string;
  /**
   * epoch ms
   */
  stageSince: number;
  status: 'active' | 'stalled' | 'won' | 'lost' | 'absorbed';
  owner: string | null;
  /**
   * names, domain and e-mails, lower case, cut
   */
  text: string;
  /**
   * as of updatedAt
   */
  engagement: number;
  fit: number;
  qualification: null | 'mql' | 'sql';
  halfLifeMs: number | null;
  /**
   * epoch ms
   */
  updatedAt: number;
  /**
   * of the touchpoint that caused it
   */
  touch: null | JourneyTouch;
}
export interface JourneyTouch {
  id: string;
  event: string | null;
  channel: string | null;
  direction: 'inbound' | 'outbound' | 'none';
  /**
   * epoch ms
   */
  at: number;
  personId: string | null;
}
