/** From a stall to an action and its result, as an automation platform and a rep see it: over HTTP and webhooks alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '@cairn/testkit/product.ts';
import { startWebhookReceiver, type WebhookReceiver } from '@cairn/testkit/webhook-receiver.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { waitUntil } from '@cairn/testkit/wait-until.ts';

const DEFINITION = `
cairn: journey-definition/1
name: quick
unit: account
stages:
  - { name: awareness }
  - { name: evaluation, enter: { event: Demo Requested }, stall: { after: 1 second } }
actions:
  - name: call-champion
    when: { all: [ { stage: evaluation }, { alert: stall } ] }
    expires: 24 hours
    template: { title: "Call {{ quietPerson.name }}", reason: "{{ alert.reason.text }}" }
holdout: 0
`;

interface Action {
  id: string;
  name: string;
  state: string;
  title: string;
  reason: string;
  alertId: string;
  outcome: string | null;
  note: string | null;
}
interface Body {
  type: string;
  data: Action;
}

describe('next best actions, end to end', () => {
  let product: Product;
  let receiver: WebhookReceiver;
  const bodies = (type: string): Body[] =>
    receiver.received.map(({ body }) => JSON.parse(body) as Body).filter((body) => body.type === type);

  beforeAll(async () => {
    receiver = await startWebhookReceiver();
    product = await startProduct({ env: { CAIRN_WEBHOOK_ALLOW: new URL(receiver.url).host } });
    expect((await product.api('POST', '/api/definitions', DEFINITION)).status).toBe(201);
    const endpoint = { url: receiver.url, types: ['action.*', 'alert.*'] };
    expect((await product.api('POST', '/api/endpoints', endpoint)).status).toBe(201);
  });
  afterAll(async () => {
    await product.dispose();
    await receiver.close();
  });

  async function send(event: string, user: string, group: string): Promise<void> {
    const response = await fetch(`${product.first.url}/v1/track`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${product.first.writeKey}:`)}` },
      body: JSON.stringify({ userId: user, event, context: { groupId: group, traits: { name: 'Ann Lee' } } }),
    });
    expect(response.status).toBe(200);
  }
  async function actionOf(id: string): Promise<Action> {
    return (await product.api<Action>('GET', `/api/actions/${id}`)).body;
  }

  it('a stall brings an action, its receiver accepts it, its result is kept, and said twice it is one', async () => {
    await send('Demo Requested', 'ann', 'acme');
    await waitUntil(() => bodies('action.requested').length === 1, systemClock);
    const [{ data }] = bodies('action.requested') as [Body];
    expect(data).toMatchObject({ name: 'call-champion', title: 'Call Ann Lee', state: 'requested' });
    const [opened] = bodies('alert.opened');
    expect(opened!.data).toMatchObject({ id: data.alertId, nextBestAction: { id: data.id, title: 'Call Ann Lee' } });
    await waitUntil(async () => (await actionOf(data.id)).state === 'accepted', systemClock);
    const alert = await product.api<{ nextBestAction: Action }>('GET', `/api/alerts/${data.alertId}`);
    expect(alert.body.nextBestAction).toMatchObject({ id: data.id, state: 'accepted' });

    const path = `/api/actions/${data.id}/result`;
    expect((await product.api('POST', path, { outcome: 'maybe' })).status).toBe(400);
    expect((await product.api('POST', '/api/actions/act_unknown/result', { outcome: 'done' })).status).toBe(404);
    const say = () => product.api<Action>('POST', path, { outcome: 'done', note: 'spoke to Ann' });
    for (const done of await Promise.all([say(), say(), say()]))
      expect(done).toMatchObject({ status: 200, body: { state: 'done', outcome: 'done', note: 'spoke to Ann' } });
    await waitUntil(async () => (await actionOf(data.id)).state === 'done', systemClock);
    expect((await product.api('POST', path, { outcome: 'done' })).status).toBe(200);
    expect((await product.api('POST', path, { outcome: 'failed' })).status).toBe(409);
    const after = await product.api<{ nextBestAction: null }>('GET', `/api/alerts/${data.alertId}`);
    expect(after.body.nextBestAction).toBeNull();
    const report = await product.api<{ items: { definition: string; actions: unknown[] }[] }>(
      'GET',
      '/api/actions/report',
    );
    expect(report.body.items).toMatchObject([
      {
        definition: 'quick',
        actions: [{ name: 'call-champion', tries: 1, requested: 1, lift: null, note: 'not enough data' }],
      },
    ]);
  });

  it('outreach is withdrawn when the buyer is back first', async () => {
    await send('Demo Requested', 'bob', 'globex');
    await waitUntil(() => bodies('action.requested').length === 2, systemClock);
    const { id } = bodies('action.requested')[1]!.data;
    await send('Email Replied', 'bob', 'globex');
    await waitUntil(() => bodies('action.withdrawn').length === 1, systemClock);
    expect(bodies('action.withdrawn')[0]!.data).toMatchObject({
      id,
      state: 'withdrawn',
      suppressedBy: 'buyer-returned',
    });
  });
});
