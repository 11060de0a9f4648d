import type { EndedDelivery, PendingDelivery } from '../../core/deliver/model.ts';

/** Where the deliver task keeps what. Ids hold no slash. Everything of an endpoint shares its partition. */
export const keys = {
  /** The endpoint's settings. */
  endpoint: (workspace: string, endpointId: string): string => `c/${workspace}/${endpointId}`,
  endpointsOf: (workspace: string): string => `c/${workspace}/`,
  load: (workspace: string, endpointId: string): string => `e/${workspace}/${endpointId}`,
  /** A delivery, also for a while after it ended: one key, because every key touched costs more than its bytes do. */
  delivery: (workspace: string, endpointId: string, id: string): string => `d/${workspace}/${endpointId}/${id}`,
  /** Place `n` of a queue: the id of the delivery that waits there. */
  place: (workspace: string, endpointId: string, lane: string, n: number): string =>
    `q/${workspace}/${endpointId}/${lane}/${n}`,
  /** FIFO: which delivery of the journey is on its way, and how many wait behind it. */
  journey: (workspace: string, endpointId: string, journeyId: string): string =>
    `j/${workspace}/${endpointId}/${journeyId}`,
  behind: (workspace: string, endpointId: string, journeyId: string, n: number): string =>
    `k/${workspace}/${endpointId}/${journeyId}/${n}`,
  /** The newest action asked for in a journey, while it may still be superseded. */
  latestAction: (workspace: string, endpointId: string, journeyId: string): string =>
    `s/${workspace}/${endpointId}/${journeyId}`,
  /** What must not be sent any more (core/deliver/withdrawal.ts), newest last. */
  withdrawals: (workspace: string, endpointId: string): string => `x/${workspace}/${endpointId}`,
  /** A command that was carried out. */
  command: (workspace: string, endpointId: string, id: string): string => `i/${workspace}/${endpointId}/${id}`,
  /** A long job over an endpoint's deliveries, done in steps. */
  job: (workspace: string, endpointId: string, name: string): string => `w/${workspace}/${endpointId}/${name}`,
};

/** What the key of a timer belongs to. */
export function readKey(key: string): { kind: string; workspace: string; endpointId: string; rest: string } {
  const [kind = '', workspace = '', endpointId = '', ...rest] = key.split('/');
  return { kind, workspace, endpointId, rest: rest.join('/') };
}

/** What is kept of a delivery: it is still to be delivered, or it ended. */
export function readDelivery(
  work: { get<T>(key: string): T | undefined },
  key: string,
): { pending: PendingDelivery | null; over: EndedDelivery | null } {
  const found = work.get<PendingDelivery | EndedDelivery>(key);
  if (!found) return { pending: null, over: null };
  return found.phase === 'over' ? { pending: null, over: found } : { pending: found, over: null };
}
