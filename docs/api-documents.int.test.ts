/** docs/openapi.yaml and docs/asyncapi.yaml say what the code does: every route with its scope, every method, error, close code and limit of the feed. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CLOSE, ERRORS, LIMITS, parseChannel, parseCommands } from '@cairn/live-feed/core/feed-protocol.ts';
import { SEGMENT_PATHS } from '@cairn/ingest/shell/segment-routes.ts';

const root = join(import.meta.dirname, '..');
const read = (name: string): Document => parse(readFileSync(join(root, 'docs', name), 'utf8')) as Document;
const openapi = read('openapi.yaml');
const asyncapi = read('asyncapi.yaml');

interface Operation {
  operationId: string;
  summary: string;
  responses: Record<string, unknown>;
  parameters?: { name: string; in: string }[];
  'x-scope'?: string;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, unknown>;
  channels: Record<string, { address: string }>;
  components: { messages: Record<string, { payload: { properties?: { method?: { const: string } } } }> };
  'x-errors': Record<string, { message: string; temporary: boolean }>;
  'x-close-codes': Record<string, { reason: string; comeBack: boolean }>;
  'x-limits': Record<string, number>;
}

interface Route {
  name: string;
  /** What the handler asks for, where it says so itself. */
  scope: string | null;
}

/** Answered by bare `node:http`, without a router. */
const WITHOUT_ROUTER = [
  ...[...SEGMENT_PATHS.keys()].map((path) => `POST ${path}`),
  'POST /v1/import',
  'POST /v1/sources/{id}',
  'GET /v1/projects/{writeKey}/settings',
  'GET /live/sse',
  'GET /live/history',
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
];

/** The routes that the services add to their routers, as they are written. */
function routesOfTheCode(): Route[] {
  const services = join(root, 'services');
  const files = readdirSync(services, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /^[\w-]+\/src\/.*\.ts$/.test(path) && !/(\.test\.ts|\/testkit\/)/.test(path),
  );
  return files.flatMap((path) => {
    const text = readFileSync(join(services, path), 'utf8');
    const found = [...text.matchAll(/\b(?:app|routes|router)\.(get|post|put|patch|delete)\(\s*'(\/[^']+)'/g)];
    return found.map((match, index) => {
      const handler = text.slice(match.index, found[index + 1]?.index);
      const scope = /authorise\([^;]*?'(read|act|admin|installation)'\)/.exec(handler)?.[1] ?? null;
      return { name: `${match[1]!.toUpperCase()} ${match[2]!.replace(/:(\w+)/g, '{$1}')}`, scope };
    });
  });
}

const documented = Object.entries(openapi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
);

describe('docs/openapi.yaml', () => {
  const routes = routesOfTheCode();

  it('has every route of the services, and none that is not there', () => {
    expect(routes.length).toBeGreaterThan(40);
    const inCode = [...routes.map(({ name }) => name), ...WITHOUT_ROUTER].sort();
    expect(documented.map(({ name }) => name).sort()).toEqual([...new Set(inCode)]);
  });

  it('says of each which scope it asks for', () => {
    const scopes = new Map(documented.map(({ name, operation }) => [name, operation['x-scope'] ?? null]));
    const asked = routes.filter(({ scope }) => scope !== null);
    expect(asked.length).toBeGreaterThan(25);
    expect(asked.filter(({ name, scope }) => scopes.get(name) !== scope)).toEqual([]);
  });

  it('gives each operation an id of its own, its path’s parameters, and what it answers', () => {
    const ids = documented.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name, path, operation } of documented) {
      const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path').map((one) => one.name);
      expect([name, inPath]).toEqual([name, [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)]);
      expect([name, Object.keys(operation.responses).some((status) => /^[123]/.test(status))]).toEqual([name, true]);
      expect(operation.summary).not.toBe('');
    }
  });

  it('has every webhook type of API.md', () => {
    expect(Object.keys(openapi.webhooks).sort()).toEqual(
      [
        ...['opened', 'acknowledged', 'snoozed', 'escalated', 'resolved'].map((step) => `alert.${step}`),
        ...['stage_changed', 'qualified', 'won', 'lost'].map((step) => `journey.${step}`),
        ...['action.requested', 'action.withdrawn', 'identity.merged', 'identity.split'],
        ...['endpoint.disabled', 'endpoint.failing', 'delivery.exhausted'],
      ].sort(),
    );
  });
});

describe('docs/asyncapi.yaml', () => {
  it('has the methods that the feed knows', () => {
    const methods = Object.values(asyncapi.components.messages).flatMap(
      ({ payload }) => payload.properties?.method?.const ?? [],
    );
    expect(methods.sort()).toEqual(['authenticate', 'subscribe', 'unsubscribe']);
    for (const method of methods) {
      const parsed = parseCommands(JSON.stringify({ id: 1, method, params: { channel: 'board', token: 't' } }));
      expect(parsed).toMatchObject({ commands: [{ method }] });
    }
  });

  it('has the errors, close codes and limits, with their words', () => {
    const errors = Object.values(ERRORS).map(({ code, message, temporary }) => [String(code), { message, temporary }]);
    expect(asyncapi['x-errors']).toEqual(Object.fromEntries(errors));
    const codes = Object.values(CLOSE).map(({ code, reason }) => [
      String(code),
      { reason, comeBack: code >= 3000 && code < 3500 },
    ]);
    expect(asyncapi['x-close-codes']).toEqual(Object.fromEntries(codes));
    expect(asyncapi['x-limits']).toEqual({ ...LIMITS });
  });

  it('has channels that the feed takes', () => {
    const channels = Object.values(asyncapi.channels).map(({ address }) => address.replace('{id}', 'jrn_1'));
    const known = channels.filter((address) => parseChannel(address) !== null);
    expect(known.sort()).toEqual(['alerts', 'board', 'journey:jrn_1', 'ops']);
  });
});

describe.each(['openapi.yaml', 'asyncapi.yaml'])('every reference of docs/%s', (name) => {
  it('leads somewhere, and to the newest version of a schema', async () => {
    const document = read(name);
    const { SCHEMAS } = await import('@cairn/contracts/generated/schemas.ts');
    const newest = Object.values(SCHEMAS).map((schema) => (schema as { $id: string }).$id.split('/schemas/')[1]);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!);
    expect(references.length).toBeGreaterThan(10);
    for (const reference of new Set(references)) {
      const [file, pointer = ''] = reference.split('#');
      let target: unknown = document;
      if (file) {
        const path = join(dirname(join(root, 'docs', name)), file);
        expect([reference, existsSync(path)]).toEqual([reference, true]);
        expect(newest).toContain(file.split('/schemas/')[1]);
        target = JSON.parse(readFileSync(path, 'utf8'));
      }
      for (const part of pointer.split('/').slice(1))
        target = (target as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/')];
      expect([reference, typeof target]).toEqual([reference, 'object']);
    }
  });
});
