import { expect, test } from 'vitest';
import { createVirtualClock } from '@cairn/clock/clock.virtual.ts';
import type { Grant } from '@cairn/service-kit/control-mirror.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import type { Closing } from '../core/feed-protocol.ts';
import type { Feed } from './feed.ts';
import { FeedConnection } from './feed-connection.ts';
import { createSessions } from './sessions.ts';

/** A connection on a clock that stands still, over a feed and a socket that only write down what is asked of them. */
function scripted(given: { full?: boolean; subscribe?: Feed['subscribe'] } = {}) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const closings: Closing[] = [];
  const asked: string[] = [];
  const state = { pings: 0, full: given.full ?? false };
  const grant: Grant = { workspace: 'w1', tokenId: 't', name: 'n', scopes: new Set(['read']), expiresAt: null };
  const feed: Feed = {
    async subscribe(request) {
      asked.push(request.projection.channel.name);
      if (given.subscribe) return given.subscribe(request);
      const nothing = { cursor: 'c', recovered: false, missed: [], snapshot: '[]', truncated: false };
      return { ...nothing, start: () => {}, leave: () => void asked.push(`left ${request.projection.channel.name}`) };
    },
    history: () => Promise.resolve('gone'),
  };
  const connection = new FeedConnection(
    {
      feed,
      clock,
      logger: silentLogger(),
      control: { grantOf: (token) => (token === 'good' ? grant : null), heard: () => Promise.resolve() },
      epochOf: () => 'e',
    },
    { closeFor: (closing) => closings.push(closing), ping: () => void state.pings++ },
    { reply: (text) => void told.push(text), push: () => {}, isFull: () => state.full },
  );
  const sessions = createSessions(clock, { onChange: () => () => {} });
  sessions.add(connection);
  const send = (id: number, method: string, params: object): void =>
    connection.received(JSON.stringify({ id, method, params }));
  return { clock, told, closings, asked, state, connection, send };
}

test('who has not authenticated within 10 s is closed with 3502', async () => {
  const { clock, closings } = scripted();
  await clock.advance(9_500);
  expect(closings).toEqual([]);
  await clock.advance(1_000);
  expect(closings).toMatchObject([{ code: 3502 }]);
});

test('who has is pinged every 25 s, and stays as long as it answers', async () => {
  const { clock, closings, state, connection, send } = scripted();
  send(1, 'authenticate', { token: 'good' });
  for (let n = 1; n <= 5; n++) {
    await clock.advance(26_000);
    expect(state.pings).toBe(n);
    connection.ponged();
  }
  expect(closings).toEqual([]);
});

test('who does not answer a ping within 8 s is closed with 3012', async () => {
  const { clock, closings, state, send } = scripted();
  send(1, 'authenticate', { token: 'good' });
  await clock.advance(26_000);
  expect(state.pings).toBe(1);
  await clock.advance(6_000);
  expect(closings).toEqual([]);
  await clock.advance(3_000);
  expect(closings).toMatchObject([{ code: 3012 }]);
});

test('commands of a reader that does not take its replies wait until it does', async () => {
  const { clock, asked, state, send } = scripted();
  send(1, 'authenticate', { token: 'good' });
  await clock.advance(0);
  state.full = true;
  send(2, 'subscribe', { channel: 'board' });
  await clock.advance(1_000);
  expect(asked).toEqual([]);
  state.full = false;
  await clock.advance(100);
  expect(asked).toEqual(['board']);
});

test('a fault inside is told as 100, and the connection stays', async () => {
  const { clock, told, closings, send } = scripted({ subscribe: () => Promise.reject(new Error('broken')) });
  send(1, 'authenticate', { token: 'good' });
  send(2, 'subscribe', { channel: 'board' });
  await clock.advance(0);
  expect(JSON.parse(told.at(-1)!)).toEqual({ id: 2, error: { code: 100, message: 'internal error', temporary: true } });
  send(3, 'subscribe', { channel: 'board' });
  await clock.advance(0);
  expect([JSON.parse(told.at(-1)!).error.code, closings.length]).toEqual([100, 0]);
});

test('a socket that goes while its subscription is set up leaves the channel again', async () => {
  let answer = (): void => {};
  const left: string[] = [];
  const { clock, told, connection, send } = scripted({
    subscribe: () =>
      new Promise((resolve) => {
        answer = () =>
          resolve({
            cursor: 'c',
            recovered: false,
            missed: [],
            snapshot: '[]',
            truncated: false,
            start: () => left.push('started'),
            leave: () => void left.push('left'),
          });
      }),
  });
  send(1, 'authenticate', { token: 'good' });
  send(2, 'subscribe', { channel: 'board' });
  await clock.advance(0);
  connection.ended();
  answer();
  await clock.advance(0);
  expect([left, told.length]).toEqual([['left'], 1]);
});
