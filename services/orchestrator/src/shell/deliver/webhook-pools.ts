import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { Pool, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';
import { connectThroughProxy } from './proxy-connector.ts';

/**
 * Connections to receivers, kept alive and pooled by (origin, vetted addresses, client certificate): a pool can only ever connect
 * to the addresses that were vetted for it, while the name stays in the Host header and in TLS's SNI.
 */
export interface WebhookPools {
  of(target: PoolTarget): Dispatcher;
  close(): Promise<void>;
}

export interface PoolTarget {
  url: URL;
  addresses: readonly string[];
  /** On the operator's list: an inner target, never behind the proxy. */
  listed: boolean;
  /** PEM, for mutual TLS. */
  clientCertificate?: { certificate: string; key: string } | null;
}

/** Opens a connection to one of the addresses; a test records every call. */
export type ConnectorFor = (target: PoolTarget) => buildConnector.connector;

/** Attempts under way at once are bounded by the endpoint's concurrency (64); two endpoints may share an origin. */
const CONNECTIONS_PER_POOL = 128;
/** Idle pools cost little, but there may be an endpoint per customer: the least recently used one goes. */
const POOLS_MAX = 1_000;
export const CONNECT_MS = 5_000;
/** Shorter than the five seconds that common servers keep an idle connection, or a POST would meet its closing. */
const KEEP_ALIVE_MS = 4_000;
/** The exchange's one timeout decides (send-webhook.ts); undici's own never fire before. */
const NEVER_FIRST_MS = 60_000;

export function createWebhookPools(connectorFor: ConnectorFor = createConnectorFor(null)): WebhookPools {
  const pools = new Map<string, Pool>();
  return {
    of(target) {
      const key = keyOf(target);
      let pool = pools.get(key);
      if (pool) pools.delete(key);
      else
        pool = new Pool(target.url.origin, {
          connections: CONNECTIONS_PER_POOL,
          pipelining: 1,
          keepAliveTimeout: KEEP_ALIVE_MS,
          headersTimeout: NEVER_FIRST_MS,
          bodyTimeout: NEVER_FIRST_MS,
          connect: connectorFor(target),
        });
      pools.set(key, pool);
      if (pools.size > POOLS_MAX) {
        const [oldest] = pools;
        pools.delete(oldest![0]);
        void oldest![1].close().catch(() => {});
      }
      return pool;
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
}

/** `proxy`: an http:// forward proxy that all but listed targets are reached through. */
export function createConnectorFor(proxy: string | null): ConnectorFor {
  return (target) => {
    const { addresses, listed, clientCertificate } = target;
    const vetted = addresses.map((address) => ({ address, family: isIP(address) }));
    const lookup: LookupFunction = (_name, options, answer) => {
      if (options.all) answer(null, vetted);
      else answer(null, vetted[0]!.address, vetted[0]!.family);
    };
    const direct = buildConnector({
      timeout: CONNECT_MS,
      lookup,
      autoSelectFamily: vetted.length > 1,
      allowH2: false,
      ...(clientCertificate ? { cert: clientCertificate.certificate, key: clientCertificate.key } : {}),
    });
    return proxy === null || listed ? direct : connectThroughProxy(proxy, addresses[0]!, direct, CONNECT_MS);
  };
}

function keyOf({ url, addresses, clientCertificate }: PoolTarget): string {
  const certificate = clientCertificate
    ? createHash('sha256').update(clientCertificate.certificate).update(clientCertificate.key).digest('base64')
    : '';
  // Name servers rotate their answers: the same addresses in another order are the same pool.
  return `${url.origin} ${[...addresses].sort().join(' ')} ${certificate}`;
}
