/* Generated from schemas/action by `npm run generate`. Do not edit. */

export type ActionFile = ActionFact | ActionCommand | PolicyTotals | ActionRefused;

export interface ActionFact {
  type:
    | 'action.chosen'
    | 'action.requested'
    | 'action.accepted'
    | 'action.failed'
    | 'action.expired'
    | 'action.suppressed'
    | 'action.superseded'
    | 'action.withdrawn'
    | 'action.done'
    | 'action.declined'
    | 'action.snoozed';
  factId: string;
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  action: Action;
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
/**
 * A next best action, as the API, alerts, journeys and webhooks show it.
 */
export interface Action {
  /**
   * act_…
   */
  id: string;
  /**
   * of the definition
   */
  name: string;
  workspace: string;
  journeyId: string;
  subject: SubjectRef;
  definition: string;
  definitionVersion: number;
  /**
   * the alert that it answers
   */
  alertId: string | null;
  /**
   * the play whose step it is
   */
  play: string | null;
  state:
    | 'chosen'
    | 'requested'
    | 'accepted'
    | 'snoozed'
    | 'done'
    | 'failed'
    | 'declined'
    | 'expired'
    | 'suppressed'
    | 'superseded'
    | 'withdrawn';
  /**
   * the template's title, filled in
   */
  title: string;
  /**
   * why, in a sentence
   */
  reason: string;
  /**
   * whom it is meant for
   */
  person: ActionPerson | null;
  channel: string | null;
  /**
   * every text of the template, filled in
   */
  template: {
    [k: string]: string;
  };
  /**
   * with which probability it was chosen
   */
  propensity: number;
  /**
   * what could have been chosen, 'wait' included
   */
  eligible: EligibleAction[];
  policyVersion: string;
  /**
   * true: only noted, nothing is done, so that lift can be measured
   */
  holdout: boolean;
  chosenAt: string;
  requestedAt: string | null;
  expiresAt: string | null;
  snoozedUntil: string | null;
  outcome: null | 'done' | 'failed' | 'declined';
  note: string | null;
  /**
   * token name, play, or clock
   */
  by: string | null;
  /**
   * the guard rail, or why it was withdrawn
   */
  suppressedBy: string | null;
}
/**
 * Whose journeys: an account, or a person who has none.
 */
export interface SubjectRef {
  unit: 'account' | 'person';
  id: string;
}
export interface ActionPerson {
  id: string;
  name: string | null;
  email: string | null;
}
export interface EligibleAction {
  name: string;
  propensity: number;
  /**
   * the reward that the policy expects
   */
  expected: number | null;
}
/**
 * In `journey-inbox`, to the partition of the action's subject.
 */
export interface ActionCommand {
  type: 'action.command';
  workspace: string;
  commandId: string;
  actionId: string;
  journeyId: string;
  command: 'accept' | 'snooze' | 'dismiss' | 'result';
  outcome: null | 'done' | 'failed' | 'declined';
  note: string | null;
  /**
   * epoch ms
   */
  until: number | null;
  by: string;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * What a partition has learned of a definition's actions; the newest of each partition counts.
 */
export interface PolicyTotals {
  type: 'policy.totals';
  workspace: string;
  definition: string;
  partition: number;
  /**
   * epoch ms
   */
  at: number;
  policyVersion: string;
  arms: {
    [k: string]: ArmTotals;
  };
}
export interface ArmTotals {
  tries: number;
  /**
   * chosen in the holdout, and not done
   */
  held: number;
  requested: number;
  /**
   * sum of 1 / propensity
   */
  weights: number;
  weightSquares: number;
  treated: ActionCount;
  holdout: ActionCount;
}
export interface ActionCount {
  labelled: number;
  replied: number;
  advanced: number;
  won: number;
  unsubscribed: number;
  reward: number;
  rewardSquares: number;
}
export interface ActionRefused {
  type: 'action.refused';
  workspace: string;
  commandId: string;
  code: string;
  message: string;
}
