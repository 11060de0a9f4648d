/** The resources that the page shows, as far as it uses them. */
import type { Delivery } from '@cairn/contracts/generated/delivery.ts';

export type DeliveryItem = Omit<Delivery, 'source'>;

export interface EndpointItem {
  id: string;
  url: string;
  types: string[];
  preset: string | null;
  state: 'enabled' | 'disabled';
  disabledReason: string | null;
  disabledAt: string | null;
  warnings?: string[];
}

interface Quantiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** Now and over the last hour. */
export interface EndpointHealth {
  breaker: 'closed' | 'open' | 'probing';
  probeAt: string | null;
  heldUntil: string | null;
  failingSince: string | null;
  sending: number;
  pending: number;
  lagMs: number;
  successRate: number | null;
  latencyMs: Quantiles;
  failures: Record<string, number>;
}

/** Over a day, from the history. */
export interface DeliveryReport {
  from: string;
  to: string;
  attempts: number;
  succeeded: number;
  successRate: number | null;
  latencyMs: Quantiles;
  failures: Record<string, number>;
  buckets: { at: string; attempts: number; succeeded: number; p95Ms: number | null }[];
}

export interface DeliveryDetail extends DeliveryItem {
  request: { method: string; url: string; headers: Record<string, string>; body: string } | null;
}
