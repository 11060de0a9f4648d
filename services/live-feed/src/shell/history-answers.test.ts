import { describe, expect, it } from 'vitest';
import { createHistoryAnswers } from './history-answers.ts';

describe('answers of the history', () => {
  function world() {
    let at = 0;
    const answers = createHistoryAnswers({ now: () => at, monotonic: () => at });
    let asks = 0;
    const ask = (costMs: number) => async () => {
      asks++;
      at += costMs;
      return asks;
    };
    return { answers, ask, pass: (ms: number) => (at += ms), asks: () => asks };
  }

  it('are kept for twenty times what they cost, at least a second and at most a minute', async () => {
    const { answers, ask, pass } = world();
    expect((await answers.get(['a'], ask(500))).answer).toBe(1);
    pass(9_999);
    expect((await answers.get(['a'], ask(0))).answer).toBe(1);
    pass(1);
    expect((await answers.get(['a'], ask(0))).answer).toBe(2);
    pass(999);
    expect((await answers.get(['a'], ask(20_000))).answer).toBe(2);
    pass(1);
    expect((await answers.get(['a'], ask(20_000))).answer).toBe(3);
    pass(60_000);
    expect((await answers.get(['a'], ask(0))).answer).toBe(4);
  });

  it('are asked for once, however many want them at the same time', async () => {
    const { answers, ask, asks } = world();
    await Promise.all(Array.from({ length: 50 }, () => answers.get(['a', 1], ask(10))));
    expect(asks()).toBe(1);
  });

  it('are refused with 503 when too many questions wait; a failed one is forgotten', async () => {
    const { answers, ask } = world();
    let fail!: (error: Error) => void;
    const waiting = Array.from({ length: 32 }, (_, i) =>
      answers.get([i], () => new Promise<never>((_resolve, reject) => (fail = reject))),
    );
    await expect(answers.get(['one more'], ask(1))).rejects.toMatchObject({ problem: { status: 503 } });
    fail(new Error('away'));
    await expect(waiting[31]).rejects.toThrow('away');
    expect((await answers.get([31], ask(1))).answer).toBe(1);
  });
});
