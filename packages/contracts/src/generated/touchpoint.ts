/* Generated from schemas/touchpoint by `npm run generate`. Do not edit. */

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
