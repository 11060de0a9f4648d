/**
 * A journey as a replay needs it with each fact: which it is and where it stands. The whole resource (people, reasons, times as text) is a
 * third of the work of a touchpoint, and a replay writes it once, at the end.
 */
import type { Journey } from '@cairn/contracts/generated/journey.ts';
import type { JourneyPlace } from '@cairn/orchestrator/core/render-journey.ts';
import type { JourneyState } from '@cairn/orchestrator/core/state.ts';

const NOT_WRITTEN = {
  name: null,
  owner: null,
  account: null,
  people: [],
  stageSince: '',
  stages: [],
  pace: {
    lastInboundAt: null,
    lastOutboundAt: null,
    silentFor: null,
    normalPause: null,
    stallsAt: null,
    stallProbability: null,
    basis: null,
  },
  alerts: [],
  nextBestAction: null,
  channels: [],
  halfLifeMs: null,
  updatedAt: '',
} satisfies Partial<Journey>;

export function renderLightly(
  { workspace, subject, definition }: JourneyPlace,
  journey: JourneyState,
  _now: number,
  absorbedInto: string | null,
): Journey {
  return {
    ...NOT_WRITTEN,
    id: journey.id,
    workspace,
    definition: definition.name,
    definitionVersion: definition.version,
    unit: subject.unit,
    subject: subject.host === null ? { unit: subject.unit, id: subject.id } : { unit: 'account', id: subject.host },
    stage: journey.stage,
    status: absorbedInto === null ? journey.status : 'absorbed',
    score: {
      engagement: 0,
      fit: 0,
      total: 0,
      qualification: journey.qualification,
      winProbability: null,
      reasons: [],
      fitReasons: [],
    },
    touchpoints: journey.touchpoints,
    absorbedInto,
    seq: journey.seq,
  };
}
