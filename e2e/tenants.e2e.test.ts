/** Two workspaces see nothing of each other, every route asks for its scope, and a withdrawn token is out at once. */
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';
import { startWebhookReceiver, type WebhookReceiver } from '@cairn/testkit/webhook-receiver.ts';

const DEFINITION = (name: string): string => `
cairn: journey-definition/1
name: ${name}
unit: person
stages:
  - name: first
    stall: { after: 500 ms }
`;

interface Tenant {
  id: string;
  name: string;
  writeKey: string;
  adminToken: string;
}
interface Item {
  id: string;
  name?: string;
  people?: { id: string; name: string | null }[];
}
type Page = { items: Item[] };

let product: Product;
let receiver: WebhookReceiver;
let one: Tenant;
let two: Tenant;

/** Everything that a workspace can list. */
const LISTS = [
  '/api/journeys',
  '/api/alerts',
  '/api/dead-letters',
  '/api/definitions',
  '/api/endpoints',
  '/api/tokens',
  '/api/sources',
] as const;

const send = (tenant: Tenant, path: string, body: unknown): Promise<Response> =>
  fetch(`${product.first.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${tenant.writeKey}:`)}` },
    body: JSON.stringify(body),
  });

/** The same ids in both: only the workspace tells them apart. */
async function fill(tenant: Tenant): Promise<void> {
  const api = async (path: string, body: unknown): Promise<void> => {
    const answer = await product.api('POST', path, body, tenant.adminToken);
    expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  };
  await api('/api/definitions', DEFINITION(`of-${tenant.name}`.toLowerCase()));
  await api('/api/endpoints', { url: `${receiver.url}/${tenant.name}`, types: ['alert.*'] });
  await api('/api/sources', { name: `source of ${tenant.name}`, mapping: '{ "type": "track" }' });
  await api('/api/tokens', { name: `token of ${tenant.name}`, scopes: ['read'] });
  const admitted = await send(tenant, '/v1/batch', {
    batch: [
      { type: 'identify', messageId: 'same', userId: 'ada', traits: { email: 'ada@acme.example', name: tenant.name } },
      { type: 'track', messageId: 'same too', userId: 'ada', event: `Event of ${tenant.name}` },
      { type: 'track', messageId: `refused of ${tenant.name}`, userId: 'ada' },
    ],
  });
  expect(admitted.status).toBe(200);
}

const list = async (tenant: Tenant, path: string): Promise<Page> =>
  (await product.api<Page>('GET', path, undefined, tenant.adminToken)).body;

beforeAll(async () => {
  receiver = await startWebhookReceiver();
  product = await startProduct({ env: { CAIRN_WEBHOOK_ALLOW: `127.0.0.1:${receiver.port}` } });
  const make = async (name: string): Promise<Tenant> => {
    const made = await product.api<Tenant>('POST', '/api/workspaces', { name });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    return { ...made.body, name };
  };
  one = await make('tenant-one');
  two = await make('tenant-two');
  await fill(one);
  await fill(two);
  for (const tenant of [one, two])
    for (const path of LISTS)
      await eventually(`${path} of ${tenant.name}`, async () => {
        const { items } = await list(tenant, path);
        return path === '/api/journeys' ? items.length >= 2 : items.length > 0;
      });
  await eventually('webhooks of both', async () => receiver.received.length >= 2);
});
afterAll(async () => {
  await product?.dispose();
  await receiver?.close();
});

describe('two workspaces', () => {
  it('list nothing of each other', async () => {
    for (const [mine, other] of [
      [one, two],
      [two, one],
    ] as const)
      for (const path of LISTS) {
        const text = JSON.stringify(await list(mine, path));
        expect(text, `${path} of ${mine.name}`).not.toContain(other.name);
        expect(text, `${path} of ${mine.name}`).not.toContain(other.id);
        const ids = new Set((await list(other, path)).items.flatMap(({ id }) => (id ? [id] : [])));
        expect(
          (await list(mine, path)).items.filter(({ id }) => ids.has(id)),
          `${path} of ${mine.name}`,
        ).toEqual([]);
      }
  });

  it('answer another’s ids exactly like ids that do not exist', async () => {
    const [journey] = (await list(one, '/api/journeys')).items;
    const [alert] = (await list(one, '/api/alerts')).items;
    const [endpoint] = (await list(one, '/api/endpoints')).items;
    const [token] = (await list(one, '/api/tokens')).items;
    const deliveries = (await list(one, `/api/endpoints/${endpoint!.id}/deliveries`)).items;
    expect(deliveries.length).toBeGreaterThan(0);
    const person = journey!.people![0]!.id;
    const asked = (ids: Record<'journey' | 'alert' | 'endpoint' | 'token' | 'delivery' | 'person', string>) =>
      [
        ['GET', `/api/journeys/${ids.journey}`],
        ['GET', `/api/journeys/${ids.journey}/touchpoints`],
        ['GET', `/api/people/${ids.person}`],
        ['GET', `/api/alerts/${ids.alert}`],
        ['POST', `/api/alerts/${ids.alert}/acknowledge`, {}],
        ['POST', `/api/alerts/${ids.alert}/snooze`, { until: '2100-01-01T00:00:00.000Z' }],
        ['POST', `/api/alerts/${ids.alert}/resolve`, { verdict: 'real' }],
        ['GET', `/api/endpoints/${ids.endpoint}`],
        ['PATCH', `/api/endpoints/${ids.endpoint}`, { types: ['journey.*'] }],
        ['POST', `/api/endpoints/${ids.endpoint}/rotate`, {}],
        ['POST', `/api/endpoints/${ids.endpoint}/test`, {}],
        ['POST', `/api/endpoints/${ids.endpoint}/enable`, {}],
        ['POST', `/api/endpoints/${ids.endpoint}/recover`, { since: '2020-01-01T00:00:00.000Z' }],
        ['POST', `/api/endpoints/${ids.endpoint}/replay-missing`, { since: '2020-01-01T00:00:00.000Z' }],
        ['GET', `/api/endpoints/${ids.endpoint}/deliveries`],
        ['GET', `/api/endpoints/${ids.endpoint}/health`],
        ['DELETE', `/api/endpoints/${ids.endpoint}`],
        ['GET', `/api/deliveries/${ids.delivery}`],
        ['POST', `/api/deliveries/${ids.delivery}/resend`, {}],
        ['DELETE', `/api/tokens/${ids.token}`],
        ['POST', '/api/identity/erase', { personId: ids.person, dryRun: true }],
        ['POST', '/api/identity/link', { personId: ids.person, accountId: 'acme' }],
      ] as [string, string, unknown?][];
    const real = {
      journey: journey!.id,
      alert: alert!.id,
      endpoint: endpoint!.id,
      token: token!.id,
      delivery: deliveries[0]!.id,
      person,
    };
    const invented = Object.fromEntries(
      Object.entries(real).map(([kind, id]) => [kind, id.replace(/.$/, (last) => (last === '0' ? '1' : '0'))]),
    ) as typeof real;
    const invitations = asked(invented);
    for (const [index, [method, path, body]] of asked(real).entries()) {
      const answer = await product.api<Record<string, unknown>>(method, path, body, two.adminToken);
      expect(answer.status, `${method} ${path}`).toBe(404);
      const [, unknownPath, unknownBody] = invitations[index]!;
      const unknown = await product.api<Record<string, unknown>>(method, unknownPath, unknownBody, two.adminToken);
      const { commandId: _one, instance: _here, ...said } = answer.body;
      const { commandId: _two, instance: _there, ...saidOfUnknown } = unknown.body;
      // An answer may name the id that was asked for.
      let text = JSON.stringify(said);
      for (const kind of Object.keys(real) as (keyof typeof real)[]) text = text.replaceAll(real[kind], invented[kind]);
      expect(JSON.parse(text), `${method} ${path}`).toEqual(saidOfUnknown);
    }
    // Nothing of all this came through.
    expect((await list(one, '/api/endpoints')).items).toEqual([endpoint]);
    expect((await list(one, '/api/alerts')).items[0]).toMatchObject({ id: alert!.id, state: 'open' });
  });

  it('find their own person under the same e-mail', async () => {
    const find = async (tenant: Tenant): Promise<{ id: string; traits: { name: string } }> =>
      (
        await product.api<{ id: string; traits: { name: string } }>(
          'GET',
          '/api/people?namespace=email&value=ada@acme.example',
          undefined,
          tenant.adminToken,
        )
      ).body;
    const [first, second] = [await find(one), await find(two)];
    expect(first.traits.name).toBe(one.name);
    expect(second.traits.name).toBe(two.name);
    expect(first.id).not.toBe(second.id);
  });

  it('have webhooks of their own alone', () => {
    for (const webhook of receiver.received) {
      const { data } = JSON.parse(webhook.body) as { data: { workspace: string } };
      expect([one.id, two.id]).toContain(data.workspace);
      const other = data.workspace === one.id ? two : one;
      expect(webhook.body).not.toContain(other.name);
    }
  });

  it('hear nothing of each other on the feed, and are told of another’s channel what they are told of an unknown one', async () => {
    const [journey] = (await list(one, '/api/journeys')).items;
    const unknown = `journey:${journey!.id.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`;
    const feed = await connect(two.adminToken);
    const foreign = await feed.ask('subscribe', { channel: `journey:${journey!.id}` });
    const invented = await feed.ask('subscribe', { channel: unknown });
    expect(foreign.error).toMatchObject({ code: 102 });
    expect({ ...foreign, id: 0 }).toEqual({ ...invented, id: 0 });
    const board = await feed.ask('subscribe', { channel: 'board' });
    expect(JSON.stringify(board)).not.toContain(one.name);
    await feed.ask('subscribe', { channel: 'alerts' });
    const headers = { authorization: `Bearer ${two.adminToken}` };
    const answers = await Promise.all(
      [`journey:${journey!.id}`, unknown].flatMap((channel) =>
        ['sse', 'history'].map(async (face) => {
          const response = await fetch(`${product.first.url}/live/${face}?channel=${channel}`, { headers });
          return [face, response.status, await response.text()].join(' ');
        }),
      ),
    );
    expect(answers.slice(0, 2)).toEqual(answers.slice(2));
    expect(answers[0]).toContain('404');

    for (const tenant of [one, two])
      await send(tenant, '/v1/track', { userId: 'ada', event: `Later of ${tenant.name}` });
    await eventually('a push of its own', async () => feed.pushed.some((push) => push.includes(two.id)));
    expect(feed.pushed.filter((push) => push.includes(one.id) || push.includes(one.name))).toEqual([]);
    feed.close();
  });

  it('cannot be made by one who administers only their own', async () => {
    expect((await product.api('POST', '/api/workspaces', { name: 'x' }, one.adminToken)).status).toBe(403);
    const more = await product.api('POST', '/api/tokens', { name: 'x', scopes: ['installation'] }, one.adminToken);
    expect(more.status).toBe(422);
  });
});

/** Method, path, the least scope, and a body that changes nothing. */
const ROUTES: readonly [string, string, 'read' | 'act' | 'admin' | 'installation', unknown?][] = [
  ['GET', '/api/journeys', 'read'],
  ['GET', '/api/journeys/jrn_none', 'read'],
  ['GET', '/api/journeys/jrn_none/touchpoints', 'read'],
  ['GET', '/api/people/none', 'read'],
  ['GET', '/api/people?namespace=email&value=nobody@acme.example', 'read'],
  ['GET', '/api/alerts', 'read'],
  ['GET', '/api/alerts/alr_none', 'read'],
  ['GET', '/api/dead-letters', 'read'],
  ['GET', '/api/definitions', 'read'],
  ['GET', '/api/definitions/none', 'read'],
  ['GET', '/api/endpoints', 'read'],
  ['GET', '/api/endpoints/ep_none', 'read'],
  ['GET', '/api/endpoints/ep_none/deliveries', 'read'],
  ['GET', '/api/endpoints/ep_none/health', 'read'],
  ['GET', '/api/endpoints/samples', 'read'],
  ['GET', '/api/deliveries/msg_none', 'read'],
  ['GET', '/api/delivery-report', 'read'],
  ['GET', '/api/delivery-attempts', 'read'],
  ['GET', '/api/delivery-withdrawals', 'read'],
  ['GET', '/api/sources', 'read'],
  ['GET', '/live/history?channel=board', 'read'],
  ['POST', '/api/alerts/alr_none/acknowledge', 'act', {}],
  ['POST', '/api/alerts/alr_none/snooze', 'act', {}],
  ['POST', '/api/alerts/alr_none/resolve', 'act', {}],
  ['POST', '/api/identity/link', 'act', {}],
  ['POST', '/api/identity/unlink', 'act', {}],
  ['POST', '/api/identity/merge', 'admin', {}],
  ['POST', '/api/identity/split', 'admin', {}],
  ['POST', '/api/identity/erase', 'admin', {}],
  ['PUT', '/api/identity/settings', 'admin', { unknown: true }],
  ['POST', '/api/definitions', 'admin', {}],
  ['POST', '/api/endpoints', 'admin', {}],
  ['PATCH', '/api/endpoints/ep_none', 'admin', {}],
  ['DELETE', '/api/endpoints/ep_none', 'admin'],
  ['POST', '/api/endpoints/ep_none/rotate', 'admin', {}],
  ['POST', '/api/endpoints/ep_none/test', 'admin', {}],
  ['POST', '/api/endpoints/ep_none/enable', 'admin', {}],
  ['POST', '/api/endpoints/ep_none/recover', 'admin', {}],
  ['POST', '/api/endpoints/ep_none/replay-missing', 'admin', {}],
  ['POST', '/api/deliveries/msg_none/resend', 'admin', {}],
  ['GET', '/api/tokens', 'admin'],
  ['POST', '/api/tokens', 'admin', {}],
  ['DELETE', '/api/tokens/tok_none', 'admin'],
  ['POST', '/api/sources', 'admin', {}],
  ['POST', '/api/workspaces', 'installation', {}],
];
const ORDER = ['read', 'act', 'admin', 'installation'];

describe('every route', () => {
  for (const scope of ['none', 'ingest', 'read', 'act', 'admin'] as const)
    it(`asks for its scope of a token with ${scope}`, async () => {
      let token = 'cairn_no-such-token';
      if (scope !== 'none') {
        const made = await product.api<{ token: string }>(
          'POST',
          '/api/tokens',
          { name: scope, scopes: [scope] },
          one.adminToken,
        );
        expect(made.status).toBe(201);
        token = made.body.token;
        // A token counts as soon as every service has read of it.
        await eventually(
          'the token',
          async () => (await product.api('GET', '/api/alerts', undefined, token)).status !== 401,
        );
        await eventually(
          'the token',
          async () => (await product.api('GET', '/api/tokens', undefined, token)).status !== 401,
        );
      }
      const wrong: string[] = [];
      for (const [method, path, least, body] of ROUTES) {
        const { status } = await product.api(method, path, body, token);
        const may = ORDER.indexOf(scope) >= ORDER.indexOf(least);
        const expected =
          scope === 'none' ? status === 401 : may ? status !== 401 && status !== 403 && status < 500 : status === 403;
        if (!expected) wrong.push(`${method} ${path} (${least}): ${status}`);
      }
      expect(wrong).toEqual([]);
      const posted = await fetch(`${product.first.url}/v1/track`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ userId: 'ada', event: 'By token' }),
      });
      expect(posted.status, 'POST /v1/track').toBe(scope === 'ingest' ? 200 : 401);
    });
});

describe('a withdrawn token', () => {
  it('closes its sockets with 3507 within five seconds, and opens nothing any more', async () => {
    const made = await product.api<{ id: string; token: string }>(
      'POST',
      '/api/tokens',
      { name: 'leaver', scopes: ['read'] },
      one.adminToken,
    );
    const { id, token } = made.body;
    await eventually(
      'the token',
      async () => (await product.api('GET', '/api/alerts', undefined, token)).status === 200,
    );
    const feed = await connect(token);
    await feed.ask('subscribe', { channel: 'board' });
    const late = new Promise<string>((resolve) => setTimeout(() => resolve('still open after 5 s'), 5_000));
    expect((await product.api('DELETE', `/api/tokens/${id}`, undefined, one.adminToken)).status).toBe(204);
    expect(await Promise.race([feed.closed, late])).toBe(3507);
    expect((await product.api('GET', '/api/journeys', undefined, token)).status).toBe(401);
  });
});

interface Reply {
  id: number;
  result?: unknown;
  error?: { code: number };
}

async function connect(token: string): Promise<{
  ask(method: string, params: unknown): Promise<Reply>;
  pushed: string[];
  closed: Promise<number>;
  close(): void;
}> {
  const ws = new WebSocket(`${product.first.url.replace('http', 'ws')}/live`, ['cairn.v1']);
  const waiting = new Map<number, (reply: Reply) => void>();
  const pushed: string[] = [];
  ws.on('message', (data: Buffer) => {
    for (const line of data.toString().split('\n').filter(Boolean)) {
      const message = JSON.parse(line) as Reply;
      if (message.id) waiting.get(message.id)?.(message);
      else pushed.push(line);
    }
  });
  const closed = new Promise<number>((resolve) => ws.once('close', (code) => resolve(code)));
  await new Promise<void>((resolve, reject) => {
    ws.once('open', () => resolve());
    ws.once('error', reject);
  });
  let last = 0;
  const ask = (method: string, params: unknown): Promise<Reply> =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, resolve);
      ws.send(JSON.stringify({ id, method, params }));
    });
  expect((await ask('authenticate', { token })).error).toBeUndefined();
  return { ask, pushed, closed, close: () => ws.close() };
}
