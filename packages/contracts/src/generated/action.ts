/* Generated from schemas/action by `npm run generate`. Do not edit. */

export type ActionFile = ActionFact;

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
    | 'action.declined';
  factId: string;
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  action: {
    [k: string]: unknown;
  };
  journey: {
    [k: string]: unknown;
  };
}
