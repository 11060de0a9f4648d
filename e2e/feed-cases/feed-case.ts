/** What a case of the live feed is, and what several of them do. */
import { connect as openSocket } from 'node:net';
import { expect } from 'vitest';
import type { TestClient, Told } from '@cairn/live-feed/testkit/feed-client.ts';
import { type FeedWorld, eventsOf } from '../feed-world.ts';

export interface FeedCase {
  name: string;
  run(world: FeedWorld): Promise<void>;
}

export const errorOf = async (client: TestClient, method: string, params?: unknown): Promise<number | undefined> =>
  (await client.ask(method, params)).error?.code;

/** How a connection ends after what the test does to it. */
export async function endOf(world: FeedWorld, act: (client: TestClient) => void): Promise<number> {
  const client = await world.connect({ as: world.mine.adminToken });
  act(client);
  return (await client.closed).code;
}

/** Touchpoints after a reply, in order, once each. */
export async function heard(client: TestClient, reply: Told, expected: readonly string[]): Promise<void> {
  const all = (): string[] => [...eventsOf(reply.missed ?? []), ...eventsOf(client.pushes)];
  await client.until(() => all().length >= expected.length);
  expect(all()).toEqual(expected);
}

/** The code of the close frame that answers raw bytes. */
export function rawEnd(url: string, bytes: Buffer): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = openSocket(Number(port), hostname);
    let got = Buffer.alloc(0);
    let open = false;
    socket.write(
      `GET /live HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`,
    );
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      const end = got.indexOf('\r\n\r\n');
      if (!open && end >= 0) {
        open = true;
        got = got.subarray(end + 4);
        socket.write(bytes);
      }
      if (open && got.length >= 4 && got[0] === 0x88) {
        resolve(got.readUInt16BE(2));
        socket.destroy();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed without a close frame')));
  });
}
