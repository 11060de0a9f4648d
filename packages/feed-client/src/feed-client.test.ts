import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type FeedClient,
  type FeedClientOptions,
  type FeedState,
  type WebSocketLike,
  createFeedClient,
} from './feed-client.ts';

/** A server in the test's hands: what the client sent, and what it is told. */
class Line implements WebSocketLike {
  readyState = 1;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: { id: number; method: string; params: Record<string, unknown> }[] = [];
  send(data: string): void {
    this.sent.push(JSON.parse(data) as Line['sent'][number]);
  }
  close(): void {}
  open(): void {
    this.onopen?.(null as never);
  }
  tell(...messages: object[]): void {
    this.onmessage?.({ data: messages.map((one) => JSON.stringify(one)).join('\n') });
  }
  answer(result: object): void {
    this.tell({ id: this.sent.at(-1)!.id, result });
  }
  cut(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason });
  }
}

function world(options: Partial<FeedClientOptions> = {}): {
  lines: Line[];
  feed: FeedClient;
  states: FeedState[];
  told: string[];
  watch(channel?: string): ReturnType<FeedClient['subscribe']>;
  next(count: number): Promise<Line>;
} {
  const lines: Line[] = [];
  const arrived = new Set<() => void>();
  class Socket extends Line {
    constructor() {
      super();
      lines.push(this);
      for (const look of [...arrived]) look();
    }
  }
  const feed = createFeedClient({ url: 'ws://x/live', WebSocket: Socket, random: () => 0, ...options });
  const states: FeedState[] = [];
  feed.onState((state) => states.push(state));
  const told: string[] = [];
  return {
    lines,
    feed,
    states,
    told,
    watch: (channel = 'alerts') =>
      feed.subscribe(channel, {
        onSnapshot: (items, cursor, truncated) =>
          told.push(`snapshot ${items.length} at ${cursor}${truncated ? ' cut' : ''}`),
        onMessage: ({ type, cursor }) => told.push(`${type} ${cursor}`),
        onRefused: ({ code }) => told.push(`refused ${code}`),
      }),
    next: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (lines.length < count) return;
          arrived.delete(look);
          resolve(lines[count - 1]!);
        };
        arrived.add(look);
        look();
      }),
  };
}

const push = (cursor: string, data: object = {}, type = 'alert.opened', channel = 'alerts'): object => ({
  channel,
  cursor,
  type,
  at: '',
  data,
});

describe('a feed client', () => {
  it('authenticates, subscribes, and is live once every subscription is answered', async () => {
    const { next, feed, states, told, watch } = world({ token: 't' });
    watch();
    watch('board');
    const line = await next(1);
    line.open();
    expect(line.sent).toMatchObject([{ method: 'authenticate', params: { token: 't' } }]);
    line.answer({ session: 's' });
    expect(line.sent.slice(1).map(({ params }) => params.channel)).toEqual(['alerts', 'board']);
    line.tell({ id: line.sent[1]!.id, result: { channel: 'alerts', cursor: 'a', recovered: false, snapshot: [{}] } });
    expect(feed.state).toBe('connecting');
    line.tell({
      id: line.sent[2]!.id,
      result: { channel: 'board', cursor: 'b', recovered: false, snapshot: [], truncated: true },
    });
    expect(states).toEqual(['live']);
    expect(told).toEqual(['snapshot 1 at a', 'snapshot 0 at b cut']);
    feed.close();
  });

  it('resumes from its cursor after a cut, applies what was missed once, and takes a snapshot where it is told to', async () => {
    const { next, feed, states, told, watch } = world();
    watch();
    const first = await next(1);
    first.open();
    first.answer({ cursor: 'c1', recovered: false, snapshot: [] });
    first.tell(push('c2'), push('c2'));
    first.cut();
    const second = await next(2);
    second.open();
    expect(second.sent).toMatchObject([{ method: 'subscribe', params: { channel: 'alerts', cursor: 'c2' } }]);
    second.answer({ cursor: 'c4', recovered: true, missed: [push('c3'), push('c4')] });
    second.tell(push('c4'), push('c5'));
    second.cut(3008);
    const third = await next(3);
    third.open();
    expect(third.sent[0]!.params.cursor).toBe('c5');
    third.answer({ cursor: 'c9', recovered: false, snapshot: [{}, {}] });
    expect(told).toEqual([
      'snapshot 0 at c1',
      ...['c2', 'c3', 'c4', 'c5'].map((cursor) => `alert.opened ${cursor}`),
      'snapshot 2 at c9',
    ]);
    expect(states).toEqual(['live', 'recovering', 'live', 'recovering', 'live']);
    feed.close();
  });

  it('never moves a journey back, whatever its cursor', async () => {
    const { next, feed, told, watch } = world();
    watch('board');
    const line = await next(1);
    line.open();
    line.answer({ cursor: 'c0', recovered: false, snapshot: [] });
    for (const [cursor, seq] of [
      ['c1', 1],
      ['c2', 3],
      ['c3', 2],
      ['c4', 3],
      ['c5', 4],
    ] as const)
      line.tell(push(cursor, { id: 'jrn_1', seq }, 'journey.changed', 'board'));
    expect(told.slice(1)).toEqual(['c1', 'c2', 'c5'].map((cursor) => `journey.changed ${cursor}`));
    feed.close();
  });

  it('keeps what comes while it is paused, and catches up; more than it keeps is a new snapshot', async () => {
    const { next, feed, told, watch } = world();
    const alerts = watch();
    const line = await next(1);
    line.open();
    line.answer({ cursor: 'c0', recovered: false, snapshot: [] });
    alerts.pause();
    line.tell(push('c1'), push('c2'));
    expect(told).toHaveLength(1);
    alerts.resume();
    expect(told.slice(1)).toEqual(['alert.opened c1', 'alert.opened c2']);
    alerts.pause();
    line.tell(...Array.from({ length: 1_001 }, (_, n) => push(`d${n}`)));
    alerts.resume();
    expect(line.sent.at(-1)).toMatchObject({ method: 'unsubscribe' });
    line.answer({});
    expect(line.sent.at(-1)).toMatchObject({ method: 'subscribe', params: { channel: 'alerts' } });
    expect(line.sent.at(-1)!.params.cursor).toBeUndefined();
    feed.close();
  });

  it('comes back when a server that shuts down says, and asks for a fresh token each time', async () => {
    let tokens = 0;
    const { next, feed } = world({ token: () => `t${++tokens}`, random: () => 1 });
    const first = await next(1);
    first.open();
    expect(first.sent[0]!.params).toEqual({ token: 't1' });
    first.answer({ session: 's' });
    // By its own back-off it would wait 300 ms at least: the hint says at once.
    first.cut(3001, 'shutting down; come back in 0 ms');
    const second = await next(2);
    second.open();
    expect(second.sent[0]!.params).toEqual({ token: 't2' });
    feed.close();
  });

  it('stays away once the server asks it to', async () => {
    const { next, feed, states, lines } = world();
    const line = await next(1);
    line.open();
    line.cut(3507, 'permission withdrawn');
    expect([feed.state, feed.reason]).toEqual(['closed', 'permission withdrawn']);
    expect(states).toEqual(['live', 'closed']);
    expect(lines).toHaveLength(1);
  });

  it('waits at random up to twice as long each time, and no longer than it is told', async () => {
    const waits: number[] = [];
    const { next, feed } = world({ maxRetryMs: 4, random: () => (waits.push(1), 1) });
    for (let n = 1; n <= 6; n++) (await next(n)).cut();
    expect(waits).toHaveLength(6);
    feed.close();
  });

  it('asks without its cursor where that cannot be read, and tells of a refusal', async () => {
    const { next, feed, told, watch } = world();
    watch();
    const first = await next(1);
    first.open();
    first.answer({ cursor: 'bad', recovered: false, snapshot: [] });
    first.cut();
    const second = await next(2);
    second.open();
    second.tell({ id: second.sent[0]!.id, error: { code: 107, message: 'bad request' } });
    expect(second.sent[1]!.params).toEqual({ channel: 'alerts' });
    second.tell({ id: second.sent[1]!.id, error: { code: 103, message: 'permission denied' } });
    expect(told).toEqual(['snapshot 0 at bad', 'refused 103']);
    feed.close();
  });
});

it('is under 6 KB compressed, before anything is minified, and imports nothing', () => {
  const source = readFileSync(new URL('feed-client.ts', import.meta.url), 'utf8');
  const script = stripTypeScriptTypes(source, { mode: 'strip' });
  expect(gzipSync(script).length).toBeLessThan(6 * 1_024);
  expect(script).not.toMatch(/^import /m);
});
