/** Decides when an endpoint that only fails is given up. Looks at days, not at minutes (that is the breaker). */
export interface EndpointHealth {
  /** The first failure since the last success; null: healthy. */
  failingSince: number | null;
  lastFailureAt: number | null;
  /** The last share of the way to being disabled that was warned of. */
  warned: number;
}

const HOUR = 3_600_000;

/** After this long without one success it is disabled … */
export const DISABLE_AFTER_MS = 5 * 24 * HOUR;
/** … where failures lay at least this far apart: one bad hour and a quiet week are no proof. */
export const LEAST_SPAN_MS = 12 * HOUR;
/** Shares of `DISABLE_AFTER_MS` at which the operator is warned. */
export const WARN_AT: readonly number[] = [0.5, 0.7, 0.9];

export const HEALTHY: EndpointHealth = Object.freeze({ failingSince: null, lastFailureAt: null, warned: 0 });

/** What an attempt's end means for the endpoint: `disable`, or `warn` with the share of the way that is newly reached. */
export function recordHealth(
  health: EndpointHealth,
  ok: boolean,
  now: number,
): { health: EndpointHealth; disable: boolean; warn: number | null } {
  if (ok) return { health: HEALTHY, disable: false, warn: null };
  if (health.failingSince === null || health.lastFailureAt === null)
    return { health: { failingSince: now, lastFailureAt: now, warned: 0 }, disable: false, warn: null };
  // The span is that of the failures before this one: a single old failure and this one say nothing of the time between.
  const confirmed = health.lastFailureAt - health.failingSince >= LEAST_SPAN_MS;
  const share = (now - health.failingSince) / DISABLE_AFTER_MS;
  const reached = confirmed ? (WARN_AT.filter((at) => share >= at).at(-1) ?? 0) : 0;
  return {
    health: { ...health, lastFailureAt: now, warned: Math.max(health.warned, reached) },
    disable: confirmed && share >= 1,
    warn: reached > health.warned ? reached : null,
  };
}
