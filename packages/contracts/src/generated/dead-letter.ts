/* Generated from schemas/dead-letter by `npm run generate`. Do not edit. */

export interface DeadLetter {
  type: 'dead-letter';
  /**
   * dl_…
   */
  id: string;
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  /**
   * from a closed list: ingest's refusals, or handler-failed
   */
  reason: string;
  messageId: string | null;
  /**
   * what came, as text, cut at 64 KB
   */
  raw: string;
  service: string;
  error: string | null;
  position: {
    topic: string;
    partition: number;
    offset: string;
    /**
     * hash or seq of the state it met
     */
    stateVersion: string | null;
  } | null;
}
