/** The routes of history over HTTP: who may ask, what is refused, and that a question is asked for the asker's own workspace alone. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { DefinitionPut } from '@cairn/contracts/generated/control.ts';
import type { Scope } from '@cairn/history/queries/journeys-scope.ts';
import type { Grant } from '@cairn/service-kit/control-mirror.ts';
import { createExpressApp } from '@cairn/service-kit/express-app.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import type { JourneyInsight } from './history-insight.ts';
import { addHistoryRoutes, type HistoryRoutesDeps } from './history-routes.ts';

const stages = [{ name: 'one', target: { time: '5 business days', conversion: 0.5 } }, { name: 'two' }];
const definition = (workspace: string, name: string): DefinitionPut => ({
  type: 'definition.put',
  workspace,
  name,
  version: 3,
  definition: { cairn: 'journey-definition/1', name, unit: 'account', stages },
  by: 'test',
  at: 0,
});
const DEFINITIONS: Record<string, DefinitionPut[]> = {
  a: [definition('a', 'sales')],
  b: [definition('b', 'sales'), definition('b', 'renewal')],
};
const control: HistoryRoutesDeps['control'] = {
  grantOf: (token): Grant | null => {
    const [workspace, scope] = token.split('-');
    if (!workspace || !DEFINITIONS[workspace]) return null;
    return { workspace, tokenId: token, name: token, scopes: new Set([scope as 'read']), expiresAt: null };
  },
  definitions: (workspace) => DEFINITIONS[workspace] ?? [],
};

describe('the routes of history', () => {
  const asked: Scope[] = [];
  const stage = {
    stage: 'one',
    started: 1,
    entered: 10,
    onward: 4,
    wonIn: 0,
    lostIn: 1,
    stalledIn: 0,
    here: 5,
    visits: 10,
  };
  const insight: JourneyInsight = {
    map: async (scope, { by }) => {
      asked.push(scope);
      return {
        by,
        stages: [
          { ...stage, medianTimeMs: 14 * 86_400_000, p90TimeMs: null, volume: 12, waitMs: 90_000, sentiment: null },
        ],
        touchpoints: [],
        cells: [],
        totals: { touches: 12, journeys: 1 },
        sample: 1,
      };
    },
    cell: async () => [{ id: 'jrn_1', status: 'active', stage: 'one', touches: 2, lastAt: 0 }],
    funnel: async () => ({ journeys: 0, won: 0, lost: 0, open: 0, medianToWonMs: null, steps: [], moves: [] }),
    paths: async (_scope, { by }) => ({
      by,
      journeys: 0,
      top: [],
      other: { paths: 0, journeys: 0, share: 0 },
      nodes: [],
      links: [],
    }),
    attribution: () => Promise.reject(new Error('not asked here')),
    metrics: () => Promise.reject(new Error('not asked here')),
  };
  const view = { journeys: { get: () => undefined } } as unknown as HistoryRoutesDeps['view'];
  const servers: Server[] = [];
  async function serve(of: JourneyInsight | undefined): Promise<string> {
    const app = createExpressApp({ logger: silentLogger(), clock: systemClock }, (routes) =>
      addHistoryRoutes(routes, { clock: systemClock, control, view, insight: of }),
    );
    const server = createServer(app);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  let url: string;
  beforeAll(async () => {
    url = await serve(insight);
  });
  afterAll(() => servers.forEach((server) => server.close()));
  async function get(
    path: string,
    token = 'a-read',
    base = url,
  ): Promise<{ status: number; type: string; body: Record<string, never> }> {
    const response = await fetch(base + path, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, body: (await response.json()) as Record<string, never> };
  }

  it('answer with what was asked, plan beside fact, and every figure in words', async () => {
    const { status, body } = await get('/api/map?from=2026-01-01&to=2026-02-01T00:00:00.000Z&segment=status:won');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      definition: 'sales',
      definitionVersion: 3,
      from: '2026-01-01T00:00:00.000Z',
      segment: 'status:won',
    });
    // Five business days stand for seven calendar days; fourteen are twice that.
    expect(body['stages']).toMatchObject([
      {
        stage: 'one',
        medianTime: 'P14D',
        medianWait: 'PT1M30S',
        onwardShare: 0.4,
        timeOfTarget: 2,
        target: { time: 'P7D', conversion: 0.5 },
      },
    ]);
    expect(
      Object.values(body['means'] as unknown as Record<string, unknown>).every((words) => typeof words === 'string'),
    ).toBe(true);
    expect(asked.at(-1)).toEqual({
      workspace: 'a',
      definition: 'sales',
      stages: ['one', 'two'],
      from: Date.UTC(2026, 0, 1),
      to: Date.UTC(2026, 1, 1),
      segment: { name: 'status', values: ['won'] },
    });
  });

  it('ask for the workspace of the token; an answer of one is never that of another', async () => {
    await get('/api/map?definition=sales', 'a-read');
    await get('/api/map?definition=sales', 'b-read');
    expect(asked.slice(-2).map(({ workspace }) => workspace)).toEqual(['a', 'b']);
    expect((await get('/api/map?definition=renewal', 'a-read')).status).toBe(404);
    expect((await get('/api/map?definition=renewal', 'b-read')).status).toBe(200);
  });

  it.each([
    '/api/map?from=yesterday',
    '/api/map?from=2026-02-01&to=2026-01-01',
    '/api/map?from=2026-02-01&from=2026-02-02',
    '/api/map?segment=mood:good',
    '/api/map?segment=status:',
    '/api/map?by=weather',
    '/api/map?limit=0',
    '/api/map?limit=201',
    '/api/map?stage=one',
    '/api/map/journeys',
    '/api/paths?steps=13',
    '/api/paths?top=1e9',
    '/api/funnel?limit=5',
  ])('refuse %s with a problem', async (path) => {
    const { status, type, body } = await get(path);
    expect([status, type.split(';')[0], body['code']]).toEqual([400, 'application/problem+json', 'bad-request']);
  });

  it('want to know which definition where there are several', async () => {
    const { status, body } = await get('/api/funnel', 'b-read');
    expect(status).toBe(400);
    expect(body['detail']).toContain('renewal, sales');
  });

  it('are closed without a token, to one that only writes, and where there is no history', async () => {
    for (const path of ['map', 'map/journeys?stage=one', 'funnel', 'paths', 'attribution', 'metrics']) {
      expect((await get(`/api/${path}`, '')).status).toBe(401);
      expect((await get(`/api/${path}`, 'a-ingest')).status).toBe(403);
    }
    expect((await get('/api/funnel', 'a-read', await serve(undefined))).status).toBe(503);
  });
});
