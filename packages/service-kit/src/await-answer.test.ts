import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '@cairn/clock/clock.virtual.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import { createAnswers, type Answer, type Answers } from './await-answer.ts';

interface Fact {
  commandId?: string;
  n: number;
  more?: boolean;
}

async function world(): Promise<{
  answers: Answers<number>;
  tell(...facts: Fact[]): Promise<void>;
  clock: ReturnType<typeof createVirtualClock>;
}> {
  const clock = createVirtualClock(1_000);
  const log = createMemoryLog({
    clock,
    topics: [{ name: 'facts', partitions: 1, cleanup: 'delete', retentionMs: null }],
  });
  const tell = async (...facts: Fact[]): Promise<void> => {
    await log.append(facts.map((fact) => ({ topic: 'facts', partition: 0, key: 'k', value: encodeJson(fact) })));
  };
  await tell({ commandId: 'c1', n: 0 });
  const answers = await createAnswers(log, clock, ['facts'], (_record: LogRecord, message): Answer<number> | null => {
    const fact = message as Fact;
    return fact.commandId ? { commandId: fact.commandId, fact: fact.n, more: fact.more === true } : null;
  });
  return { answers, tell, clock };
}

describe('answers to commands', () => {
  it('are the facts that carry the command’s id, in order, and none from before it was asked', async () => {
    const { answers, tell, clock } = await world();
    const answer = answers.of('c1', 1_000);
    await tell({ n: 1 }, { commandId: 'c1', n: 2 }, { commandId: 'other', n: 3 }, { commandId: 'c1', n: 4 });
    await clock.advance(10);
    expect(await answer).toEqual([2, 4]);
    await answers.stop();
  });

  it('wait for the last fact where one says that more follow', async () => {
    const { answers, tell, clock } = await world();
    const answer = answers.of('c1', 1_000);
    await tell({ commandId: 'c1', n: 1, more: true });
    await clock.advance(10);
    await tell({ commandId: 'c1', n: 2 });
    await clock.advance(10);
    expect(await answer).toEqual([1, 2]);
    await answers.stop();
  });

  it('are a 503 when none comes in time, and on stopping', async () => {
    const { answers, clock } = await world();
    const late = answers.of('c1', 50);
    await clock.advance(60);
    await expect(late).rejects.toMatchObject({ problem: { status: 503, retryAfterSeconds: 1 } });
    const open = answers.of('c2', 1_000);
    const stopped = answers.stop();
    await clock.advance(2_000);
    await stopped;
    await expect(open).rejects.toMatchObject({ problem: { status: 503 } });
  });
});
