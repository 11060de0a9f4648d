/** Webhook attempts as the history has them: an endpoint's report over any time, and every attempt, also of deliveries that nobody else remembers. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { History } from '../history.ts';

export interface DeliveryReport {
  from: string;
  to: string;
  attempts: number;
  succeeded: number;
  /** 0 to 1; null without attempts. */
  successRate: number | null;
  latencyMs: { p50: number | null; p95: number | null; p99: number | null };
  /** From what happened to its first attempt. */
  lagMs: { p50: number | null; p95: number | null; p99: number | null };
  /** Attempts that failed, by code. */
  failures: Record<string, number>;
  /** Deliveries that ended, by how. */
  ended: Record<string, number>;
  /** Equal parts of the time, oldest first. */
  buckets: { at: string; attempts: number; succeeded: number; p95Ms: number | null }[];
}

export interface AttemptItem {
  deliveryId: string;
  endpointId: string;
  type: string;
  /** 1, 2, … within its delivery. */
  attempt: number;
  at: string;
  status: number | null;
  code: string | null;
  durationMs: number;
  /** The beginning of the answer's body. */
  answer: string;
}

export interface WithdrawnItem {
  deliveryId: string;
  endpointId: string;
  type: string;
  journeyId: string | null;
  at: string;
  state: string;
  reason: string;
}

interface Where {
  workspace: string;
  /** null: all of the workspace. */
  endpointId: string | null;
  from: number;
  to: number;
}

const BUCKETS = 48;

/** A fact is told once an attempt; a delivery's end may tell of the last one again, so each counts by its number. */
const ATTEMPTS = `
  SELECT endpoint_id, delivery_id, attempts AS attempt, any(fact_type) AS of_type, min(attempted_at) AS began,
         any(created_at) AS created, any(status) AS http, any(code) AS failure, any(duration_ms) AS took, any(answer) AS said
    FROM delivery_attempts
   WHERE workspace = {workspace: String} AND ({endpoint: String} = '' OR endpoint_id = {endpoint: String})
     AND attempts > 0 AND type != 'delivery.created'
     AND attempted_at >= fromUnixTimestamp64Milli({from: Int64}) AND attempted_at < fromUnixTimestamp64Milli({to: Int64})
   GROUP BY endpoint_id, delivery_id, attempts`;

const paramsOf = ({ workspace, endpointId, from, to }: Where): Record<string, unknown> => ({
  workspace,
  endpoint: endpointId ?? '',
  from,
  to,
});

export async function deliveryReport(history: Pick<History, 'query'>, where: Where): Promise<DeliveryReport> {
  const params = { ...paramsOf(where), width: Math.max(1, Math.ceil((where.to - where.from) / BUCKETS)) };
  const [[sums], failures, ended, buckets] = await Promise.all([
    history.query<SumsRow>(
      `SELECT count() AS attempts_made, countIf(failure = '') AS went_well,
              quantilesExact(0.5, 0.95, 0.99)(took) AS latency,
              quantilesExactIf(0.5, 0.95, 0.99)(greatest(0, toUnixTimestamp64Milli(began) - toUnixTimestamp64Milli(created)),
                                                attempt = 1 AND toUnixTimestamp64Milli(created) > 0) AS lag,
              countIf(attempt = 1) AS firsts
         FROM (${ATTEMPTS})`,
      params,
    ),
    history.query<{ failure: string; n: number | string }>(
      `SELECT failure, count() AS n FROM (${ATTEMPTS}) WHERE failure != '' GROUP BY failure ORDER BY n DESC, failure LIMIT 50`,
      params,
    ),
    history.query<{ ended_as: string; n: number | string }>(
      `SELECT state AS ended_as, uniqExact(delivery_id) AS n FROM delivery_attempts
        WHERE workspace = {workspace: String} AND ({endpoint: String} = '' OR endpoint_id = {endpoint: String})
          AND type = 'delivery.ended'
          AND at >= fromUnixTimestamp64Milli({from: Int64}) AND at < fromUnixTimestamp64Milli({to: Int64})
        GROUP BY state ORDER BY n DESC, state`,
      params,
    ),
    history.query<BucketRow>(
      `SELECT intDiv(toUnixTimestamp64Milli(began) - {from: Int64}, {width: Int64}) AS bucket, count() AS attempts_made,
              countIf(failure = '') AS went_well, quantileExact(0.95)(took) AS p95
         FROM (${ATTEMPTS}) GROUP BY bucket ORDER BY bucket`,
      params,
    ),
  ]);
  const attempts = Number(sums?.attempts_made ?? 0);
  const succeeded = Number(sums?.went_well ?? 0);
  return {
    from: formatInstant(where.from),
    to: formatInstant(where.to),
    attempts,
    succeeded,
    successRate: attempts === 0 ? null : succeeded / attempts,
    latencyMs: quantiles(attempts > 0 ? sums?.latency : undefined),
    lagMs: quantiles(Number(sums?.firsts ?? 0) > 0 ? sums?.lag : undefined),
    failures: Object.fromEntries(failures.map(({ failure, n }) => [failure, Number(n)])),
    ended: Object.fromEntries(ended.map(({ ended_as, n }) => [ended_as, Number(n)])),
    buckets: buckets.map((row) => ({
      at: formatInstant(where.from + Number(row.bucket) * params.width),
      attempts: Number(row.attempts_made),
      succeeded: Number(row.went_well),
      p95Ms: Number(row.p95),
    })),
  };
}

/** Newest first. `before`: only attempts before this (epoch ms, delivery, number), as the last page ended. */
export async function deliveryAttempts(
  history: Pick<History, 'query'>,
  where: Where & { limit: number; before: readonly [number, string, number] | null; failedOnly?: boolean },
): Promise<AttemptItem[]> {
  const [beforeAt, beforeId, beforeNumber] = where.before ?? [0, '', 0];
  const rows = await history.query<AttemptRow>(
    `SELECT endpoint_id, delivery_id, attempt, of_type, toUnixTimestamp64Milli(began) AS began_ms, http, failure, took, said
       FROM (${ATTEMPTS})
      WHERE ${where.failedOnly ? "failure != ''" : '1'}
        ${where.before ? 'AND (toUnixTimestamp64Milli(began), delivery_id, attempt) < ({beforeAt: Int64}, {beforeId: String}, {beforeNumber: UInt16})' : ''}
      ORDER BY began_ms DESC, delivery_id DESC, attempt DESC LIMIT {limit: UInt32}`,
    { ...paramsOf(where), limit: where.limit, ...(where.before ? { beforeAt, beforeId, beforeNumber } : {}) },
  );
  return rows.map((row) => ({
    deliveryId: row.delivery_id,
    endpointId: row.endpoint_id,
    type: row.of_type,
    attempt: Number(row.attempt),
    at: formatInstant(Number(row.began_ms)),
    status: Number(row.http) || null,
    code: row.failure || null,
    durationMs: Number(row.took),
    answer: row.said,
  }));
}

/** What was withdrawn and why (consent, erasure, superseded): the audit of what was not sent. Newest first. */
export async function withdrawnDeliveries(
  history: Pick<History, 'query'>,
  where: Where & { limit: number },
): Promise<WithdrawnItem[]> {
  const rows = await history.query<WithdrawnRow>(
    `SELECT endpoint_id, delivery_id, fact_type, journey_id, toUnixTimestamp64Milli(at) AS at_ms, state, reason
       FROM delivery_attempts
      WHERE workspace = {workspace: String} AND ({endpoint: String} = '' OR endpoint_id = {endpoint: String})
        AND type = 'delivery.ended' AND state IN ('suppressed', 'superseded', 'expired', 'aborted')
        AND at >= fromUnixTimestamp64Milli({from: Int64}) AND at < fromUnixTimestamp64Milli({to: Int64})
      ORDER BY at_ms DESC, delivery_id DESC LIMIT {limit: UInt32}`,
    { ...paramsOf(where), limit: where.limit },
  );
  return rows.map((row) => ({
    deliveryId: row.delivery_id,
    endpointId: row.endpoint_id,
    type: row.fact_type,
    journeyId: row.journey_id || null,
    at: formatInstant(Number(row.at_ms)),
    state: row.state,
    reason: row.reason,
  }));
}

interface SumsRow {
  attempts_made: number | string;
  went_well: number | string;
  firsts: number | string;
  latency: (number | string)[];
  lag: (number | string)[];
}
interface BucketRow {
  bucket: number | string;
  attempts_made: number | string;
  went_well: number | string;
  p95: number | string;
}
interface AttemptRow {
  endpoint_id: string;
  delivery_id: string;
  attempt: number | string;
  of_type: string;
  began_ms: number | string;
  http: number | string;
  failure: string;
  took: number | string;
  said: string;
}
interface WithdrawnRow {
  endpoint_id: string;
  delivery_id: string;
  fact_type: string;
  journey_id: string;
  at_ms: number | string;
  state: string;
  reason: string;
}

function quantiles(found: readonly (number | string)[] | undefined): DeliveryReport['latencyMs'] {
  const [p50, p95, p99] = (found ?? []).map(Number);
  return { p50: p50 ?? null, p95: p95 ?? null, p99: p99 ?? null };
}
