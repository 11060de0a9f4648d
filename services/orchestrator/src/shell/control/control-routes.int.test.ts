import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ControlFile } from '@cairn/contracts/generated/control.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { createWorkspace } from './control-routes.ts';
import { startRunningDeliverer } from '../../testkit/running-deliverer.ts';
import type { RunningDeliverer } from '../../testkit/running-deliverer.ts';

let cairn: RunningDeliverer;
beforeEach(async () => {
  cairn = await startRunningDeliverer();
});
afterEach(() => cairn.stop());

test('a workspace starts with a write key, an admin token and the default definition', async () => {
  const { status, body } = await cairn.call('POST', '/api/workspaces', { name: 'Acme' });
  expect(status).toBe(201);
  expect(Object.keys(body).sort()).toEqual(['adminToken', 'id', 'name', 'writeKey']);
  const now = cairn.ports.clock.now();
  const { control } = cairn.ports;
  expect([...control.grantOf(body.writeKey, now)!.scopes]).toEqual(['ingest']);
  expect([...control.grantOf(body.adminToken, now)!.scopes]).toEqual(['admin']);
  expect(control.grantOf(body.adminToken, now)!.workspace).toBe(body.id);
  expect(control.definitions(body.id).map((definition) => definition.name)).toEqual(['b2b-sales']);
});

test('made again, a workspace keeps its name and its definitions and gets further keys', async () => {
  const { control } = cairn.ports;
  const [live] = control.definitions('default');
  await control.put({ ...live!, version: 7 });
  const again = await createWorkspace(
    { ports: cairn.ports, defaultDefinition: async () => ({ name: 'b2b-sales', definition: {} }) },
    { id: 'default', name: 'another name', by: 'test' },
  );
  expect(control.definitions('default')[0]!.version).toBe(7);
  expect(control.workspace('default')!.name).toBe('default');
  expect((await cairn.call('GET', '/api/tokens', undefined, again.adminToken)).status).toBe(200);
});

test('only the installation’s admin may make a workspace', async () => {
  const { adminToken } = (await cairn.call('POST', '/api/workspaces', { name: 'Acme' })).body;
  expect((await cairn.call('POST', '/api/workspaces', { name: 'Other' }, adminToken)).status).toBe(403);
  expect((await cairn.call('POST', '/api/tokens', { name: 'x', scopes: ['installation'] }, adminToken)).status).toBe(
    422,
  );
});

test('a token is answered once; what is kept is its hash', async () => {
  const { status, body } = await cairn.call('POST', '/api/tokens', { name: 'bot', scopes: ['read', 'act'] });
  expect(status).toBe(201);
  expect(body).toMatchObject({ name: 'bot', scopes: ['read', 'act'], expiresAt: null });
  expect(body.token).toMatch(/^cairn_[A-Za-z0-9_-]{43}$/);
  const listed = (await cairn.call('GET', '/api/tokens')).body.items as { id: string }[];
  expect(listed.map((token) => token.id)).toContain(body.id);
  const kept = JSON.stringify([listed, cairn.values('control')]);
  for (const text of [body.token, cairn.workspace.adminToken, cairn.workspace.writeKey])
    expect(kept).not.toContain(text);
  const validate = validatorOf('control');
  for (const change of cairn.values('control') as ControlFile[])
    expect(validate(change), JSON.stringify(validate.errors)).toBe(true);
});

test('a withdrawn token is refused from then on, and is not listed', async () => {
  const { id, token } = (await cairn.call('POST', '/api/tokens', { name: 'bot', scopes: ['admin'] })).body;
  expect((await cairn.call('GET', '/api/tokens', undefined, token)).status).toBe(200);
  expect((await cairn.call('DELETE', `/api/tokens/${id}`)).status).toBe(204);
  expect((await cairn.call('GET', '/api/tokens', undefined, token)).status).toBe(401);
  expect((await cairn.call('DELETE', `/api/tokens/${id}`)).status).toBe(404);
  expect((await cairn.call('GET', '/api/tokens')).body.items.map((one: { id: string }) => one.id)).not.toContain(id);
});

test('a token of another workspace is a 404', async () => {
  const other = (await cairn.call('POST', '/api/workspaces', { name: 'Other' })).body;
  const { id } = (await cairn.call('POST', '/api/tokens', { name: 'bot', scopes: ['read'] })).body;
  expect((await cairn.call('DELETE', `/api/tokens/${id}`, undefined, other.adminToken)).status).toBe(404);
});

test.each(['tokens', 'sources'])('%s come in pages that lose none, and a cursor of no list is a 400', async (list) => {
  for (const name of ['one', 'two', 'three'])
    await cairn.call('POST', `/api/${list}`, list === 'tokens' ? { name, scopes: ['read'] } : { name, mapping: '{}' });
  const whole = (await cairn.call('GET', `/api/${list}`)).body.items as { id: string }[];
  const paged: { id: string }[] = [];
  for (let next = ''; ;) {
    const page = (await cairn.call('GET', `/api/${list}?limit=2&cursor=${next}`)).body;
    paged.push(...page.items);
    if (page.next === null) break;
    next = page.next;
  }
  expect(paged.length).toBeGreaterThanOrEqual(3);
  expect(paged).toEqual(whole);
  for (const cursor of ['garbage', whole[0]!.id, 'e30'])
    expect((await cairn.call('GET', `/api/${list}?cursor=${cursor}`)).status).toBe(400);
});

test.each([
  [{ scopes: ['read'] }, 'name'],
  [{ name: ' ', scopes: ['read'] }, 'name'],
  [{ name: 'x' }, 'scopes'],
  [{ name: 'x', scopes: [] }, 'scopes'],
  [{ name: 'x', scopes: ['everything'] }, 'scopes'],
  [{ name: 'x', scopes: ['read'], expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt'],
  [{ name: 'x', scopes: ['read'], expiresAt: 'soon' }, 'expiresAt'],
  [{ name: 'x', scopes: ['read'], expiresAt: '2099' }, 'expiresAt'],
])('a token %j is refused and the field is named', async (settings, path) => {
  const { status, body } = await cairn.call('POST', '/api/tokens', settings);
  expect(status).toBe(422);
  expect(body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
});

test('a source is kept under its name; the same name again changes it and keeps its address', async () => {
  const made = await cairn.call('POST', '/api/sources', { name: 'crm', mapping: '{ "type": "track" }' });
  expect(made.status).toBe(201);
  const changed = await cairn.call('POST', '/api/sources', { name: 'crm', mapping: '{ "type": "page" }' });
  expect(changed).toMatchObject({ status: 200, body: { id: made.body.id, mapping: '{ "type": "page" }' } });
  expect((await cairn.call('GET', '/api/sources')).body.items).toEqual([changed.body]);
});

test('a mapping that is no JSONata is refused', async () => {
  const { status, body } = await cairn.call('POST', '/api/sources', { name: 'crm', mapping: '{ "type": ' });
  expect(status).toBe(422);
  expect(body.errors[0].path).toBe('mapping');
});
