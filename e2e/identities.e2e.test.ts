import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
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
let receiver: Server;
let receiverUrl: string;
/** Everything that was ever sent to it. */
let received = '';
beforeAll(async () => {
  receiver = echoServer();
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  receiverUrl = `http://${host}`;
  product = await startProduct({ env: { CAIRN_WEBHOOK_ALLOW: host } });
});
afterAll(async () => {
  await product.dispose();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

/** Answers with what it was sent, under the status that the path says. */
function echoServer(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      received += body;
      response.statusCode = Number(request.url?.slice(1));
      response.end(body);
    });
  });
}

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
    /** Of whatever kind the answer is. */
    async text(path: string): Promise<string> {
      const headers = { authorization: `Bearer ${body.adminToken}` };
      return (await fetch(`${product.first.url}${path}`, { headers })).text();
    },
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

  it('is in no answer, no state, no compacted topic, no view and no table, wherever it was; suppressed it is not stored again', async () => {
    const MARK = /zqmark|7700 ?900777/i;
    const world = await workspace('scan');
    const get = async <T>(path: string): Promise<T> => (await world.api<T>('GET', path)).body;
    const hooks = { ok: { url: `${receiverUrl}/200` }, waits: { url: `${receiverUrl}/500`, schedule: '1 hour' } };
    for (const hook of [hooks.ok, hooks.waits, { url: `${receiverUrl}/400`, schedule: '' }])
      expect((await world.api('POST', '/api/endpoints', { ...hook, types: ['*'] })).status).toBe(201);
    const channels = ['alerts', 'board'];
    const cursors = new Map<string, string>();
    for (const channel of channels)
      cursors.set(channel, (await get<{ cursor: string }>(`/live/history?channel=${channel}`)).cursor);
    const ann = { userId: 'Zqmark-Ann', anonymousId: 'zqmark-phone' };
    const note = { properties: { note: 'zqmark note' } };
    await world.send(
      { type: 'page', anonymousId: 'zqmark-phone', name: 'zqmark page' },
      { type: 'identify', userId: 'other', traits: { email: 'other@acme.example' } },
      {
        type: 'identify',
        ...ann,
        traits: { name: 'Zqmark Ann', email: ' Zqmark.Ann@Acme.example ', phone: '+44 7700 900777', note: 'zqmark' },
        context: { externalIds: [{ type: 'crmId', id: 'zqmark-crm' }], device: { id: 'zqmark-device' } },
      },
      // Over the limits, demoted, blocked, refused at the door.
      ...Array.from({ length: 9 }, (_, n) => ({ type: 'identify', ...ann, traits: { email: `zqmark${n}@a.example` } })),
      ...Array.from({ length: 9 }, (_, n) => ({ type: 'page', userId: ann.userId, anonymousId: `zqmark-d${n}` })),
      { type: 'identify', ...ann, traits: { email: 'other@acme.example' } },
      { type: 'page', userId: ann.userId, anonymousId: `zqmark${'x'.repeat(2_000)}` },
      { type: 'alias', userId: ann.userId, previousId: 'zqmark-previous' },
      { type: 'track', ...ann, ...note },
      { type: 'group', userId: 'other', groupId: 'acme', traits: { name: 'Acme' } },
      { type: 'group', userId: ann.userId, groupId: 'acme', traits: { name: 'Acme' } },
      { type: 'track', event: 'Page Read', userId: 'other' },
      { type: 'track', event: 'Demo Requested', ...ann, ...note },
      { type: 'identify', userId: 'zqmark-ben', traits: { name: 'Zqmark Ben' } },
      { type: 'track', event: 'Webinar Attended', userId: 'zqmark-ben', ...note },
    );
    const people = [await world.person('userId', ann.userId), await world.person('userId', 'zqmark-ben')];
    const other = await world.person('userId', 'other');
    const ids = people.map(({ id }) => id);
    const isNamed = (text: string): boolean => MARK.test(text) || ids.some((id) => text.includes(id));
    const { items: endpoints } = await get<{ items: { id: string }[] }>('/api/endpoints');
    await eventually('alerts of both, and what is told of them', async () => {
      const alerts = JSON.stringify(await get('/api/alerts'));
      const letters = await get<{ items: { reason: string; raw: string }[] }>('/api/dead-letters');
      const undelivered = letters.items.filter(({ reason, raw }) => reason === 'delivery-exhausted' && isNamed(raw));
      return ids.every((id) => alerts.includes(id) && received.includes(id)) && undelivered.length > 0;
    });

    /** Every answer that the workspace can have. */
    async function answers(): Promise<string[]> {
      const listed = async (path: string): Promise<string[]> =>
        (await get<{ items: { id: string }[] }>(`${path}?limit=100`)).items.map(({ id }) => id);
      const journeys = await listed('/api/journeys');
      const deliveries = await Promise.all(endpoints.map(({ id }) => listed(`/api/endpoints/${id}/deliveries`)));
      const history = (channel: string, cursor = ''): string => `/live/history?channel=${channel}&cursor=${cursor}`;
      const paths = [
        ...plainPaths(),
        ...journeys.flatMap((id) => [`/api/journeys/${id}`, `/api/journeys/${id}/touchpoints?limit=100`]),
        ...endpoints.map(({ id }) => `/api/endpoints/${id}/deliveries?limit=100`),
        ...deliveries.flat().map((id) => `/api/deliveries/${id}`),
        ...ids.map((id) => `/api/people/${id}`),
        `/api/people/${other.id}`,
        ...channels.map((channel) => history(channel, cursors.get(channel))),
      ];
      const told = paths.map(async (path) => `${path} ${await world.text(path)}`);
      return (await Promise.all(told)).map((text) => ids.reduce((left, id) => left.replace(`/${id} `, ' '), text));
    }
    const clean = async (): Promise<void> => {
      let found: string[] = [];
      const looked = eventually('no answer names them', async () => {
        found = (await answers()).filter(isNamed);
        return found.length === 0;
      });
      await looked.catch(() => expect(found.map((text) => text.slice(0, 1_500))).toEqual([]));
    };
    expect((await answers()).filter(isNamed).length).toBeGreaterThan(10);

    const [annId, benId] = ids;
    const erase = (body: object) => world.api('POST', '/api/identity/erase', body);
    expect((await erase({ personId: annId, suppress: true })).status).toBe(200);
    expect((await erase({ personId: benId })).status).toBe(200);
    // What deliveries show is clean once every service has heard of it.
    await clean();
    // Again, by ids that are never to be stored: beside others, and refused at the door.
    await world.send(
      { type: 'identify', userId: ann.userId, anonymousId: 'zqmark-new', traits: { name: 'Zqmark again' } },
      { type: 'track', userId: ann.userId, ...note },
      { type: 'track', event: 'Page Read', userId: 'other' },
      { type: 'track', userId: 'other', properties: { last: true } },
    );
    await eventually('the letter after theirs', async () =>
      JSON.stringify(await get('/api/dead-letters')).includes('{\\"last\\":true}'),
    );
    await eventually('what came after theirs', async () => (await world.journeyOf(other.id))?.touchpoints === 4);
    await clean();
    // An endpoint that is made later is told what it missed, without them.
    received = '';
    const late = (await world.api<{ id: string }>('POST', '/api/endpoints', { ...hooks.ok, types: ['*'] })).body.id;
    const missing = { since: new Date(Date.now() - 3_600_000).toISOString() };
    const asked = await world.api<{ requested: number }>('POST', `/api/endpoints/${late}/replay-missing`, missing);
    expect(asked.body.requested).toBeGreaterThan(0);
    await eventually('what was missing arrived', async () => {
      const { items } = await get<{ items: { state: string }[] }>(`/api/endpoints/${late}/deliveries?limit=500`);
      return items.filter(({ state }) => state === 'delivered').length === asked.body.requested;
    });
    expect(received).toContain(other.id);
    expect(received.match(MARK) ?? ids.find((id) => received.includes(id)) ?? null).toBeNull();

    // On disk. What the history forgets it forgets a moment later: a product that was stopped before goes on with it.
    const kept = promisify(execFile);
    for (let tries = 1; ; tries++) {
      await product.stop();
      const script = join(import.meta.dirname, 'kept-data.ts');
      const { stdout } = await kept(process.execPath, [script, product.dataDir], { maxBuffer: 256 * 1_024 * 1_024 });
      const lines = stdout.split('\n').filter((line) => isNamed(line) && !KNOWN_AS_ERASED.test(line));
      for (const looked of ['state task/', 'topic journeys', 'view people', 'history touchpoints'])
        expect(stdout).toContain(looked);
      // A view that is lost is read anew from the topics, which still have it all.
      rmSync(join(product.dataDir, 'view'), { recursive: true, force: true });
      await product.restart();
      if (lines.length === 0) break;
      if (tries === 4) expect(lines.map((line) => line.slice(0, 1_000))).toEqual([]);
      await clean();
    }
    await clean();
  });
});

/** That somebody was erased stays known, by id: or a replay would bring them back. */
const KNOWN_AS_ERASED =
  /^state task\/\d+\/(stitch \S+\/person\/|advance @erased\/|deliver x\/)|^topic (identities \S+\/(erased|answer) |control \S+\/erasure\/)|^view erased |^history erasures /;

/** Everything that can be asked for without naming something. */
function plainPaths(): string[] {
  const document = readFileSync(join(import.meta.dirname, '../docs/openapi.yaml'), 'utf8');
  return [...document.matchAll(/^ {2}(\/api\/[\w/-]+):\n {4}get:/gm)].map(([, path]) => path!);
}
