/* Generated from schemas/alert by `npm run generate`. Do not edit. */

export type AlertFile = AlertFact | AlertCommand | CommandRefused;

export interface AlertFact {
  type: 'alert.opened' | 'alert.acknowledged' | 'alert.snoozed' | 'alert.escalated' | 'alert.resolved';
  factId: string;
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  alert: Alert;
  /**
   * a summary: id, name, definition, stage, status, score, account, owner
   */
  journey: {
    [k: string]: unknown;
  };
  imported: boolean;
  /**
   * the command that led to it, for whoever waits
   */
  commandId: string | null;
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
/**
 * Whose journeys: an account, or a person who has none.
 */
export interface SubjectRef {
  unit: 'account' | 'person';
  id: string;
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
 * In `journey-inbox`, to the partition of the alert's subject.
 */
export interface AlertCommand {
  type: 'alert.command';
  workspace: string;
  commandId: string;
  alertId: string;
  journeyId: string;
  command: 'acknowledge' | 'snooze' | 'resolve';
  /**
   * epoch ms
   */
  until: number | null;
  verdict: null | 'real' | 'not-a-stall' | 'already-handled';
  by: string;
  /**
   * epoch ms
   */
  at: number;
}
export interface CommandRefused {
  type: 'command.refused';
  workspace: string;
  commandId: string;
  code: string;
  message: string;
}
