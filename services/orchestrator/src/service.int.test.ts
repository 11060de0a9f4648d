import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { TOPICS, TOPIC_NAMES, keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { createMemoryLog, type MemoryLog } from '@cairn/log/log.memory.ts';
import { startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import type { Ports, RunningService } from '@cairn/service-kit/service.ts';
import { waitUntil } from '@cairn/testkit/wait-until.ts';
import { readOrchestratorConfig } from './config.ts';
import { startOrchestrator } from './service.ts';
import { createWorkspace, type NewWorkspace } from './shell/control/control-routes.ts';
import { createDefaultDefinition } from './shell/control/default-definition.ts';
import { awaitDefinitionLive } from './shell/control/definition-live.ts';
import { EXAMPLE_DEFINITION } from './testkit/example-definition.ts';
import { stitchedOf, type TouchpointLike } from './testkit/touchpoint-of.ts';

const QUICK = `
cairn: journey-definition/1
name: b2b-sales
unit: account
outbound: { event: [Email Sent] }
stages:
  - name: awareness
  - { name: consideration, enter: { event: Webinar Attended }, stall: { after: 300ms } }
`;

describe('the orchestrator over HTTP and a log', () => {
  let log: MemoryLog;
  let ports: Ports;
  let service: RunningService;
  let server: Server;
  let base: string;
  let workspace: NewWorkspace;
  const dataDir = mkdtempSync(join(tmpdir(), 'cairn-orchestrator-'));

  beforeAll(async () => {
    const topics = TOPIC_NAMES.map((name) => ({ ...TOPICS[name], partitions: TOPICS[name].partitionsEmbedded }));
    log = createMemoryLog({ topics, clock: systemClock });
    const control = await startControlMirror(log, systemClock);
    ports = { log, clock: systemClock, logger: silentLogger(), metrics: createMetrics(), control };
    const config = readOrchestratorConfig({ CAIRN_DATA_DIR: dataDir });
    service = await startOrchestrator(ports, config);
    server = createServer(service.http!.handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    workspace = await createWorkspace(
      {
        ports,
        defaultDefinition: createDefaultDefinition(config.definitionPath),
        definitionLive: awaitDefinitionLive,
      },
      { id: 'default', name: 'default', installation: true, by: 'test' },
    );
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await service.stop();
    await ports.control.stop();
    await log.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function call(
    method: string,
    path: string,
    body?: string,
    type = 'application/yaml',
    token = workspace.adminToken,
  ) {
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) };
    const response = await fetch(`${base}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  }

  async function touch(like: TouchpointLike): Promise<void> {
    const message = stitchedOf('default', like);
    const key = keyOf.subject('default', message.subject.id);
    const partition = partitionOf(key, log.partitions('journey-inbox'));
    await log.append([{ topic: 'journey-inbox', partition, key, value: encodeJson(message) }]);
  }

  const values = <T>(topic: string): T[] =>
    Array.from({ length: log.partitions(topic) }, (_, partition) => log.disk.partition(topic, partition).records)
      .flat()
      .filter((record) => record.value !== null)
      .map((record) => decodeJson(record.value!) as T);

  it('is ready, and its new workspace has the shipped definition, live', async () => {
    await waitUntil(() => service.ready(), systemClock);
    const { body } = await call('GET', '/api/definitions');
    expect(body).toMatchObject({ items: [{ name: 'b2b-sales', version: 1, unit: 'account' }], next: null });
    expect(ports.control.liveVersion('default', 'b2b-sales')).toBe(1);
  });

  it('takes a definition as YAML and as JSON, and has it live when it answers', async () => {
    const yaml = await call('POST', '/api/definitions', EXAMPLE_DEFINITION.replace('name: b2b-sales', 'name: example'));
    expect(yaml).toMatchObject({ status: 201, body: { name: 'example', version: 1, live: true } });
    const { definition } = yaml.body as unknown as { definition: object };
    const json = await call('POST', '/api/definitions', JSON.stringify(definition), 'application/json');
    expect(json).toMatchObject({ status: 201, body: { version: 2 } });
    const form = await call(
      'POST',
      '/api/definitions',
      EXAMPLE_DEFINITION.replace('name: b2b-sales', 'name: example'),
      'application/x-www-form-urlencoded',
    );
    expect(form).toMatchObject({ status: 201, body: { version: 3 } });
    expect(await call('GET', '/api/definitions/example')).toMatchObject({
      status: 200,
      body: { version: 3, definition: { holdout: 0.1 } },
    });
    expect((await call('GET', '/api/definitions/none')).status).toBe(404);
    const first = await call('GET', '/api/definitions?limit=1');
    expect(first.body).toMatchObject({ items: [{ name: 'b2b-sales' }], next: expect.any(String) as string });
    const { next } = first.body as unknown as { next: string };
    expect((await call('GET', `/api/definitions?limit=1&cursor=${next}`)).body).toMatchObject({
      items: [{ name: 'example' }],
      next: null,
    });
    expect((await call('GET', '/api/definitions?cursor=garbage')).status).toBe(400);
    const puts = values<{ type: string; name: string; version: number }>('journey-inbox').filter(
      ({ type, name }) => type === 'definition.put' && name === 'example',
    );
    expect(puts.map(({ version }) => version).sort()).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('refuses a bad definition with every fault and its path', async () => {
    const bad = EXAMPLE_DEFINITION.replace('5 business days', '5 bussiness days').replace('holdout: 0.1', 'holdout: 7');
    const { status, body } = await call('POST', '/api/definitions', bad);
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'bad-definition',
      errors: [
        { path: 'holdout', message: 'must be <= 1' },
        { path: 'stages[1].stall.after', message: "'5 bussiness days' is not a duration; did you mean 'business'?" },
      ],
    });
    expect((await call('POST', '/api/definitions', '{', 'application/json')).status).toBe(400);
    expect((await call('POST', '/api/definitions', QUICK.replace('unit: account', 'unit: person'))).body).toMatchObject(
      {
        status: 422,
        errors: [{ path: 'unit' }],
      },
    );
    expect((await call('POST', '/api/definitions', QUICK, 'text/yaml', workspace.writeKey)).status).toBe(403);
    expect((await call('POST', '/api/definitions', QUICK, 'text/yaml', 'nonsense')).status).toBe(401);
  });

  it('numbers definitions that come at once one after the other', async () => {
    const one = QUICK.replace('name: b2b-sales', 'name: many').replace(', stall: { after: 300ms }', '');
    const answers = await Promise.all(Array.from({ length: 5 }, () => call('POST', '/api/definitions', one)));
    expect(answers.map(({ body }) => body['version']).sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('advances a journey by the newest definition, and opens its alert when the buyer is quiet', async () => {
    expect((await call('POST', '/api/definitions', QUICK)).body).toMatchObject({ version: 2, live: true });
    const now = systemClock.now();
    await touch({ at: now, account: 'acme', event: 'Webinar Attended' });
    await waitUntil(() => values('alerts').length > 0, systemClock);
    const [alert] = values<AlertFact>('alerts');
    expect(alert).toMatchObject({ type: 'alert.opened', alert: { kind: 'stall', definition: 'b2b-sales' } });
    expect(alert!.at).toBeGreaterThanOrEqual(now + 300);
    await touch({ at: systemClock.now(), account: 'acme', person: 'bob', event: 'Email Replied' });
    await waitUntil(() => values('alerts').length > 1, systemClock);
    expect(values<AlertFact>('alerts')[1]).toMatchObject({ type: 'alert.resolved', alert: { resolvedBy: 'buyer' } });
    const journeys = values<JourneyChanged>('journeys').filter(({ journey }) => journey.definition === 'b2b-sales');
    expect(journeys.map(({ journey }) => journey.seq)).toEqual([1, 2, 3]);
    expect(journeys.at(-1)!.journey).toMatchObject({ definitionVersion: 2, stage: 'consideration', status: 'active' });
  });

  it('writes what the schemas say', () => {
    for (const [topic, schema] of [
      ['journeys', 'journey'],
      ['alerts', 'alert'],
      ['control', 'control'],
    ] as const) {
      const validate = validatorOf(schema);
      for (const value of values(topic)) expect(validate(value) ? [] : validate.errors).toEqual([]);
    }
  });

  it('counts what it did', async () => {
    const text = await ports.metrics.expose();
    expect(text).toMatch(/cairn_touchpoints_advanced_total 2\n/);
    expect(text).toMatch(/cairn_alerts_total\{kind="stall",type="alert.opened"\} 1\n/);
    expect(text).toMatch(/cairn_timers_fired_total [12]\n/);
  });
});
