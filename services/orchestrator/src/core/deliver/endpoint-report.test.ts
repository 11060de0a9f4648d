import { expect, test } from 'vitest';
import type { Delivery } from '@cairn/contracts/generated/delivery.ts';
import { reportEndpoint } from './endpoint-report.ts';

const NOW = Date.UTC(2026, 0, 31, 8);
const iso = (ago: number): string => new Date(NOW - ago).toISOString();

const delivery = (id: number, state: Delivery['state'], ago: number, ...codes: (string | null)[]): Delivery => ({
  id: `msg_${id}`,
  workspace: 'ws_1',
  endpointId: 'ep_1',
  type: 'alert.opened',
  factId: `fact_${id}`,
  journeyId: null,
  state,
  attempts: codes.map((code, i) => ({ at: iso(ago), status: 200, code, durationMs: 10 * (i + 1), responseBody: null })),
  nextAttemptAt: null,
  createdAt: iso(ago),
});

test('counts the attempts of the last hour, and says how many succeeded and how long they took', () => {
  const report = reportEndpoint(
    [
      delivery(1, 'delivered', 1_000, 'http_500', null),
      delivery(2, 'pending', 5_000, 'timeout'),
      delivery(3, 'delivered', 7_200_000, null),
    ],
    {
      breaker: 'open',
      probeAt: NOW + 1_000,
      heldUntil: NOW - 1,
      window: 4,
      sending: 1,
      waiting: 7,
      failingSince: NOW - 5_000,
    },
    NOW,
  );
  expect(report).toMatchObject({
    breaker: 'open',
    probeAt: iso(-1_000),
    heldUntil: null,
    waiting: 7,
    pending: 8,
    lagMs: 5_000,
    attempts: 3,
    succeeded: 1,
    successRate: 1 / 3,
    latencyMs: { p50: 10, p95: 20, p99: 20 },
    failures: { http_500: 1, timeout: 1 },
    lastSuccessAt: iso(1_000),
    lastFailure: { code: 'http_500' },
  });
});

test('an endpoint that nothing was ever sent to has no rate', () => {
  expect(reportEndpoint([], null, NOW)).toMatchObject({
    breaker: 'closed',
    pending: 0,
    lagMs: 0,
    attempts: 0,
    successRate: null,
    latencyMs: { p50: null },
  });
});
