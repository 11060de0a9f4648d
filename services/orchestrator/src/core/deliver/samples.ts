import { matchesType } from './type-patterns.ts';

/** One event of each type as receivers will get it: for building a workflow before anything has happened. */
export interface SampleEvent {
  /** What a webhook-id would be: Zapier wants one in each sample. */
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

const AT = '2026-01-31T08:00:00.000Z';
const COMMON = { workspace: 'ws_sample', factId: 'fact_sample' };
const JOURNEY = {
  id: 'jrn_sample',
  name: 'Acme',
  definition: 'b2b-sales',
  stage: 'evaluation',
  status: 'stalled',
  unit: 'account',
  score: { engagement: 42.1, fit: 20, total: 62.1, qualification: 'sql' },
  account: { id: 'acc_sample', name: 'Acme', domain: 'acme.example' },
  owner: 'ann@seller.example',
  people: 3,
  touchpoints: 31,
};
const ALERT = {
  id: 'alr_sample',
  journeyId: JOURNEY.id,
  kind: 'stall',
  stage: JOURNEY.stage,
  owner: JOURNEY.owner,
  openedAt: AT,
  reason: {
    text: 'No reply for 6 business days; 2.1 is normal here',
    silentFor: 'P8D',
    normalPause: 'P3D',
    probability: null,
    quietPersonId: null,
    lastTouchpoints: [],
  },
  nextBestAction: null,
  journey: JOURNEY,
};
const ALERT_STATES = {
  opened: 'open',
  acknowledged: 'acknowledged',
  snoozed: 'snoozed',
  escalated: 'open',
  resolved: 'resolved',
};

const SAMPLES: readonly SampleEvent[] = [
  ...Object.entries(ALERT_STATES).map(([step, state]) =>
    sample(`alert.${step}`, { ...ALERT, state, resolvedBy: state === 'resolved' ? 'buyer' : null }),
  ),
  ...['stage_changed', 'qualified', 'won', 'lost'].map((step) => sample(`journey.${step}`, JOURNEY)),
  ...['requested', 'withdrawn'].map((step) =>
    sample(`action.${step}`, {
      id: 'act_sample',
      name: 'call-champion',
      title: 'Call Jo',
      journeyId: JOURNEY.id,
      alertId: ALERT.id,
      journey: JOURNEY,
    }),
  ),
  sample('identity.merged', { into: 'per_sample', from: 'per_other' }),
  sample('identity.split', { personId: 'per_sample', into: ['per_sample', 'per_other'] }),
  sample('endpoint.disabled', {
    endpointId: 'ep_sample',
    url: 'https://hooks.example.com/',
    reason: 'the receiver answered 410 Gone',
  }),
  sample('endpoint.failing', { endpointId: 'ep_sample', url: 'https://hooks.example.com/', share: 0.5 }),
  sample('delivery.exhausted', {
    endpointId: 'ep_sample',
    url: 'https://hooks.example.com/',
    delivery: { id: 'msg_sample', state: 'exhausted' },
  }),
];

/** The samples whose type one of the patterns wants. */
export function sampleEvents(patterns: readonly string[]): SampleEvent[] {
  return SAMPLES.filter(({ type }) => matchesType(patterns, type));
}

function sample(type: string, data: Record<string, unknown>): SampleEvent {
  return { id: `msg_sample_${type}`, type, timestamp: AT, data: { ...data, ...COMMON } };
}
