import { keys } from './deliver-keys.ts';
import type { DeliverWork } from './deliver-work.ts';

/** How far a long job over an endpoint's deliveries has come (deliver-jobs.ts does the steps). */
export interface Job {
  shard: number;
  since?: number;
}

export function startJob(
  work: DeliverWork,
  workspace: string,
  endpointId: string,
  name: string,
  options: Omit<Job, 'shard'>,
  now: number,
): void {
  const key = keys.job(workspace, endpointId, name);
  work.set(key, { shard: 0, ...options });
  work.timer(key, 'step', now + 1);
}
