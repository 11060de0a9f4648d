import { Resolver, lookup } from 'node:dns/promises';
import type { Clock } from '@cairn/clock/clock.ts';
import { isForbiddenAddress } from '../../core/deliver/forbidden-address.ts';
import { readTarget } from '../../core/deliver/webhook-target.ts';
import type { Target } from '../../core/deliver/webhook-target.ts';

/**
 * Decides which addresses a webhook may connect to: all of a name's addresses are looked up and vetted, one forbidden address refuses
 * the name, and the sender connects to what was vetted and nothing else (a second look-up could answer otherwise).
 */
export type Vetted =
  | { ok: true; url: URL; addresses: readonly string[]; listed: boolean }
  | { ok: false; code: 'target_forbidden' | 'dns_error' };

export type VetTarget = (url: string) => Promise<Vetted>;

/** All addresses of a name; rejects when there are none. `listed`: the operator's own name, which may stand in the hosts file. */
export type Resolve = (name: string, listed: boolean) => Promise<readonly string[]>;

/** Many attempts to one endpoint within seconds share one look-up; rebinding cannot use it, for the addresses themselves are kept. */
const KEPT_MS = 5_000;
const KEPT_MAX = 10_000;

export function createVetTarget(deps: {
  allow: readonly string[];
  resolve: Resolve;
  clock: Pick<Clock, 'now'>;
}): VetTarget {
  const kept = new Map<string, { until: number; addresses: Promise<readonly string[]> }>();
  const targets = new Map<string, Target>();

  /** What a text says does not change: read once, not at every attempt, where each entry of the list would be read again, too. */
  function targetOf(text: string): Target {
    let target = targets.get(text);
    if (!target) {
      target = readTarget(text, deps.allow);
      if (targets.size >= KEPT_MAX) targets.clear();
      targets.set(text, target);
    }
    return target;
  }

  function addressesOf(name: string, listed: boolean): Promise<readonly string[]> {
    const key = `${name} ${listed}`;
    const known = kept.get(key);
    if (known && known.until > deps.clock.now()) return known.addresses;
    const addresses = deps.resolve(name, listed);
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(key, { until: deps.clock.now() + KEPT_MS, addresses });
    addresses.catch(() => kept.delete(key));
    return addresses;
  }

  return async function vetTarget(text) {
    const target = targetOf(text);
    if (!target.ok) return { ok: false, code: 'target_forbidden' };
    const { url, host, listed } = target;
    if (target.literal) return { ok: true, url, addresses: [host], listed };
    const addresses = await addressesOf(host, listed).catch(() => []);
    if (addresses.length === 0) return { ok: false, code: 'dns_error' };
    if (!listed && addresses.some(isForbiddenAddress)) return { ok: false, code: 'target_forbidden' };
    return { ok: true, url, addresses, listed };
  };
}

/** One query, and how often it is asked. */
const QUERY_MS = 2_000;
const TRIES = 2;

/**
 * The machine's resolver. Public names are asked by DNS alone: the system's look-up holds one of four threads while it waits, and
 * one slow name server would delay every endpoint (and all file access).
 */
export function createResolve(): Resolve {
  const resolver = new Resolver({ timeout: QUERY_MS, tries: TRIES });
  return async function resolve(name, listed) {
    if (listed) return (await lookup(name, { all: true })).map((found) => found.address);
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length === 0) throw new Error('the name has no address');
    return found;
  };
}
