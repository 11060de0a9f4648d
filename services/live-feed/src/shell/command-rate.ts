/** How many commands a connection may send: a burst, then a steady rate. A token bucket that is filled when it is looked at. */
import { LIMITS } from '../core/feed-protocol.ts';

export interface CommandRate {
  tokens: number;
  filledAt: number;
  /** In a row. */
  refused: number;
}

export const commandRate = (monotonic: number): CommandRate => ({
  tokens: LIMITS.commandsBurst,
  filledAt: monotonic,
  refused: 0,
});

/** 'close' once a client keeps on in spite of its refusals. */
export function takeCommand(rate: CommandRate, monotonic: number): 'ok' | 'refused' | 'close' {
  const filled = rate.tokens + ((monotonic - rate.filledAt) / 1_000) * LIMITS.commandsPerSecond;
  rate.tokens = Math.min(LIMITS.commandsBurst, filled);
  rate.filledAt = monotonic;
  if (rate.tokens >= 1) {
    rate.tokens -= 1;
    rate.refused = 0;
    return 'ok';
  }
  rate.refused += 1;
  return rate.refused > LIMITS.commandsRefusedMax ? 'close' : 'refused';
}
