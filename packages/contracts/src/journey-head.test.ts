import { describe, expect, it } from 'vitest';
import type { Journey, JourneyChanged } from './generated/journey.ts';
import { encodeJson } from './json.ts';
import { headOf, headOfChange, readChangeHead, withHead } from './journey-head.ts';

const journey: Journey = {
  id: 'jrn_1',
  workspace: 'w',
  definition: 'b2b-sales',
  definitionVersion: 1,
  unit: 'account',
  subject: { unit: 'account', id: 'acc_1' },
  name: 'Ümlaut ,"touchpoint": GmbH',
  owner: 'rep@example.com',
  account: { id: 'acc_1', name: 'Ümlaut', domain: 'umlaut.example', traits: {} },
  people: [{ id: 'p1', name: 'Ann', email: 'Ann@umlaut.example', roles: [], lastInboundAt: null, touchpoints: 1 }],
  stage: 'evaluation',
  stageSince: '2026-11-22T12:00:00.000Z',
  stages: [],
  status: 'active',
  score: {
    engagement: 4.5,
    fit: 20,
    total: 24.5,
    qualification: 'mql',
    winProbability: null,
    reasons: [],
    fitReasons: [],
  },
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
  touchpoints: 1,
  channels: [],
  absorbedInto: null,
  halfLifeMs: 1000,
  seq: 7,
  updatedAt: '2026-11-22T12:00:01.000Z',
};

const fact: JourneyChanged = {
  type: 'journey.changed',
  factId: 'fct_1',
  workspace: 'w',
  at: 5,
  journey,
  touchpoint: {
    id: 'tp_1',
    messageId: 'm',
    type: 'track',
    event: 'A "quoted" ,"touchpoint":{} event',
    timestamp: '2026-11-22T12:00:00.500Z',
    receivedAt: '2026-11-22T12:00:00.600Z',
    direction: 'inbound',
    channel: 'web',
    personId: 'p1',
    accountId: 'acc_1',
    properties: {},
  },
  events: ['stage_changed'],
  from: 'awareness',
  imported: false,
  cause: 'tp ,"touchpoint":',
};

describe('the head of a change', () => {
  it('is read without the journey and says the same', () => {
    const { touchpoint, journey: _journey, ...envelope } = fact;
    const written = withHead(fact, headOf(journey, touchpoint));
    expect(readChangeHead(encodeJson(written))).toEqual({ ...envelope, head: headOf(journey, touchpoint) });
    expect(JSON.parse(JSON.stringify(written))).toEqual({ ...fact, head: headOf(journey, touchpoint) });
  });

  it('of a record that was written without one is made from the journey', () => {
    expect(readChangeHead(encodeJson(fact))).toEqual(headOfChange(fact));
    expect(readChangeHead(encodeJson({ ...fact, touchpoint: null })).head.touch).toBeNull();
  });

  it('does not read what comes after it', () => {
    const text = JSON.stringify(withHead(fact, headOf(journey, null)));
    const broken = text.slice(0, text.indexOf('"journey":')) + '"journey":{broken';
    expect(readChangeHead(Buffer.from(broken)).head.id).toBe('jrn_1');
  });

  it('refuses bytes that are no JSON', () => {
    expect(() => readChangeHead(Buffer.from('no json ,"touchpoint":'))).toThrow(SyntaxError);
  });

  it('finds the words of an account by name, domain, owner and people, in lower case', () => {
    expect(headOf(journey, null).text).toBe(
      'ümlaut ,"touchpoint": gmbh ümlaut umlaut.example rep@example.com ann ann@umlaut.example',
    );
  });
});
