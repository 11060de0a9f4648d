import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import { scriptedTask } from '@cairn/testkit/scripted-task.ts';
import { MAX_RAW_LENGTH } from './dead-letter.ts';
import { runTask } from './run-task.ts';
import { MAX_VALUE_BYTES } from './state-map.ts';
import type { TaskDefinition } from './task.ts';

const TOPICS = ['inbox', 'out', 'dead-letters'];

async function run(definition: TaskDefinition, ...records: { key: string; value: unknown }[]) {
  const world = createMemoryWorld({ topics: TOPICS });
  const parked: { reason: string; error: string; deadLetterId: string }[] = [];
  await world.send(...records);
  await runTask(world.log, world.clock, definition, { onParked: (letter) => parked.push(letter) });
  await world.clock.advance(0);
  const letters = world.values('dead-letters') as DeadLetter[];
  for (const letter of letters) expect(validatorOf('dead-letter')(letter)).toBe(true);
  return { world, letters, parked };
}

describe('a handler that throws', () => {
  it('has its record parked with error, position and the state’s version; its outcome is dropped and the partition goes on', async () => {
    const { world, letters, parked } = await run(
      scriptedTask,
      { key: 'ws1/s1', value: { add: 1 } },
      { key: 'ws1/s1', value: { add: 10, fail: 'no good', messageId: 'm-7' } },
      { key: 'ws1/s1', value: { add: 2 } },
    );
    expect(letters).toEqual([
      {
        type: 'dead-letter',
        id: expect.stringMatching(/^dl_/) as string,
        workspace: 'ws1',
        at: world.clock.now(),
        reason: 'handler-failed',
        messageId: 'm-7',
        raw: '{"add":10,"fail":"no good","messageId":"m-7"}',
        service: 'scripted',
        error: 'Error: no good',
        position: {
          topic: 'inbox',
          partition: 0,
          offset: '1',
          stateVersion: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
        },
      },
    ]);
    expect(world.values('out')).toMatchObject([{ sum: 1 }, { sum: 3 }]);
    expect(parked).toMatchObject([{ reason: 'handler-failed', deadLetterId: letters[0]!.id }]);
    expect(parked[0]!.error).toContain('scripted-task.ts');
  });

  it('on a timer has the timer parked and disarmed', async () => {
    const t0 = createMemoryWorld({ topics: TOPICS }).clock.now();
    const { world, letters } = await run(
      scriptedTask,
      { key: 'ws1/s1', value: { add: 1, arm: { purpose: 'poison', dueAt: t0 } } },
      { key: 'ws1/s1', value: { add: 1 } },
    );
    expect(letters).toMatchObject([
      {
        workspace: 'ws1',
        at: t0,
        error: 'Error: poison timer',
        raw: `{"type":"timer","key":"ws1/s1","purpose":"poison","dueAt":${t0}}`,
      },
    ]);
    expect(world.state('scripted')).toEqual({ 'ws1/s1': { value: { sum: 2 }, timers: {} } });
  });

  it('on the result of an effect has the result parked, and the effect is over', async () => {
    const definition: TaskDefinition = {
      ...scriptedTask,
      handle(state, input, now) {
        if (input.type === 'record' && input.effectId !== null) throw new Error('cannot take it');
        return scriptedTask.handle(state, input, now);
      },
    };
    const { world, letters } = await run(definition, { key: 'a', value: { effect: { id: 'e1' } } });
    expect(letters).toMatchObject([{ raw: '{"done":true}', error: 'Error: cannot take it' }]);
    expect(Object.keys(world.state('scripted'))).toEqual(['a']);
  });

  it('has its raw text cut', async () => {
    const { letters } = await run(scriptedTask, {
      key: 'a',
      value: { fail: 'x', padding: 'y'.repeat(2 * MAX_RAW_LENGTH) },
    });
    expect(letters[0]!.raw).toHaveLength(MAX_RAW_LENGTH);
  });
});

describe('a record that is no JSON', () => {
  it('is parked', async () => {
    const { letters, world } = await run(
      scriptedTask,
      { key: 'ws1', value: new TextEncoder().encode('{"half":') },
      { key: 'a', value: { add: 1 } },
    );
    expect(letters).toMatchObject([
      { reason: 'malformed-json', workspace: 'ws1', raw: '{"half":', position: { offset: '0' } },
    ]);
    expect(world.values('out')).toHaveLength(1);
  });
});

describe('an outcome that cannot be committed', () => {
  const handing = (outcome: ReturnType<TaskDefinition['handle']>): TaskDefinition => ({
    ...scriptedTask,
    handle: (state, input, now) =>
      input.type === 'record' && input.record.key === 'bad' ? outcome : scriptedTask.handle(state, input, now),
  });
  const huge = 'z'.repeat(MAX_VALUE_BYTES + 1);
  it.each([
    ['state that is no JSON', { state: [{ key: 'bad', value: { n: 1n } }] }],
    ['state that is undefined', { state: [{ key: 'bad', value: undefined }] }],
    ['state that is too large', { state: [{ key: 'bad', value: huge }] }],
    ['state under a reserved key', { state: [{ key: '~effect/x', value: 1 }] }],
    ['state under no key', { state: [{ key: '', value: 1 }] }],
    ['a timer with too long a purpose', { timers: [{ key: 'bad', purpose: 'p'.repeat(256), dueAt: 1 }] }],
    ['an output that is no JSON', { outputs: [{ topic: 'out', partition: 0, key: 'k', value: () => 1 }] }],
    ['an output that is too large', { outputs: [{ topic: 'out', partition: 0, key: 'k', value: huge }] }],
    ['an output to a partition that is not there', { outputs: [{ topic: 'out', partition: 1, key: 'k', value: 1 }] }],
    ['an output to a topic that is not there', { outputs: [{ topic: 'nowhere', partition: 0, key: 'k', value: 1 }] }],
    ['a timer due at no time', { timers: [{ key: 'bad', purpose: 'p', dueAt: NaN }] }],
  ])('(%s) parks the record whose it is, as a whole, and no other', async (_, part) => {
    const whole = { state: [{ key: 'other', value: 1 }], ...part };
    const { world, letters } = await run(
      handing(whole),
      { key: 'a', value: { add: 1 } },
      { key: 'bad', value: {} },
      { key: 'a', value: { add: 2 } },
    );
    expect(letters).toMatchObject([{ reason: 'handler-failed', position: { offset: '1' } }]);
    expect(world.state('scripted')).toEqual({ a: { value: { sum: 3 }, timers: {} } });
    expect(world.values('out')).toMatchObject([{ sum: 1 }, { sum: 3 }]);
  });

  it('(a timer that arms itself again for the same moment) is parked and disarmed: it would fire for ever', async () => {
    const t0 = createMemoryWorld({ topics: TOPICS }).clock.now();
    const definition: TaskDefinition = {
      ...scriptedTask,
      handle: (state, input, now) =>
        input.type === 'timer'
          ? { timers: [{ key: input.key, purpose: input.purpose, dueAt: input.dueAt }] }
          : scriptedTask.handle(state, input, now),
    };
    const { letters, world } = await run(
      definition,
      { key: 'a', value: { arm: { dueAt: t0 } } },
      { key: 'a', value: { add: 1 } },
    );
    expect(letters).toHaveLength(1);
    expect(world.values('out')).toHaveLength(1);
  });
});
