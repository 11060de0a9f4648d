import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ControlFile } from '@cairn/contracts/generated/control.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { DEFINITION_VERSIONS_KEPT } from '@cairn/service-kit/control-mirror.ts';
import { startRunningDeliverer } from '../../testkit/running-deliverer.ts';
import type { RunningDeliverer } from '../../testkit/running-deliverer.ts';

let cairn: RunningDeliverer;
beforeEach(async () => {
  cairn = await startRunningDeliverer();
});
afterEach(() => cairn.stop());

const text = (after: string): string => `# When silence is a stall
cairn: journey-definition/1
name: sales
unit: person
stages: [ { name: a, stall: { after: ${after} } } ]
`;
const put = (body: string, token = cairn.workspace.adminToken): Promise<Response> =>
  fetch(`${cairn.base}/api/definitions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/yaml' },
    body,
  });
const versions = async (): Promise<unknown> => (await cairn.call('GET', '/api/definitions/sales/versions')).body.items;

test('each version is kept with its text as it was written, who put it live and when', async () => {
  for (const after of ['3 days', '2 days', '1 day']) expect((await put(text(after))).status).toBe(201);
  const { body: listed } = await cairn.call('GET', '/api/definitions/sales/versions');
  expect(listed.next).toBe(null);
  expect(listed.items).toMatchObject([
    { name: 'sales', version: 3, live: true, by: 'admin', restoredFrom: null },
    { version: 2, live: false },
    { version: 1, live: false },
  ]);
  const { body } = await cairn.call('GET', '/api/definitions/sales/versions/1');
  expect(body).toMatchObject({ version: 1, live: false, source: text('3 days'), definition: { name: 'sales' } });
  expect(body.at).toMatch(/^\d{4}-.*Z$/);
  expect((await cairn.call('GET', '/api/definitions/sales')).body).toMatchObject({ version: 3, source: text('1 day') });
  for (const nothing of [
    'sales/versions/4',
    'sales/versions/x',
    'sales/versions/01',
    'other/versions',
    'other/versions/1',
  ])
    expect((await cairn.call('GET', `/api/definitions/${nothing}`)).status).toBe(404);
  const validate = validatorOf('control');
  for (const change of cairn.values('control') as ControlFile[])
    expect(validate(change), JSON.stringify(validate.errors)).toBe(true);
  // Journeys are advanced by what was loaded: the text stays where people look for it.
  expect(JSON.stringify(cairn.values('journey-inbox'))).not.toContain('When silence is a stall');
});

test('an old version comes back as a new one', async () => {
  for (const after of ['3 days', '2 days']) await put(text(after));
  const { status, body } = await cairn.call('POST', '/api/definitions/sales/versions/1/restore');
  expect(status).toBe(201);
  expect(body).toMatchObject({ version: 3, source: text('3 days'), live: true });
  expect(await versions()).toMatchObject([
    { version: 3, live: true, restoredFrom: 1 },
    { version: 2, restoredFrom: null },
    { version: 1 },
  ]);
  expect((await cairn.call('POST', '/api/definitions/sales/versions/9/restore')).status).toBe(404);
  const { body: reader } = await cairn.call('POST', '/api/tokens', { name: 'r', scopes: ['read', 'act'] });
  const refused = await cairn.call('POST', '/api/definitions/sales/versions/1/restore', undefined, reader.token);
  expect(refused.status).toBe(403);
});

test('a definition that was put as JSON, or before texts were kept, has its JSON for a text', async () => {
  const definition = { cairn: 'journey-definition/1', name: 'sales', unit: 'person', stages: [{ name: 'a' }] };
  const at = cairn.ports.clock.now();
  await cairn.ports.control.put({
    type: 'definition.put',
    workspace: 'default',
    name: 'sales',
    version: 6,
    definition,
    by: 'x',
    at,
  });
  expect(await versions()).toMatchObject([{ version: 6, live: true, by: 'x' }]);
  expect((await cairn.call('POST', '/api/definitions', { ...definition, title: 'New' })).status).toBe(201);
  const { body: old } = await cairn.call('GET', '/api/definitions/sales/versions/6');
  expect(JSON.parse(old.source)).toEqual(definition);
  const { body: live } = await cairn.call('GET', '/api/definitions/sales/versions/7');
  expect(JSON.parse(live.source)).toEqual({ ...definition, title: 'New' });
});

test('the newest are kept, and one key of each is', async () => {
  const { control } = cairn.ports;
  for (let version = 1; version <= DEFINITION_VERSIONS_KEPT + 5; version++)
    await control.put({
      type: 'definition.version',
      workspace: 'default',
      name: 'sales',
      version,
      source: 's',
      by: 'x',
      at: version,
    });
  const kept = control.definitionVersions('default', 'sales').map(({ version }) => version);
  expect(kept.length).toBe(DEFINITION_VERSIONS_KEPT);
  expect([kept[0], kept.at(-1)]).toEqual([DEFINITION_VERSIONS_KEPT + 5, 6]);
  expect(control.definitionVersions('other', 'sales')).toEqual([]);
});
