import { systemClock } from '@cairn/clock/clock.system.ts';
import { deliveryId } from '@cairn/contracts/ids.ts';
import type { Delivery } from '@cairn/contracts/generated/delivery.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRunningDeliverer } from '../../testkit/running-deliverer.ts';
import type { Parsed, RunningDeliverer } from '../../testkit/running-deliverer.ts';
import { startScriptedReceiver, status } from '../../testkit/scripted-receiver.ts';
import type { ScriptedReceiver } from '../../testkit/scripted-receiver.ts';

let receiver: ScriptedReceiver;
let cairn: RunningDeliverer;

beforeEach(async () => {
  receiver = await startScriptedReceiver();
  cairn = await startRunningDeliverer({ webhookAllow: [receiver.hostPort] });
});
afterEach(async () => {
  await cairn.stop();
  await receiver.close();
});

const ended = (delivery: Delivery): boolean => delivery.state !== 'pending';
const idsSince = (n: number): string[] =>
  receiver.requests.slice(n).map((request) => String(request.headers['webhook-id']));

async function post(
  path: string,
  key: string,
  body: unknown = {},
): Promise<{ status: number; body: Parsed; headers: Headers }> {
  const response = await fetch(`${cairn.base}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${cairn.workspace.adminToken}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** A fact of the log, as the services before would have written it. */
async function append(topic: string, fact: Record<string, unknown>): Promise<void> {
  await cairn.ports.log.append([{ topic, partition: 0, key: 'default/acme', value: encodeJson(fact) }]);
}
const alert = (n: number): Record<string, unknown> => ({
  type: 'alert.opened',
  factId: `alert_${n}`,
  workspace: 'default',
  at: systemClock.now(),
  alert: { id: `alr_${n}`, journeyId: 'jrn_1', kind: 'stall' },
  journey: { id: 'jrn_1', seq: n },
  imported: false,
  commandId: null,
});

test('an endpoint stands in every partition of journey-inbox once it is answered', async () => {
  const { status: answered, body } = await post('/api/endpoints', 'made', { url: receiver.url, types: ['journey.*'] });
  expect(answered).toBe(201);
  const { log } = cairn.ports;
  for (let partition = 0; partition < log.partitions('journey-inbox'); partition++) {
    const records = await log.read('journey-inbox', partition, 0n, 100);
    const told = records.map(
      ({ value }) => JSON.parse(Buffer.from(value!).toString()) as { endpoint?: { id: string } },
    );
    expect(told.map(({ endpoint }) => endpoint?.id)).toContain(body.id);
  }
});

describe('Idempotency-Key', () => {
  test('a test event asked for twice under one key is one delivery, and the answer says that it was given before', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    const first = await post(`/api/endpoints/${id}/test`, 'once');
    const second = await post(`/api/endpoints/${id}/test`, 'once');
    expect(second).toMatchObject({ status: 202, body: first.body });
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    const other = await post(`/api/endpoints/${id}/test`, 'another');
    await cairn.delivery(id, (one) => one.id === other.body.id && ended(one));
    expect(idsSince(0).sort()).toEqual([first.body.id, other.body.id].sort());
  });

  test('holds across a restart, where the answer is no longer remembered', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    const first = await post(`/api/endpoints/${id}/test`, 'once');
    await cairn.delivery(id, ended);
    await post(`/api/deliveries/${first.body.id}/resend`, 'again');
    await receiver.received(2);
    const { disk } = cairn.log;
    const { workspace } = cairn;
    await cairn.stop();
    cairn = await startRunningDeliverer({ webhookAllow: [receiver.hostPort] }, { disk, workspace });
    expect((await post(`/api/endpoints/${id}/test`, 'once')).body.id).toBe(first.body.id);
    await cairn.delivery(id, ended);
    await post(`/api/deliveries/${first.body.id}/resend`, 'again');
    const last = await post(`/api/endpoints/${id}/test`, 'last');
    await cairn.delivery(id, (one) => one.id === last.body.id && ended(one));
    expect(idsSince(0)).toEqual([first.body.id, first.body.id, last.body.id]);
  });

  test('an endpoint made twice under one key is one endpoint, with one secret', async () => {
    const made = await post('/api/endpoints', 'mine', { url: receiver.url });
    const again = await post('/api/endpoints', 'mine', { url: receiver.url });
    expect(again).toMatchObject({ status: 201, body: { id: made.body.id, secret: made.body.secret } });
    expect((await cairn.call('GET', '/api/endpoints')).body.items).toHaveLength(1);
  });

  test('after a day the key is a new one', async () => {
    let jumped = 0;
    await cairn.stop();
    const clock = { ...systemClock, now: () => systemClock.now() + jumped };
    cairn = await startRunningDeliverer({ webhookAllow: [receiver.hostPort] }, { clock });
    const made = await post('/api/endpoints', 'mine', { url: receiver.url });
    jumped = 25 * 3_600_000;
    const later = await post('/api/endpoints', 'mine', { url: receiver.url, types: ['alert.*'] });
    expect(later.status).toBe(201);
    expect(later.body.id).not.toBe(made.body.id);
  });

  test('another request under the same key is refused', async () => {
    expect((await post('/api/endpoints', 'mine', { url: receiver.url })).status).toBe(201);
    const { status: code, body } = await post('/api/endpoints', 'mine', { url: receiver.url, types: ['alert.*'] });
    expect(code).toBe(422);
    expect(body.code).toBe('idempotency-key-reused');
  });
});

describe('enable', () => {
  /** Disabled by a 410 to `first`, with `second` waiting; then an alert that nobody was told of. */
  async function disabled(): Promise<string> {
    const { id } = await cairn.endpoint({ url: receiver.url, types: ['alert.*'], rateLimit: 2 });
    receiver.answer(status(410));
    await cairn.happen({ factId: 'first' });
    await cairn.happen({ factId: 'second' });
    await cairn.happen({ factId: 'third' });
    await cairn.delivery(id, (one) => one.factId === 'third' && one.state === 'failed');
    await append('alerts', alert(1));
    receiver.answer(status(200));
    return id;
  }

  test('skip, the default, leaves what was not sent', async () => {
    const id = await disabled();
    expect((await cairn.call('GET', `/api/endpoints/${id}`)).body).toMatchObject({
      state: 'disabled',
      disabledAt: expect.any(String),
    });
    const before = receiver.requests.length;
    const { body } = await cairn.call('POST', `/api/endpoints/${id}/enable`, { mode: 'skip' });
    expect(body).toMatchObject({ state: 'enabled', disabledReason: null, disabledAt: null });
    await cairn.happen({ factId: 'later' });
    await cairn.delivery(id, (one) => one.factId === 'later' && ended(one));
    expect(idsSince(before)).toEqual([deliveryId('later', id)]);
  });

  test('recover sends again what had been waiting or had failed', async () => {
    const id = await disabled();
    const before = receiver.requests.length;
    await cairn.call('POST', `/api/endpoints/${id}/enable`, { mode: 'recover' });
    for (const factId of ['first', 'second', 'third'])
      await cairn.delivery(id, (one) => one.factId === factId && one.state === 'delivered');
    expect(idsSince(before).sort()).toEqual(['first', 'second', 'third'].map((one) => deliveryId(one, id)).sort());
  });

  test('resume sends also what happened meanwhile', async () => {
    const id = await disabled();
    const { body } = await cairn.call('POST', `/api/endpoints/${id}/enable`, { mode: 'resume' });
    expect(body).toMatchObject({ state: 'enabled', requested: 1 });
    for (const factId of ['first', 'second', 'third', 'alert_1'])
      await cairn.delivery(id, (one) => one.factId === factId && one.state === 'delivered');
  });

  test('another mode is refused', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    for (const [mode, path] of [
      ['again', 'mode'],
      ['recover', 'since'],
    ]) {
      const { status: code, body } = await cairn.call('POST', `/api/endpoints/${id}/enable`, { mode });
      expect(code).toBe(422);
      expect(body.errors[0].path).toBe(path);
    }
  });
});

test('replay-missing makes deliveries of facts of every kind, once', async () => {
  const since = new Date(systemClock.now() - 1_000).toISOString();
  const common = { workspace: 'default', at: systemClock.now(), imported: false, cause: 'tp_1' };
  await append('alerts', alert(1));
  await append('journeys', {
    ...common,
    type: 'journey.changed',
    factId: 'fct_1.2',
    journey: { id: 'jrn_1', seq: 2 },
    events: ['stage_changed', 'won'],
    from: 'awareness',
    touchpoint: null,
  });
  await append('actions', {
    ...common,
    type: 'action.requested',
    factId: 'action_1',
    action: {
      id: 'act_1',
      journeyId: 'jrn_1',
      requestedAt: new Date(common.at).toISOString(),
      expiresAt: new Date(common.at + 60_000).toISOString(),
    },
    journey: { id: 'jrn_1', seq: 3 },
  });
  await append('actions', { ...common, type: 'action.chosen', factId: 'action_2', action: {}, journey: {} });
  await append('identities', {
    ...common,
    type: 'person.merged',
    factId: 'merged_1',
    from: 'per_1',
    into: 'per_2',
    absorbed: [],
    version: 2,
    edge: {},
  });
  const { id } = await cairn.endpoint({ url: receiver.url });
  const replay = async (): Promise<number> =>
    (await cairn.call('POST', `/api/endpoints/${id}/replay-missing`, { since })).body.requested;
  expect(await replay()).toBe(5);
  for (const factId of ['alert_1', 'fct_1.2.stage_changed', 'fct_1.2.won', 'action_1', 'merged_1'])
    await cairn.delivery(id, (one) => one.factId === factId && one.state === 'delivered');
  expect(await replay()).toBe(0);
  expect(idsSince(0)).toHaveLength(5);
  const sequences = receiver.requests.map((request) => JSON.parse(request.body)).map(({ data }) => data.sequence);
  expect(sequences.filter((one) => one !== undefined)).toHaveLength(4);
});

test('one delivery shows what it sends: body and headers, and no secret', async () => {
  const { id, secret } = await cairn.endpoint({ url: receiver.url, headers: { 'X-Key': 'my own secret' } });
  await cairn.happen({ factId: 'fact_1', data: { name: 'Acme' } });
  const { id: delivery } = await cairn.delivery(id, ended);
  const { body } = await cairn.call('GET', `/api/deliveries/${delivery}`);
  expect(body).toMatchObject({
    id: delivery,
    state: 'delivered',
    request: { method: 'POST', url: receiver.url, headers: { 'x-key': '[set]', 'webhook-signature': '[redacted]' } },
  });
  expect(body.request.body).toBe(receiver.requests[0]!.body);
  expect(body).not.toHaveProperty('source');
  expect(JSON.stringify(body)).not.toContain('my own secret');
  expect(JSON.stringify(body)).not.toContain(String(secret).slice(6));
  expect((await cairn.call('GET', '/api/deliveries/msg_none')).status).toBe(404);
});

test('an endpoint whose secret no longer opens is still listed, says so, and its deliveries end', async () => {
  const { id } = await cairn.endpoint({ url: receiver.url, preset: 'ed25519', schedule: '10ms' });
  const { disk } = cairn.log;
  const { workspace } = cairn;
  await cairn.stop();
  cairn = await startRunningDeliverer(
    { webhookAllow: [receiver.hostPort], secretKey: 'another key' },
    { disk, workspace },
  );
  expect((await cairn.call('GET', `/api/endpoints/${id}`)).body.warnings[0]).toContain('CAIRN_SECRET_KEY');
  await cairn.happen({ factId: 'fact_1' });
  const delivery = await cairn.delivery(id, ended);
  expect(delivery).toMatchObject({ state: 'exhausted' });
  expect(delivery.attempts.map(({ code }) => code)).toEqual(['secret_unreadable', 'secret_unreadable']);
  expect((await cairn.call('GET', `/api/endpoints/${id}/health`)).body).toMatchObject({ breaker: 'closed' });
  expect((await cairn.call('POST', `/api/endpoints/${id}/rotate`)).status).toBe(200);
  await cairn.happen({ factId: 'fact_2' });
  await cairn.delivery(id, (one) => one.factId === 'fact_2' && one.state === 'delivered');
  expect(receiver.requests).toHaveLength(1);
});

test('endpoints are listed newest first, in pages that lose none when one is removed between them', async () => {
  for (let n = 0; n < 5; n++) await cairn.endpoint({ url: receiver.url });
  const all = (await cairn.call('GET', '/api/endpoints')).body.items.map((one: Parsed) => one.id);
  const first = (await cairn.call('GET', '/api/endpoints?limit=2')).body;
  await cairn.call('DELETE', `/api/endpoints/${all[1]}`);
  const rest = (await cairn.call('GET', `/api/endpoints?limit=10&cursor=${first.next}`)).body;
  expect([...first.items, ...rest.items].map((one: Parsed) => one.id)).toEqual(all);
  expect(rest.next).toBeNull();
  expect((await cairn.call('GET', '/api/endpoints?cursor=nonsense')).status).toBe(400);
});
