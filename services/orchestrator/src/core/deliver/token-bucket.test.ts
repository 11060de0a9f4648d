import { describe, expect, test } from 'vitest';
import { fullBucket, takeToken } from './token-bucket.ts';

describe('the token bucket', () => {
  test('holds one second at most: a rate of 5 lets five pass at once after any pause, and then one each 200 ms', () => {
    let bucket = fullBucket(5, 0);
    for (let i = 0; i < 5; i++) {
      const taken = takeToken(bucket, 5, 3_600_000);
      expect(taken.readyAt).toBeNull();
      bucket = taken.bucket;
    }
    expect(takeToken(bucket, 5, 3_600_000).readyAt).toBe(3_600_200);
  });

  test('lets through its rate and no more over a minute', () => {
    for (const rate of [0.5, 1, 7, 300]) {
      let bucket = fullBucket(rate, 0);
      let passed = 0;
      for (let now = 0; now <= 60_000;) {
        const taken = takeToken(bucket, rate, now);
        bucket = taken.bucket;
        if (taken.readyAt === null) passed++;
        else now = taken.readyAt;
      }
      expect(passed).toBeLessThanOrEqual(Math.max(1, rate) + rate * 60 + 1);
      expect(passed).toBeGreaterThanOrEqual(rate * 60 * 0.9);
    }
  });

  test('a rate below one a second lets one pass and then waits', () => {
    const first = takeToken(fullBucket(0.1, 0), 0.1, 0);
    expect(first.readyAt).toBeNull();
    expect(takeToken(first.bucket, 0.1, 0).readyAt).toBe(10_000);
  });

  test('time that runs backwards adds nothing', () => {
    const taken = takeToken(takeToken(fullBucket(1, 1_000), 1, 1_000).bucket, 1, 0);
    expect(taken.readyAt).not.toBeNull();
  });
});
