/**
 * What a workspace may set about stitching, and the defaults (DESIGN section 6). Settings are state: they come through the inbox, so
 * that a replay stitches as the first run did.
 */
export interface NamespaceRule {
  /** 1 is the most durable. The lowest-priority identifier of a touchpoint is the first to be dropped in a conflict. */
  priority: number;
  /** Values attached to one person, within `windowMs` if given. Stops an attachment, never a merge. */
  limit: number;
  /** null: for ever. */
  windowMs: number | null;
  /** No person ever holds two values. */
  unique: boolean;
  /** Names a device rather than a person: seen with a second unique value it is shared. */
  shareable: boolean;
}

export interface StitchSettings {
  namespaces: Readonly<Record<string, NamespaceRule>>;
  /** For every type of `context.externalIds` that is not among `namespaces`; each type has its own limit. */
  externalIds: NamespaceRule;
  /** An anonymousId or device seen with a second userId: `isolate` it from both, leave it with the `first`, or move it to the `last`. */
  sharedDevices: 'isolate' | 'first' | 'last';
  /** On a merge: the `newest` value of each trait wins (by touchpoint time), or the survivor `keep`s its own and blanks are filled. */
  traitsOnMerge: 'newest' | 'keep';
  /** mail.acme.com and acme.com are one company. */
  foldSubdomains: boolean;
  maxIdsPerPerson: number;
  maxMergesPerPerson: number;
  /** A value that reaches more people than this in a day is quarantined: its edges make no new merges. */
  quarantineAbove: number;
  /** Blocked besides the default list, in any namespace, whatever the case. */
  blockedValues: readonly string[];
  /** RE2 expressions, found anywhere in a normalised value of any namespace. Absent in what was stored before there were any. */
  blockedPatterns?: readonly string[];
  /** Set by the first erasure that asks for it: only then is every identifier looked up in the suppression list. */
  suppresses: boolean;
}

const WEEK = 7 * 86_400_000;
const forEver = { windowMs: null, unique: false, shareable: false };

export const DEFAULT_SETTINGS: StitchSettings = {
  namespaces: {
    userId: { priority: 1, limit: 1, windowMs: null, unique: true, shareable: false },
    email: { priority: 2, limit: 5, ...forEver },
    phone: { priority: 3, limit: 5, ...forEver },
    device: { priority: 4, limit: 5, windowMs: null, unique: false, shareable: true },
    anonymousId: { priority: 5, limit: 5, windowMs: WEEK, unique: false, shareable: true },
  },
  externalIds: { priority: 4, limit: 5, ...forEver },
  sharedDevices: 'isolate',
  traitsOnMerge: 'newest',
  foldSubdomains: true,
  // Over it a "person" is a script, a kiosk or a data error; merging it costs milliseconds of the workspace's one writer.
  maxIdsPerPerson: 1_000,
  maxMergesPerPerson: 100,
  quarantineAbove: 20,
  blockedValues: [],
  suppresses: false,
};

export function ruleOf(settings: StitchSettings, namespace: string): NamespaceRule {
  return Object.hasOwn(settings.namespaces, namespace) ? settings.namespaces[namespace]! : settings.externalIds;
}
