/* Generated from schemas/identity by `npm run generate`. Do not edit. */

export type IdentityFile =
  | PersonChanged
  | PersonMerged
  | PersonSplit
  | PersonErased
  | AccountChanged
  | IdentityDecision
  | IdentityCommand
  | CommandAnswered;

/**
 * The person after a change, an absorbed one included (mergedInto set).
 */
export interface PersonChanged {
  type: 'person.changed';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  person: Person;
  cause: string;
}
export interface Person {
  id: string;
  workspace: string;
  ids: Identifier[];
  /**
   * identifiers that were seen together
   */
  edges?: Edge[];
  traits: {
    [k: string]: unknown;
  };
  name: string | null;
  /**
   * epoch ms
   */
  createdAt: number;
  accounts: Membership[];
  mergedFrom: string[];
  /**
   * set once absorbed; depth 1
   */
  mergedInto: string | null;
  /**
   * only rises
   */
  version: number;
}
export interface Identifier {
  /**
   * userId | email | phone | device | anonymousId | an externalIds type
   */
  namespace: string;
  /**
   * normalised
   */
  value: string;
  /**
   * as first seen
   */
  raw: string;
  /**
   * epoch ms
   */
  firstSeen: number;
  shared: boolean;
}
export interface Edge {
  /**
   * the touchpoint or command that said so first
   */
  cause: string;
  /**
   * namespace:value
   */
  ids: string[];
}
export interface Membership {
  accountId: string;
  /**
   * epoch ms
   */
  from: number;
  /**
   * epoch ms; null while it lasts
   */
  to: number | null;
  source: 'group' | 'crm' | 'domain' | 'link';
}
export interface PersonMerged {
  type: 'person.merged';
  factId: string;
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  from: string;
  into: string;
  /**
   * everyone ever absorbed
   */
  absorbed: string[];
  version: number;
  edge: {
    namespace: string;
    value: string;
    touchpointId: string | null;
  };
  cause: string;
}
export interface PersonSplit {
  type: 'person.split';
  factId: string;
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
  into: SplitPart[];
  version: number;
  /**
   * namespace:value of the identifiers that left
   */
  cut: string[];
  cause: string;
}
export interface SplitPart {
  personId: string;
  /**
   * namespace:value
   */
  ids: string[];
}
export interface PersonErased {
  type: 'person.erased';
  factId: string;
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
  cause: string;
  /**
   * of each identifier, as sha256 of workspace and namespace:value: by them dead letters and copies are found without naming anybody
   */
  hashes?: string[];
  /**
   * those of the hashes that are never to be stored again
   */
  suppressed?: string[];
}
export interface AccountChanged {
  type: 'account.changed';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  account: AccountSummary;
  mergedInto: string | null;
  cause: string;
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
export interface IdentityDecision {
  type: 'identity.decision';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  personId: string | null;
  decision:
    'blocked' | 'demoted' | 'quarantined' | 'refused' | 'shared' | 'limited' | 'ambiguous' | 'bridged' | 'suppressed';
  namespace: string;
  value: string;
  reason: string;
  cause: string;
}
/**
 * In `touchpoints`, the stitcher's inbox.
 */
export interface IdentityCommand {
  type: 'identity.command';
  workspace: string;
  commandId: string;
  command: 'merge' | 'split' | 'erase' | 'link' | 'unlink' | 'configure';
  params: {
    [k: string]: unknown;
  };
  /**
   * token id
   */
  by: string;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * What a command led to; also in `alerts` and others, read by whoever waits for commandId.
 */
export interface CommandAnswered {
  type: 'command.answered';
  workspace: string;
  commandId: string;
  ok: boolean;
  code: string | null;
  message: string | null;
  facts: {
    [k: string]: unknown;
  }[];
}
