/** The resources of the read API, as far as the pages use them (docs/openapi.yaml has them in full). */
export type { Journey, TouchpointItem, JourneyPerson } from '@cairn/contracts/generated/journey.ts';
export type { Alert } from '@cairn/contracts/generated/alert.ts';

export interface OpsSample {
  admittedPerSecond: number;
  stitchedPerSecond: number;
  advancedPerSecond: number;
  lag: Record<string, number>;
  connections: number;
  deliveries: Record<string, number>;
}
