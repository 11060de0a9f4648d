/**
 * What the advance task keeps of a subject and its journeys: plain JSON, every list bounded. Times are epoch ms. Written once per
 * touchpoint, so small: a typical journey is under 1.5 kB.
 */
import type { AlertReason } from '@cairn/contracts/generated/alert.ts';
import type { AccountSummary, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import type { Counts } from './count.ts';
import type { OutreachState } from './next-best-action/outreach-state.ts';
import type { Judged } from './verdict.ts';

/** An account, a person without one, or (under definitions of unit person) one person within an account. */
export interface SubjectState {
  unit: 'account' | 'person';
  id: string;
  /** The account within which this person is kept: its partition is where messages for them go. Null: the subject itself. */
  host: string | null;
  /** As last seen, traits bounded. */
  account: AccountSummary | null;
  /** In the order in which they came; a list, because every id as a key would cost a hidden class of its own. */
  people: readonly PersonInfo[];
  /** Absorbed person id → who lives on; for state that arrives after the merge was told. */
  aliases?: Readonly<Record<string, string>>;
  /** By definition name. */
  journeys: Readonly<Record<string, JourneyState>>;
  /** Of a subject that was absorbed and lives again: where the seqs of its journeys go on. */
  seqs?: Readonly<Record<string, number>>;
}

/** What is left of a subject that was absorbed: where messages for it go, and where its seq would go on. */
export interface MovedSubject {
  moved: SubjectRef;
  /** When the stitcher decided it; a later decision may bring the subject back. */
  at: number;
  seqs: Readonly<Record<string, number>>;
}

export interface PersonInfo {
  id: string;
  name: string | null;
  email: string | null;
  userId: string | null;
  /** Log time of a touchpoint of theirs, at most an hour older than the last one's. */
  seenAt: number;
}

export interface JourneyState {
  id: string;
  /** Of the definition that it last advanced by. */
  version: number;
  seq: number;
  startedAt: number;
  stage: string;
  stageSince: number;
  visits: readonly Visit[];
  status: 'active' | 'stalled' | 'won' | 'lost';
  /** Touchpoint time of the outcome. */
  endedAt: number | null;
  touchpoints: number;
  channels: readonly string[];
  inboundAt: number | null;
  outboundAt: number | null;
  pauses: Pauses;
  /** What its silence is foretold and learned from; absent before the first inbound touchpoint. */
  silence?: Silence;
  /** What it will teach of winning; absent where the definition has no two outcomes. */
  win?: WinTrace;
  /** Troubles of roles that have had their alert, by kind. */
  roles?: Readonly<Partial<Record<AlertKind, string>>>;
  stall: StallState;
  points: Points;
  /** Fit rules of the account that hold now. */
  fit: readonly string[];
  qualification: 'mql' | 'sql' | null;
  /** In the order in which they came. */
  people: readonly PersonTrace[];
  /** Newest first. */
  last: readonly LastTouchpoint[];
  /** By kind; resolved ones are gone. */
  alerts: Readonly<Partial<Record<AlertKind, AlertState>>>;
  /** Actions and plays; absent: there never was one. */
  outreach?: OutreachState;
  /** What the definition's `count`s have counted. */
  counts?: Counts;
  /** When the next meeting is. */
  meetingAt?: number;
  /** Who looks after it, where the account does not say: assigned in turn when the first alert opened. */
  owner?: string;
  /** Verdicts of people that hold alerts back, by kind. */
  judged?: Readonly<Partial<Record<AlertKind, Judged>>>;
  updatedAt: number;
}

/** [stage, entered, left, the touchpoint that entered it (null: the journey started there; empty: time alone)] */
export type Visit = readonly [stage: string, enteredAt: number, leftAt: number | null, touchpointId: string | null];

export const ENTERED_BY_TIME = '';

/** Engagement: three lists side by side, an entry for each rule that ever matched. */
export interface Points {
  /** When the sums were worth what they are. */
  at: number;
  rules: readonly string[];
  sums: readonly number[];
  /** The last touchpoint that counted. */
  by: readonly string[];
}

/** Of pauses between inbound touchpoints: [how many, milliseconds together, business days together] */
export type Pauses = readonly [count: number, ms: number, businessDays: number];

/** Since the last inbound touchpoint. Times are epoch ms. */
export interface Silence {
  at: number;
  /** The pause before it (ms); −1: it was the first. */
  gap: number;
  /** Touchpoints of the journey so far: the buyer's, ours. */
  ins: number;
  outs: number;
  /** Inbound touchpoints, each counting half after a week. */
  activity: number;
  /** Hash of the event it began with. */
  event: number;
  /** The first bin of it that is not learned from yet; −1: nothing more is to be learned from it. */
  next: number;
  /** The journey ended in it then; 0: it has not. */
  endedAt: number;
  /** Before that time its end cannot be known: it was imported, or came late; 0: it can. */
  settlesAt: number;
  /** What was foretold of it at one moment, until it is known what came of it. */
  sample?: SilenceSample;
}

/** What a journey looked like at one of its touchpoints. */
export interface WinTrace {
  at: number;
  /** Of the model's table; empty: it has been learned from. */
  slots: readonly number[];
  /** Hashes of the traits that the model may use, as last seen. */
  traits: readonly number[];
}

/** When (epoch ms), the logits of silence for each horizon that is recalibrated (null: known by now), and the lessons the model had learned by then. */
export type SilenceSample = readonly [at: number, ...logitsAndLessons: (number | null)[]];

export interface StallState {
  /** When this silence becomes a stall; null: never in this stage. */
  at: number | null;
  /** When the timer is due; null: none is set. */
  due: number | null;
  /** How late the pipeline was with the last inbound touchpoint (ms); a backlog is not the buyer's silence. */
  lag: number;
  /** This silence has had its alert, or (imported) is not to have one. */
  settled: boolean;
  /** Of a learned stall: since when the silence counts that `at` was foretold for. */
  since?: number;
  /** Its alert waits for a slot of this owner's budget; granted: it has it, and waits for the owner's working hours. */
  asked?: { at: number; owner: string; granted?: true };
}

export interface PersonTrace {
  id: string;
  touchpoints: number;
  inboundAt: number | null;
  roles?: readonly string[];
  /** Consent categories given, of those that the definition asks for. */
  consent?: readonly string[];
  /** Unsubscribed, or never to be contacted. */
  noContact?: true;
  /** IANA zone, where quiet hours ask for it. */
  zone?: string;
  /** Fit rules that ask for the person and hold for this one. */
  fit?: readonly string[];
}

export type LastTouchpoint = readonly [
  id: string,
  messageId: string,
  kind: Touchpoint['kind'],
  event: string | null,
  timestamp: number,
  receivedAt: number,
  direction: 'inbound' | 'outbound' | 'none',
  channel: string | null,
  personId: string | null,
  properties: Readonly<Record<string, unknown>> | null,
];

export const ALERT_KINDS = ['stall', 'role-silent', 'single-threaded', 'role-missing'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export interface AlertState {
  id: string;
  kind: AlertKind;
  stage: string;
  state: 'open' | 'acknowledged' | 'snoozed' | 'resolved';
  openedAt: number;
  reason: AlertReason;
  snoozedUntil: number | null;
  verdict: 'real' | 'not-a-stall' | 'already-handled' | null;
  resolvedBy: 'buyer' | 'person' | 'outcome' | null;
  history: readonly (readonly [at: number, state: AlertStepState, by: string | null])[];
}
export type AlertStepState = 'open' | 'acknowledged' | 'snoozed' | 'escalated' | 'resolved';

/** A buying group is about ten people; the state of a subject is written whole at each touchpoint. The least recent leave. */
export const PEOPLE_KEPT = 50;
/** Enough for a year of going back and forth. */
export const VISITS_KEPT = 30;
export const CHANNELS_KEPT = 20;
/** An alert shows the last few; the timeline has them all. */
export const LAST_TOUCHPOINTS_KEPT = 3;
/** Of a touchpoint's properties that an alert may show, names and values together; of more, none. */
export const LAST_PROPERTIES_CHARS = 60;
/** Characters of JSON of an account's traits. */
export const TRAITS_CHARS = 4_096;
export const ALIASES_KEPT = 50;
/** Acknowledge and snooze may go on for ever; the newest are kept. */
export const ALERT_STEPS_KEPT = 20;

export function isMoved(state: SubjectState | MovedSubject): state is MovedSubject {
  return 'moved' in state;
}
