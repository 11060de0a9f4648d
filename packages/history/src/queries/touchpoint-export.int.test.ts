import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickhouseHistory } from '../history.clickhouse.ts';
import type { History } from '../history.ts';
import { rowsOf } from '../rows/rows-of.ts';
import { newestTouchpoints } from './newest-touchpoints.ts';
import { exportTouchpoints, type ExportedTouchpoint, type ExportPlace } from './touchpoint-export.ts';

const server = process.env.CAIRN_TEST_CLICKHOUSE_URL;
const folder = mkdtempSync(join(tmpdir(), 'cairn-history-export-'));
const WORKSPACE = 'touchpoint-export';
const T0 = Date.UTC(2026, 0, 5);
let history: History;

const touchpoint = (n: number, more: Partial<Touchpoint> = {}): Touchpoint => ({
  type: 'touchpoint.admitted',
  workspace: WORKSPACE,
  id: `tp_${n}`,
  messageId: `m${n}`,
  kind: 'track',
  event: 'Demo Requested',
  name: null,
  userId: 'ann',
  anonymousId: null,
  groupId: null,
  previousId: null,
  timestamp: T0 + n * 1_000,
  originalTimestamp: null,
  receivedAt: T0 + n * 1_000,
  traits: {},
  properties: { plan: 'team' },
  context: { channel: 'web' },
  direction: null,
  channel: 'web',
  bot: false,
  imported: false,
  source: 'http',
  ...more,
});

beforeAll(async () => {
  history = await openClickhouseHistory(server ? { url: server } : { chdbPath: join(folder, 'chdb') });
  const all = [
    touchpoint(3, { timestamp: T0 }),
    touchpoint(1, { kind: 'group', event: null, groupId: 'acme', traits: { employees: 7 } }),
    touchpoint(2, {
      kind: 'page',
      event: 'Page Viewed',
      name: 'Pricing',
      groupId: 'acme',
      context: { groupId: 'acme' },
    }),
    touchpoint(4, { kind: 'alias', event: null, previousId: 'old' }),
    touchpoint(5, { workspace: 'another' }),
  ];
  for (const [i, one] of all.entries()) {
    const message: StitchedTouchpoint = {
      type: 'touchpoint.stitched',
      workspace: one.workspace,
      subject: { unit: 'person', id: 'p1' },
      touchpoint: one,
      person: null,
      account: null,
      stitchKey: 'userId:ann',
    };
    const record = {
      topic: 'journey-inbox',
      partition: 0,
      offset: BigInt(i),
      at: one.receivedAt,
      key: `${one.workspace}/p1`,
      value: encodeJson(message),
      headers: {},
    };
    for (const { table, row } of rowsOf(record)) await history.insert(table, [row], `export-${table}-${one.id}`);
  }
});
afterAll(async () => {
  await history.close();
  rmSync(folder, { recursive: true, force: true });
});

test('touchpoints come back as the calls that they were, in the order of their times, page by page, of one workspace', async () => {
  const found: ExportedTouchpoint[] = [];
  let after: ExportPlace | null = null;
  let pages = 0;
  do {
    const page: Awaited<ReturnType<typeof exportTouchpoints>> = await exportTouchpoints(history, WORKSPACE, {
      from: T0,
      after,
      limit: 2,
    });
    found.push(...page.items);
    after = page.next;
    pages++;
  } while (after !== null);
  expect(pages).toBe(2);
  expect(found).toEqual([
    {
      type: 'track',
      event: 'Demo Requested',
      userId: 'ann',
      messageId: 'm3',
      timestamp: '2026-01-05T00:00:00.000Z',
      traits: {},
      properties: { plan: 'team' },
      context: { channel: 'web' },
    },
    expect.objectContaining({ type: 'group', groupId: 'acme', traits: { employees: 7 }, messageId: 'm1' }),
    expect.objectContaining({ type: 'page', name: 'Pricing', context: { groupId: 'acme' }, messageId: 'm2' }),
    expect.objectContaining({ type: 'alias', previousId: 'old', messageId: 'm4' }),
  ]);
  const { items } = await exportTouchpoints(history, WORKSPACE, { from: T0 + 3_000, after: null, limit: 10 });
  expect(items.map(({ messageId }) => messageId)).toEqual(['m4']);
});

test('tells where the newest touchpoints begin, and how many there are', async () => {
  const all = await exportTouchpoints(history, WORKSPACE, { from: 0, after: null, limit: 1_000 });
  const times = all.items.map(({ timestamp }) => Date.parse(timestamp));
  expect(times.length).toBeGreaterThan(3);
  expect(await newestTouchpoints(history, WORKSPACE, 0, 1_000)).toEqual({ total: times.length, from: 0 });
  expect(await newestTouchpoints(history, WORKSPACE, 0, 2)).toEqual({ total: times.length, from: times.at(-2) });
  expect(await newestTouchpoints(history, WORKSPACE, times.at(-1)!, 2)).toEqual({ total: 1, from: times.at(-1) });
  expect(await newestTouchpoints(history, 'nobody', 0, 2)).toEqual({ total: 0, from: 0 });
});
