import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';

/**
 * Identities over HTTP against the product as a user runs it: a wrong merge that is undone leaves no trace on journeys; an erased person
 * is gone everywhere; both survive SIGKILL right after the command was accepted.
 */
const DEFINITION = `
cairn: journey-definition/1
name: b2b-sales
unit: account
stages:
  - name: awareness
  - name: consideration
    enter: { event: Webinar Attended }
    stall: { after: 1 second }
  - name: evaluation
    enter: { event: Demo Requested }
    stall: { after: 1 second }
score: { engagement: { points: [ { name: touch, when: { direction: inbound }, add: 10 } ] } }
`;

interface Journey {
  id: string;
  stage: string;
  status: string;
  touchpoints: number;
  seq: number;
  people: { id: string; touchpoints: number }[];
  score: { engagement: number };
  pace: { lastInboundAt: string; stallsAt: string | null };
  alerts: { kind: string; state: string }[];
  stages: { stage: string; enteredAt: string }[];
}
interface Person {
  id: string;
  version: number;
  ids: { namespace: string; value: string }[];
  mergedFrom: string[];
  edges: unknown[];
  merges: unknown[];
  splits: unknown[];
}
interface Touchpoint {
  messageId: string;
  personId: string;
}

let product: Product;
beforeAll(async () => void (product = await startProduct()));
afterAll(() => product.dispose());

async function workspace(name: string) {
  const { body } = await product.api<{ id: string; writeKey: string; adminToken: string }>('POST', '/api/workspaces', {
    name,
  });
  const api = <T>(method: string, path: string, json?: unknown) => product.api<T>(method, path, json, body.adminToken);
  expect((await api('POST', '/api/definitions', DEFINITION)).status).toBeLessThan(300);
  const find = async (namespace: string, value: string): Promise<Person | null> => {
    const found = await api<Person>('GET', `/api/people?${new URLSearchParams({ namespace, value })}`);
    return found.status === 200 ? found.body : null;
  };
  return {
    api,
    find,
    person: (namespace: string, value: string) => eventually(`${namespace} ${value}`, () => find(namespace, value)),
    async send(...batch: object[]) {
      const answer = await fetch(`${product.first.url}/v1/batch`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${body.writeKey}:`)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ batch }),
      });
      expect(answer.status).toBe(200);
    },
    /** The living journey on which the person is. */
    async journeyOf(personId: string): Promise<Journey | null> {
      const { body: list } = await api<{ items: Journey[] }>('GET', '/api/journeys?limit=100');
      return (
        list.items.find(({ people, status }) => status !== 'absorbed' && people.some(({ id }) => id === personId)) ??
        null
      );
    },
    timeline: async (journey: Journey) =>
      (await api<{ items: Touchpoint[] }>('GET', `/api/journeys/${journey.id}/touchpoints?limit=100`)).body.items,
  };
}
type World = Awaited<ReturnType<typeof workspace>>;

/** Everything of a journey that the outside can see and that the same touchpoints must give again. */
async function told(world: World, journey: Journey) {
  const { stage, status, touchpoints, people, score, pace, stages, alerts } = journey;
  return {
    stage,
    status,
    touchpoints,
    people: people.map((person) => person.touchpoints),
    engagement: score.engagement,
    lastInboundAt: pace.lastInboundAt,
    stallsAt: pace.stallsAt,
    stages: stages.map((visit) => [visit.stage, visit.enteredAt]),
    alerts: alerts.map(({ kind, state }) => [kind, state]),
    timeline: (await world.timeline(journey)).map(({ messageId }) => messageId),
  };
}

describe('a wrong merge that drove a journey to a stall alert, undone', () => {
  it.each([false, true])(
    'leaves what a workspace has in which it never happened (killed in between: %s)',
    async (killed) => {
      const [wrong, control] = [await workspace('wrong'), await workspace('control')];
      const start = Date.now() - 60_000;
      const at = (seconds: number) => ({ timestamp: new Date(start + seconds * 1_000).toISOString() });
      const both = async (...batch: object[]) => {
        await wrong.send(...batch);
        await control.send(...batch);
      };
      await both(
        { type: 'track', event: 'Webinar Attended', userId: 'p', messageId: 'p1', ...at(0) },
        { type: 'track', event: 'Page Read', anonymousId: 'q', messageId: 'q1', ...at(1) },
      );
      const [p, q] = [await wrong.person('userId', 'p'), await wrong.person('anonymousId', 'q')];
      expect((await wrong.api('POST', '/api/identity/merge', { from: q.id, into: p.id })).status).toBe(200);
      await both({ type: 'track', event: 'Demo Requested', anonymousId: 'q', messageId: 'q2', ...at(3) });
      const merged = await eventually('a stall of the merged journey', async () => {
        const journey = await wrong.journeyOf(p.id);
        return journey?.stage === 'evaluation' && journey.alerts.length > 0 && journey;
      });
      expect(merged.touchpoints).toBe(3);
      expect((await product.api('GET', `/api/people/${q.id}`)).status).toBe(404);
      expect((await wrong.find('anonymousId', 'q'))?.id).toBe(p.id);

      const split = await wrong.api<{ facts: { type: string }[] }>('POST', '/api/identity/split', {
        personId: p.id,
        cut: [{ namespace: 'anonymousId', value: 'q' }],
      });
      expect(split.status).toBe(200);
      if (killed) {
        await product.kill();
        await product.restart();
      }
      await both({ type: 'track', event: 'Page Read', anonymousId: 'q', messageId: 'q3', ...at(5) });
      const controlIds = [await control.person('userId', 'p'), await control.person('anonymousId', 'q')].map(
        ({ id }) => id,
      );
      const both2 = async (world: World, ids: readonly string[]) =>
        Promise.all(
          ids.map(async (id) => {
            const journey = await world.journeyOf(id);
            return journey && told(world, journey);
          }),
        );
      await eventually('the control workspace is done', async () => {
        const [, journey] = await both2(control, controlIds);
        return journey?.touchpoints === 3 && journey.alerts.length > 0;
      });
      let seen: unknown;
      let wanted: unknown;
      await eventually('the same journeys', async () => {
        wanted = await both2(control, controlIds);
        seen = await both2(wrong, [p.id, q.id]);
        return JSON.stringify(seen) === JSON.stringify(wanted);
      }).catch(() => expect(seen).toEqual(wanted));

      const [pia, quinn] = [await wrong.person('userId', 'p'), await wrong.person('anonymousId', 'q')];
      expect([pia.id, quinn.id]).toEqual([p.id, q.id]);
      expect([pia.mergedFrom, quinn.mergedFrom]).toEqual([[], []]);
      expect(pia.merges).toHaveLength(1);
      expect(pia.splits).toHaveLength(1);
      expect(pia.version).toBeGreaterThan(p.version);
      for (const { personId, messageId } of await wrong.timeline((await wrong.journeyOf(q.id))!))
        expect(personId, messageId).toBe(q.id);
      expect((await wrong.journeyOf(p.id))!.seq).toBeGreaterThan(merged.seq);
    },
  );
});

describe('an erased person', () => {
  it('is gone from people, journeys, alerts, dead letters and timelines, also after a kill, and returns as somebody else', async () => {
    const world = await workspace('erase');
    await world.send(
      { type: 'identify', userId: 'gone', traits: { email: 'gone@gmail.com' } },
      { type: 'track', event: 'Webinar Attended', userId: 'gone' },
      { type: 'track', userId: 'gone' },
      { type: 'track', event: 'Page Read', userId: 'other', context: { groupId: 'acme' } },
      { type: 'track', event: 'Page Read', userId: 'gone', context: { groupId: 'acme' } },
    );
    const person = await world.person('userId', 'gone');
    const other = await world.person('userId', 'other');
    await eventually('its dead letter', async () => {
      const { body } = await world.api<{ items: unknown[] }>('GET', '/api/dead-letters');
      return body.items.length === 1;
    });
    await eventually('its alert', async () => {
      const { body } = await world.api<{ items: { journeyId: string }[] }>('GET', '/api/alerts');
      return body.items.length > 0;
    });
    const dry = await world.api<{ facts: { ids: unknown[]; touchpoints: number }[] }>('POST', '/api/identity/erase', {
      personId: person.id,
      dryRun: true,
    });
    expect(dry.body.facts[0]!.ids).toHaveLength(2);
    expect(dry.body.facts[0]!.touchpoints).toBe(3);
    expect((await world.find('userId', 'gone'))?.id).toBe(person.id);

    expect((await world.api('POST', '/api/identity/erase', { personId: person.id })).status).toBe(200);
    await product.kill();
    await product.restart();
    const left = async (): Promise<string> => {
      const answers = await Promise.all(
        ['/api/journeys', '/api/alerts', '/api/dead-letters'].map((path) => world.api('GET', path)),
      );
      const journey = await world.journeyOf(other.id);
      return JSON.stringify([answers.map(({ body }) => body), journey && (await world.timeline(journey))]);
    };
    let seen = '';
    await eventually(
      'nothing of it',
      async () => !/gone/.test((seen = await left())) && !seen.includes(person.id),
    ).catch(() => expect(seen).not.toMatch(/gone/));
    expect((await world.api('GET', `/api/people/${person.id}`)).status).toBe(404);
    expect((await world.journeyOf(other.id))!.touchpoints).toBe(1);
    expect((await world.api('POST', '/api/identity/merge', { from: person.id, into: other.id })).status).toBe(410);

    await world.send({ type: 'track', event: 'Page Read', userId: 'gone' });
    expect((await world.person('userId', 'gone')).id).not.toBe(person.id);
  });
});
