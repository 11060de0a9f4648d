import { expect, test } from 'vitest';
import { ConnectionWriter, type Outlet } from './connection-writer.ts';
import { type ShownFrame, createBatch } from './frame-batch.ts';

/** A socket that takes nothing by itself: what was sent stays buffered until the test lets it go. */
function scriptedSocket() {
  const socket = { sent: [] as string[], buffered: 0, slow: 0, behind: 0 };
  const outlet: Outlet<typeof socket> = {
    send(to, bytes) {
      to.sent.push(bytes.toString());
      to.buffered += bytes.length;
    },
    buffered: (of) => of.buffered,
    encode: (batch) => batch.messages(),
    behind: () => void socket.behind++,
    tooSlow: (of) => void of.slow++,
  };
  return { socket, writer: new ConnectionWriter(outlet, socket) };
}

let offset = 0n;
const frame = (key: string | null, bytes = 10): ShownFrame => ({
  partition: 0,
  offset: offset++,
  sub: 0,
  of: 1,
  type: 'journey.changed',
  at: 0,
  data: { key, n: Number(offset), fill: 'x'.repeat(bytes) },
  key,
  left: false,
  channel: key === null ? 'alerts' : 'board',
  cursor: `c${offset}`,
});
const batch = (...frames: ShownFrame[]) => createBatch(frames);
const keysOf = (sent: readonly string[]): string[] =>
  sent.flatMap((message) =>
    message.split('\n').map((line) => (JSON.parse(line) as { data: { key: string } }).data.key),
  );

test('a reader that keeps up is sent everything at once, several pushes in one message', () => {
  const { socket, writer } = scriptedSocket();
  writer.push(batch(frame('a'), frame('b')));
  expect(socket.sent).toHaveLength(1);
  expect(keysOf(socket.sent)).toEqual(['a', 'b']);
  expect([socket.behind, socket.slow]).toEqual([0, 0]);
});

test('a batch of over 64 KB goes out as several messages', () => {
  const { socket, writer } = scriptedSocket();
  writer.push(batch(frame('a', 40_000), frame('b', 40_000), frame('c', 10_000)));
  expect(socket.sent).toHaveLength(2);
  expect(keysOf(socket.sent)).toEqual(['a', 'b', 'c']);
});

test('while a reader is behind, only the newest of each key waits, in the order of the cursors', () => {
  const { socket, writer } = scriptedSocket();
  socket.buffered = 300_000;
  for (let n = 0; n < 500; n++) writer.push(batch(frame('a', 5_000), frame(`only-${n % 3}`, 5_000)));
  expect([socket.sent.length, socket.behind, socket.slow]).toEqual([0, 1, 0]);
  socket.buffered = 0;
  while (writer.drain()) socket.buffered = 0;
  expect(new Set(keysOf(socket.sent))).toEqual(new Set(['a', 'only-0', 'only-1', 'only-2']));
  const numbers = socket.sent.flatMap((message) =>
    message.split('\n').map((line) => (JSON.parse(line) as { data: { n: number } }).data.n),
  );
  expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
  expect(numbers).toHaveLength(4);
});

test('a reader with more than 1 MB of frames that count is given up, and told nothing more', () => {
  const { socket, writer } = scriptedSocket();
  socket.buffered = 300_000;
  for (let n = 0; n < 100; n++) writer.push(batch(frame(null, 10_000)));
  expect(socket.slow).toBe(1);
  socket.buffered = 0;
  writer.drain();
  writer.push(batch(frame(null)));
  expect(socket.sent).toEqual([]);
});

test('1 MB counts what the socket has not taken yet', () => {
  const { socket, writer } = scriptedSocket();
  socket.buffered = 1_000_000;
  writer.push(batch(frame(null, 40_000)));
  expect(socket.slow).toBe(0);
  writer.push(batch(frame(null, 40_000)));
  expect(socket.slow).toBe(1);
});

test('a large reply does not make its reader slow: it was asked for', () => {
  const { socket, writer } = scriptedSocket();
  writer.reply('x'.repeat(3_000_000));
  for (let n = 0; n < 20; n++) writer.push(batch(frame(null, 10_000)));
  expect([socket.slow, writer.isFull()]).toEqual([0, true]);
  for (let n = 0; n < 100; n++) writer.push(batch(frame(null, 10_000)));
  expect(socket.slow).toBe(1);
});

test('a reply keeps its place between the pushes', () => {
  const { socket, writer } = scriptedSocket();
  socket.buffered = 300_000;
  writer.push(batch(frame('a')));
  writer.reply('{"data":{"key":"reply"}}');
  writer.push(batch(frame('a')));
  socket.buffered = 0;
  writer.drain();
  expect(keysOf(socket.sent)).toEqual(['a', 'reply', 'a']);
});

test('what waits for a channel that is no longer subscribed to is not sent', () => {
  const { socket, writer } = scriptedSocket();
  const standing = { live: true };
  socket.buffered = 300_000;
  writer.push(batch(frame('a')), standing);
  writer.push(batch(frame('b')), { live: true });
  standing.live = false;
  socket.buffered = 0;
  writer.drain();
  expect(keysOf(socket.sent)).toEqual(['b']);
});
