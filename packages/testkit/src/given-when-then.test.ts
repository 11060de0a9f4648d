import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '@cairn/clock/clock.virtual.ts';
import { deepFreeze } from './deep-freeze.ts';
import { effectAnswered, message, specOf, timePassed } from './given-when-then.ts';
import { scriptedTask } from './scripted-task.ts';
import { waitUntil } from './wait-until.ts';

const given = specOf(scriptedTask);

describe('given, when, then', () => {
  it('compares what came of the inputs of `when` on the state that `given` left', () => {
    given(message('a', { add: 1 }, 10))
      .when(message('a', { add: 2, arm: { dueAt: 50 } }, 20))
      .then({
        outputs: [{ key: 'a', value: { sum: 3, at: 20 } }],
        state: { a: { sum: 3 } },
        timers: { 'a alarm': 50 },
        effects: [],
      });
  });

  it('fires due timers by itself as time passes', () => {
    given(message('a', { arm: { dueAt: 50 } }, 10))
      .when(timePassed(49))
      .then({ outputs: [] });
    given(message('a', { arm: { dueAt: 50 } }, 10))
      .when(timePassed(50))
      .then({ outputs: [{ value: { fired: 'alarm', key: 'a', dueAt: 50, now: 50 } }], timers: {} });
  });

  it('shows effects, and takes their answers', () => {
    const asked = message('a', { effect: { id: 'e1', payload: 1 } }, 10);
    given()
      .when(asked)
      .then({ effects: [{ type: 'do', id: 'e1', key: 'a', payload: 1 }] });
    given(asked)
      .when(effectAnswered('e1', 'a', { status: 200 }, 20))
      .then({ outputs: [{ value: { answered: 'e1', with: { status: 200 } } }] });
  });

  it('fails where the outcome is another, and where a handler threw unexpectedly', () => {
    expect(() =>
      given()
        .when(message('a', { add: 1 }, 10))
        .then({ outputs: [] }),
    ).toThrow();
    expect(() =>
      given()
        .when(message('a', { fail: 'x' }, 10))
        .then({}),
    ).toThrow();
    given()
      .when(message('a', { fail: 'x' }, 10))
      .then({ failures: ['Error: x'] });
  });

  it('catches a handler that changes the state it was lent', () => {
    const spoiling = specOf({
      handle(state, input) {
        const list = state.get<number[]>('a') ?? [];
        if (list.length > 0) list.push(2);
        return input.type === 'record' ? { state: [{ key: 'a', value: [...list, 1] }] } : {};
      },
    });
    spoiling(message('a', {}, 1))
      .when(message('a', {}, 2))
      .then(({ failures }) => expect(failures).toMatchObject([expect.stringContaining('not extensible')]));
  });

  it('catches a handler that is not pure', () => {
    let calls = 0;
    specOf({ handle: () => ({ state: [{ key: 'a', value: calls++ }] }) })()
      .when(message('a', {}, 1))
      .then(({ failures }) => expect(failures).toMatchObject([expect.stringContaining('another outcome')]));
  });
});

describe('deepFreeze', () => {
  it('freezes all the way down and leaves bytes alone', () => {
    const value = deepFreeze({ a: [{ b: 1 }], bytes: new Uint8Array(1) });
    expect(() => (value.a[0]!.b = 2)).toThrow();
    value.bytes[0] = 1;
  });
});

describe('waitUntil', () => {
  it('moves a virtual clock until the condition holds, and gives up after the timeout', async () => {
    const clock = createVirtualClock(0);
    let rung = false;
    clock.after(1_000, () => (rung = true));
    await waitUntil(() => rung, clock);
    expect(clock.now()).toBe(1_000);
    await expect(waitUntil(() => false, clock, { timeoutMs: 50, what: 'never' })).rejects.toThrow('never');
  });
});
