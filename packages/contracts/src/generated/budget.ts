/* Generated from schemas/budget by `npm run generate`. Do not edit. */

export type BudgetFile = BudgetAsked | BudgetWithdrawn | BudgetGranted | BudgetSilence | BudgetChosen | BudgetTold;

/**
 * In `journey-inbox`, to the partition of the owner's budget: may a stall alert open?
 */
export interface BudgetAsked {
  type: 'budget.asked';
  workspace: string;
  definition: string;
  /**
   * Whose budget; empty: nobody's in particular.
   */
  owner: string;
  /**
   * Key of the subject's state.
   */
  place: string;
  /**
   * Decides the partition of the answer.
   */
  subjectId: string;
  journeyId: string;
  /**
   * stallProbability at that moment.
   */
  probability: number;
  /**
   * epoch ms; with the journey it names the question
   */
  at: number;
}
/**
 * The silence that an alert was asked for is over.
 */
export interface BudgetWithdrawn {
  type: 'budget.withdrawn';
  workspace: string;
  definition: string;
  owner: string;
  journeyId: string;
  /**
   * epoch ms
   */
  askedAt: number;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * In `journey-inbox`, to the subject's partition: the alert may open.
 */
export interface BudgetGranted {
  type: 'budget.granted';
  workspace: string;
  definition: string;
  place: string;
  journeyId: string;
  /**
   * epoch ms
   */
  askedAt: number;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * In `journey-inbox`, to the partition of the owner's budget: what came of a silence.
 */
export interface BudgetSilence {
  type: 'budget.silence';
  workspace: string;
  definition: string;
  owner: string;
  /**
   * The highest stallProbability that the silence had.
   */
  probability: number;
  /**
   * It reached the horizon, or the journey ended in it.
   */
  stalled: boolean;
  /**
   * epoch ms of its horizon: before it counts for neither side
   */
  due: number;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * In `journey-inbox`, to every partition: the threshold of the owner's learned stalls from now on.
 */
export interface BudgetChosen {
  type: 'budget.chosen';
  workspace: string;
  definition: string;
  owner: string;
  /**
   * null: the default holds again
   */
  threshold: number | null;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * On `actions`, beside what is learned of them: an owner's budget after a change, whole.
 */
export interface BudgetTold {
  type: 'budget.told';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  /**
   * opened, waiting, dropped, returned, chosen: how many of each this tells of
   */
  what: {
    [k: string]: number;
  };
  budget: AlertBudgetState;
}
export interface AlertBudgetState {
  definition: string;
  /**
   * null: of everybody, or of journeys without an owner
   */
  owner: string | null;
  /**
   * At most so many new alerts a working day.
   */
  count: number;
  per: 'owner' | 'workspace';
  /**
   * An alert opens at this stallProbability.
   */
  threshold: number;
  /**
   * null: the default holds, for too little is known
   */
  chosenAt: string | null;
  /**
   * null until two weeks are known
   */
  expected: null | BudgetExpectation;
  today: BudgetToday;
  totals: BudgetTotals;
}
export interface BudgetExpectation {
  /**
   * Alerts a working day at this threshold, before the cap.
   */
  perDay: number;
  /**
   * Even the highest threshold gives more: the cap holds the rest back.
   */
  overBudget: boolean;
  /**
   * The share of them whose silence goes on to the horizon.
   */
  precision: number | null;
  /**
   * What that is known from.
   */
  silences: number;
  /**
   * Days of them, at most 28.
   */
  days: number;
}
export interface BudgetToday {
  /**
   * The day that was last counted; null: none yet.
   */
  date: string | null;
  opened: number;
  /**
   * Alerts that wait for a working day with room.
   */
  waiting: number;
}
/**
 * Since the budget was given.
 */
export interface BudgetTotals {
  opened: number;
  /**
   * Did not open on the day on which they were due.
   */
  waited: number;
  /**
   * Waited for 5 days and did not open.
   */
  dropped: number;
  /**
   * The buyer came back, or a person saw to it, while they waited.
   */
  returned: number;
}
