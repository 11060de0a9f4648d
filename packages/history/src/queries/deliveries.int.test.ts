import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { Delivery, DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickhouseHistory } from '../history.clickhouse.ts';
import type { History } from '../history.ts';
import { rowsOf } from '../rows/rows-of.ts';
import { deliveryAttempts, deliveryReport, withdrawnDeliveries } from './deliveries.ts';

const server = process.env.CAIRN_TEST_CLICKHOUSE_URL;
const folder = mkdtempSync(join(tmpdir(), 'cairn-history-deliveries-'));
const T0 = Date.UTC(2026, 4, 31, 23, 0);
const HOUR = 3_600_000;
const where = { workspace: 'deliveries', endpointId: 'ep_1', from: T0, to: T0 + 2 * HOUR };
let history: History;
let offset = 0n;

beforeAll(async () => {
  history = await openClickhouseHistory(server ? { url: server } : { chdbPath: join(folder, 'chdb') });
  // msg_1: fails, then arrives; msg_2: fails once and is suppressed; msg_3: of another endpoint.
  const first = attempt(T0 + 1_000, 'http_500', 40);
  await tell(T0, 'delivery.created', { id: 'msg_1' });
  await tell(T0 + 1_100, 'delivery.attempted', { id: 'msg_1', attempts: [first] });
  await tell(T0 + 9_000, 'delivery.ended', {
    id: 'msg_1',
    state: 'delivered',
    attempts: [first, attempt(T0 + 8_000, null, 20)],
  });
  const only = attempt(T0 + HOUR, 'timeout', 15_000);
  await tell(T0 + HOUR + 15_000, 'delivery.attempted', { id: 'msg_2', attempts: [only] });
  await tell(T0 + HOUR + 20_000, 'delivery.ended', {
    id: 'msg_2',
    state: 'suppressed',
    reason: 'the person was erased',
    journeyId: 'jrn_1',
    attempts: [only],
  });
  await tell(T0 + 5_000, 'delivery.ended', {
    id: 'msg_3',
    endpointId: 'ep_2',
    state: 'delivered',
    attempts: [attempt(T0 + 4_000, null, 10)],
  });
});
afterAll(async () => {
  await history.close();
  rmSync(folder, { recursive: true, force: true });
});

function attempt(at: number, code: string | null, durationMs: number): Delivery['attempts'][number] {
  const status = code === null ? 200 : code === 'http_500' ? 500 : null;
  return { at: formatInstant(at), status, code, durationMs, responseBody: code === null ? 'thanks' : 'no' };
}

/** As the sink does it. */
async function tell(at: number, type: DeliveryFact['type'], more: Partial<Delivery> & { id: string }): Promise<void> {
  const fact: DeliveryFact = {
    type,
    workspace: 'deliveries',
    at,
    delivery: {
      workspace: 'deliveries',
      endpointId: 'ep_1',
      type: 'alert.opened',
      factId: `fact_${more.id}`,
      journeyId: null,
      state: 'pending',
      attempts: [],
      nextAttemptAt: null,
      createdAt: formatInstant(T0),
      ...more,
    },
  };
  const key = 'deliveries/ep_1';
  const record = { topic: 'deliveries', partition: 0, offset: offset++, at, key, value: encodeJson(fact), headers: {} };
  for (const { table, row } of rowsOf(record)) await history.insert(table, [row], `token ${offset}`);
}

test('a report counts each attempt once, however often it was told of', async () => {
  const report = await deliveryReport(history, where);
  expect(report).toMatchObject({
    attempts: 3,
    succeeded: 1,
    failures: { http_500: 1, timeout: 1 },
    ended: { delivered: 1, suppressed: 1 },
  });
  expect(report.successRate).toBeCloseTo(1 / 3);
  expect(report.latencyMs).toMatchObject({ p50: 40, p99: 15_000 });
  expect(report.lagMs.p99).toBe(HOUR);
  expect(report.buckets.reduce((sum, bucket) => sum + bucket.attempts, 0)).toBe(3);
  expect(report.buckets[0]).toMatchObject({ at: formatInstant(T0), attempts: 2, succeeded: 1 });
});

test('a report of no endpoint is of all; one of a time without attempts is empty', async () => {
  expect(await deliveryReport(history, { ...where, endpointId: null })).toMatchObject({ attempts: 4, succeeded: 2 });
  const empty = await deliveryReport(history, { ...where, from: T0 - HOUR, to: T0 });
  expect(empty).toMatchObject({
    attempts: 0,
    successRate: null,
    latencyMs: { p50: null },
    lagMs: { p50: null },
    buckets: [],
  });
  expect(await deliveryReport(history, { ...where, workspace: 'other' })).toMatchObject({ attempts: 0 });
});

test('attempts come newest first, in pages', async () => {
  const first = await deliveryAttempts(history, { ...where, limit: 2, before: null });
  expect(first.map(({ deliveryId, attempt: n }) => [deliveryId, n])).toEqual([
    ['msg_2', 1],
    ['msg_1', 2],
  ]);
  expect(first[1]).toMatchObject({ status: 200, code: null, durationMs: 20, answer: 'thanks' });
  const last = first[1]!;
  const before = [Date.parse(last.at), last.deliveryId, last.attempt] as const;
  const second = await deliveryAttempts(history, { ...where, limit: 2, before });
  expect(second).toMatchObject([{ deliveryId: 'msg_1', attempt: 1, status: 500, code: 'http_500' }]);
  expect(await deliveryAttempts(history, { ...where, limit: 9, before: null, failedOnly: true })).toHaveLength(2);
});

test('what was withdrawn stands there with its reason', async () => {
  expect(await withdrawnDeliveries(history, { ...where, limit: 10 })).toEqual([
    {
      deliveryId: 'msg_2',
      endpointId: 'ep_1',
      type: 'alert.opened',
      journeyId: 'jrn_1',
      at: formatInstant(T0 + HOUR + 20_000),
      state: 'suppressed',
      reason: 'the person was erased',
    },
  ]);
});
