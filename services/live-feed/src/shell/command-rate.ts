/** How many commands a connection may send: a burst, then a steady rate. A token bucket that is filled when it is looked at. */
import { LIMITS } from '../core/feed-protocol.ts';

export interface CommandRate {
  /** 'close' once a client keeps on in spite of its refusals. */
  take(now: number): 'ok' | 'refused' | 'close';
}

export function createCommandRate(now: number): CommandRate {
  let tokens: number = LIMITS.commandsBurst;
  let filledAt = now;
  let refused = 0;
  return {
    take(at) {
      tokens = Math.min(LIMITS.commandsBurst, tokens + ((at - filledAt) / 1_000) * LIMITS.commandsPerSecond);
      filledAt = at;
      if (tokens >= 1) {
        tokens -= 1;
        refused = 0;
        return 'ok';
      }
      refused += 1;
      return refused > LIMITS.commandsRefusedMax ? 'close' : 'refused';
    },
  };
}
