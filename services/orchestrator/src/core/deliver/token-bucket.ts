/** Decides whether a rate allows one more now. Tokens come back continuously; at most one second's worth is kept. */
export interface TokenBucket {
  /** May be a fraction. */
  tokens: number;
  /** When `tokens` was true (epoch ms). */
  at: number;
}

/** Floating point: a token that is a billionth short is there. */
const ALMOST = 1e-9;

export function fullBucket(perSecond: number, now: number): TokenBucket {
  return { tokens: capacity(perSecond), at: now };
}

/** What is in the bucket at `now`. Time that runs backwards adds nothing. */
export function refill(bucket: TokenBucket, perSecond: number, now: number): TokenBucket {
  if (now <= bucket.at) return { ...bucket, tokens: Math.min(bucket.tokens, capacity(perSecond)) };
  const tokens = Math.min(capacity(perSecond), bucket.tokens + ((now - bucket.at) * perSecond) / 1000);
  return { tokens, at: now };
}

/** Takes one token: the bucket after it, or when there will be one. */
export function takeToken(
  bucket: TokenBucket,
  perSecond: number,
  now: number,
): { bucket: TokenBucket; readyAt: null } | { bucket: TokenBucket; readyAt: number } {
  const filled = refill(bucket, perSecond, now);
  if (filled.tokens >= 1 - ALMOST) return { bucket: { ...filled, tokens: filled.tokens - 1 }, readyAt: null };
  return { bucket: filled, readyAt: now + Math.max(1, Math.ceil(((1 - filled.tokens) * 1000) / perSecond)) };
}

/** One second's worth, and at least one: a rate below 1/s must still let one pass. */
function capacity(perSecond: number): number {
  return Math.max(1, perSecond);
}
