import { formatInstantOrNull, parseInstant } from '@cairn/clock/calendar.ts';
import type { Delivery, DeliveryAttempt, EndpointNow } from '@cairn/contracts/generated/delivery.ts';

/** How an endpoint is doing, from the deliveries at hand and its last fact: what an operator looks at first. */
export interface EndpointReport {
  breaker: EndpointNow['breaker'];
  probeAt: string | null;
  heldUntil: string | null;
  failingSince: string | null;
  sending: number;
  /** For a place at the endpoint. */
  waiting: number;
  /** Not ended, whatever they wait for; the age of the oldest in ms. */
  pending: number;
  lagMs: number;
  /** Over the attempts of the last hour. */
  attempts: number;
  succeeded: number;
  successRate: number | null;
  latencyMs: { p50: number | null; p95: number | null; p99: number | null };
  /** Failures by code. */
  failures: Record<string, number>;
  lastSuccessAt: string | null;
  lastFailure: DeliveryAttempt | null;
}

const WINDOW_MS = 3_600_000;

export function reportEndpoint(deliveries: readonly Delivery[], last: EndpointNow | null, now: number): EndpointReport {
  const attempts = deliveries
    .flatMap((delivery) => delivery.attempts)
    .map((attempt) => ({ attempt, at: parseInstant(attempt.at) ?? 0 }))
    .sort((a, b) => a.at - b.at);
  const recent = attempts.filter(({ at }) => at > now - WINDOW_MS).map(({ attempt }) => attempt);
  const succeeded = recent.filter((attempt) => attempt.code === null);
  const durations = recent.map((attempt) => attempt.durationMs).sort((a, b) => a - b);
  const failures: Record<string, number> = {};
  for (const { code } of recent) if (code !== null) failures[code] = (failures[code] ?? 0) + 1;
  const pending = deliveries.filter((delivery) => delivery.state === 'pending');
  const oldest = Math.min(now, ...pending.map((delivery) => parseInstant(delivery.createdAt) ?? now));
  return {
    breaker: last?.breaker ?? 'closed',
    probeAt: formatInstantOrNull(last?.probeAt),
    heldUntil: formatInstantOrNull(last?.heldUntil && last.heldUntil > now ? last.heldUntil : null),
    failingSince: formatInstantOrNull(last?.failingSince),
    sending: last?.sending ?? 0,
    waiting: last?.waiting ?? 0,
    // Of very many only the newest are at hand.
    pending: Math.max(pending.length, (last?.waiting ?? 0) + (last?.sending ?? 0)),
    lagMs: now - oldest,
    attempts: recent.length,
    succeeded: succeeded.length,
    successRate: recent.length === 0 ? null : succeeded.length / recent.length,
    latencyMs: { p50: quantile(durations, 0.5), p95: quantile(durations, 0.95), p99: quantile(durations, 0.99) },
    failures,
    lastSuccessAt: attempts.findLast(({ attempt }) => attempt.code === null)?.attempt.at ?? null,
    lastFailure: attempts.findLast(({ attempt }) => attempt.code !== null)?.attempt ?? null,
  };
}

/** Of a sorted list: the value that a share of them does not pass. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
