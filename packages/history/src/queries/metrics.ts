/** The field's standard figures of a definition's journeys, each with its definition in words (`METRICS`). Cost: one row a journey, and one pass over the touches. */
import { IN_RANGE, journeysSql, scopeParams, type Query, type Scope } from './journeys-scope.ts';
import { readCorrections, subjectsSql, touchesSql } from './touches.ts';

const DAY_MS = 86_400_000;
/** When somebody who came once is asked whether they came again. */
export const RETENTION_DAYS = [7, 30] as const;

export const METRICS = {
  acquisition: 'Journeys that began within the range.',
  conversion: 'Of the journeys that began within the range and have ended, the share that was won.',
  engagement: "The buyers' own (inbound) touches within the range, a journey that had at least one.",
  bounce:
    'Of the journeys that began within the range, at least a day before its end, the share with exactly one touch of the buyer.',
  abandonment:
    'Of the journeys that began within the range and left the first stage, the share that was lost or stands still.',
  retention7:
    'Of the journeys whose first touch of the buyer was within the range and at least 14 days before its end, the share with another one 7 to 14 days after the first.',
  retention30:
    'Of the journeys whose first touch of the buyer was within the range and at least 60 days before its end, the share with another one 30 to 60 days after the first.',
  nps: 'Net promoter score: the share of answers 9 and 10 less the share of 0 to 6, from −100 to 100; answers are the property `nps` (0–10) of touchpoints within the range.',
  csat: 'Customer satisfaction: the share of answers 4 and 5; answers are the property `csat` (1–5).',
  ces: 'Customer effort score: the mean of the answers; answers are the property `ces` (1–7, 7 is easy).',
  clv: 'Customer lifetime value so far: the sum of `revenue` (or the `total` of Order Completed) of all their touchpoints up to the end of the range, a journey that brought any.',
} as const;
export type Metric = keyof typeof METRICS;

export interface MetricValue {
  /** Null: nothing to say. */
  value: number | null;
  /** What it is made of: journeys, or answers. */
  of: number;
}

export interface Metrics {
  values: Record<Metric, MetricValue>;
  /** By week (Monday, UTC): begun, won and lost in it. */
  weeks: { week: number; began: number; won: number; lost: number }[];
}

/** `now` (epoch ms) stands for the end where the range has none. */
export async function metrics(history: Query, scope: Scope, now: number): Promise<Metrics> {
  const params = { ...scopeParams(scope), end: Math.min(scope.to ?? now, now), day: DAY_MS };
  const journeys = journeysSql(scope);
  const corrections = await readCorrections(history, scope);
  const [stands] = await history.query<Figures>(
    `SELECT count() AS began, countIf(status = 'won') AS won, countIf(status = 'lost') AS lost,
            countIf(length(stages) > 1) AS advanced, countIf(length(stages) > 1 AND status IN ('lost', 'stalled')) AS abandoned
       FROM (${journeys}) WHERE ${IN_RANGE('started')}`,
    params,
  );
  const [touched] = await history.query<Figures>(
    `SELECT countIf(own > 0) AS active, sum(own) AS inbound,
            countIf(${IN_RANGE('started')} AND started <= {end: Int64} - {day: Int64}) AS could_bounce,
            countIf(${IN_RANGE('started')} AND started <= {end: Int64} - {day: Int64} AND length(ats) = 1) AS bounced,
            ${RETENTION_DAYS.map(
              (
                days,
              ) => `countIf(${IN_RANGE('first')} AND first <= {end: Int64} - ${2 * days} * {day: Int64}) AS cohort${days},
            countIf(${IN_RANGE('first')} AND first <= {end: Int64} - ${2 * days} * {day: Int64}
              AND arrayExists(at -> at - first >= ${days} * {day: Int64} AND at - first < ${2 * days} * {day: Int64}, ats)) AS back${days}`,
            ).join(', ')}
       FROM (SELECT j.started AS started, t.ats AS ats, arrayMin(t.ats) AS first, arrayCount(at -> ${IN_RANGE('at')}, t.ats) AS own
               FROM (SELECT k, groupArray(at) AS ats FROM (${touchesSql(scope, { corrections })})
                      WHERE direction = 'inbound' GROUP BY k) AS t
              INNER JOIN (${journeys}) AS j ON j.k = t.k)`,
    params,
  );
  const said = await history.query<{
    kind: string;
    n: number | string;
    mean: number;
    good: number | string;
    bad: number | string;
  }>(
    `SELECT kind, count() AS n, avg(value) AS mean, countIf(if(kind = 'csat', value >= 4, value >= 9)) AS good, countIf(value <= 6) AS bad
       FROM (SELECT kind, value, subject_id, toUnixTimestamp64Milli(at) AS at FROM touchpoint_values
              WHERE workspace = {workspace: String} AND kind IN ('nps', 'csat', 'ces')) AS v
      INNER JOIN (${subjectsSql(scope, corrections)}) AS s ON s.subject_id = v.subject_id
      WHERE ${IN_RANGE('at')} GROUP BY kind`,
    params,
  );
  const [paid] = await history.query<Figures>(
    `SELECT count(DISTINCT k) AS customers, sum(value) AS revenue
       FROM (SELECT value, subject_id, toUnixTimestamp64Milli(at) AS at FROM touchpoint_values
              WHERE workspace = {workspace: String} AND kind = 'revenue') AS v
      INNER JOIN (${subjectsSql(scope, corrections)}) AS s ON s.subject_id = v.subject_id WHERE at < {to: Int64}`,
    params,
  );
  const weeks = await history.query<{
    week: number | string;
    began: number | string;
    won: number | string;
    lost: number | string;
  }>(
    `SELECT intDiv(event.1 - 345600000, 604800000) * 604800000 + 345600000 AS week,
            countIf(event.2 = 'began') AS began, countIf(event.2 = 'won') AS won, countIf(event.2 = 'lost') AS lost
       FROM (SELECT arrayJoin([(started, 'began'), (ended, toString(status))]) AS event FROM (${journeys}))
      WHERE event.1 > 0 AND ${IN_RANGE('event.1')} GROUP BY week ORDER BY week DESC LIMIT 520`,
    params,
  );
  return {
    values: valuesOf(stands ?? {}, touched ?? {}, new Map(said.map((row) => [row.kind, row])), paid ?? {}),
    weeks: weeks.reverse().map((row) => ({
      week: Number(row.week),
      began: Number(row.began),
      won: Number(row.won),
      lost: Number(row.lost),
    })),
  };
}

type Figures = Record<string, number | string | null>;

function valuesOf(
  stands: Figures,
  touched: Figures,
  said: ReadonlyMap<string, { n: number | string; mean: number; good: number | string; bad: number | string }>,
  paid: Figures,
): Record<Metric, MetricValue> {
  const n = (figures: Figures, name: string): number => Number(figures[name] ?? 0);
  const share = (part: number, of: number): MetricValue => ({ value: of === 0 ? null : part / of, of });
  const nps = said.get('nps');
  const csat = said.get('csat');
  const ces = said.get('ces');
  return {
    acquisition: { value: n(stands, 'began'), of: n(stands, 'began') },
    conversion: share(n(stands, 'won'), n(stands, 'won') + n(stands, 'lost')),
    engagement: share(n(touched, 'inbound'), n(touched, 'active')),
    bounce: share(n(touched, 'bounced'), n(touched, 'could_bounce')),
    abandonment: share(n(stands, 'abandoned'), n(stands, 'advanced')),
    retention7: share(n(touched, 'back7'), n(touched, 'cohort7')),
    retention30: share(n(touched, 'back30'), n(touched, 'cohort30')),
    nps: nps ? share(100 * (Number(nps.good) - Number(nps.bad)), Number(nps.n)) : { value: null, of: 0 },
    csat: csat ? share(Number(csat.good), Number(csat.n)) : { value: null, of: 0 },
    ces: ces ? { value: ces.mean, of: Number(ces.n) } : { value: null, of: 0 },
    clv: share(n(paid, 'revenue'), n(paid, 'customers')),
  };
}
