import { loadavg } from 'node:os';

/** How busy the machine is, beside every figure: the load average of the last minute. */
export const load = (): number => Number(loadavg()[0]!.toFixed(2));
