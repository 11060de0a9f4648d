/** The resources of the read API, as far as the pages use them (docs/openapi.yaml has them in full). */
export type { Journey, TouchpointItem, JourneyPerson } from '@cairn/contracts/generated/journey.ts';
export type { Alert } from '@cairn/contracts/generated/alert.ts';
import type { Journey } from '@cairn/contracts/generated/journey.ts';

export interface OpsSample {
  admittedPerSecond: number;
  stitchedPerSecond: number;
  advancedPerSecond: number;
  lag: Record<string, number>;
  connections: number;
  deliveries: Record<string, number>;
}

export interface PersonItem {
  id: string;
  name: string | null;
  ids: { namespace: string; value: string; firstSeen: string; shared: boolean }[];
  traits: Record<string, unknown>;
  accounts: { accountId: string; from: string; to: string | null; source: string }[];
  mergedFrom: string[];
  version: number;
}

/** What a journey is called where it has no name of its own. */
export const nameOf = ({ name, account, people }: Pick<Journey, 'name' | 'account' | 'people'>): string =>
  name ?? account?.domain ?? people[0]?.name ?? people[0]?.email ?? 'Anonymous visitor';
