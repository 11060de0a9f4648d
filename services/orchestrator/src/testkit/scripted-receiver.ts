import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/**
 * A receiver of webhooks that answers as its script says, byte by byte: it speaks raw TCP, so that it can drip, cut, flood and talk
 * nonsense. Listens on 127.0.0.1 alone and keeps every request.
 */
export interface Received {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  /** Number of the connection it came on, from 1. */
  connection: number;
}

/** What a script may do with the connection once a request is whole. */
export type Script = (request: Received, socket: Socket) => void | Promise<void>;

export interface ScriptedReceiver {
  port: number;
  /** `host:port` for CAIRN_WEBHOOK_ALLOW. */
  hostPort: string;
  url: string;
  requests: Received[];
  connections(): number;
  /** How the requests from now on are answered. */
  answer(script: Script): void;
  /** Resolves when there are `count` requests in all. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startScriptedReceiver(script: Script = status(200)): Promise<ScriptedReceiver> {
  const requests: Received[] = [];
  const sockets = new Set<Socket>();
  let waiting: { count: number; resolve: () => void }[] = [];
  let connections = 0;
  let current = script;

  const server = createServer((socket) => {
    const connection = ++connections;
    let buffered = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      // A TLS handshake: answered as any plain server does.
      if (buffered[0] === 0x16) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      for (let parsed = parse(buffered, connection); parsed; parsed = parse(buffered, connection)) {
        buffered = buffered.subarray(parsed.length);
        requests.push(parsed.request);
        waiting = waiting.filter(({ count, resolve }) => requests.length < count || void resolve());
        void current(parsed.request, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    hostPort: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    connections: () => connections,
    answer(next) {
      current = next;
    },
    received: (count) =>
      requests.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A whole, plain answer. */
export function status(code: number, headers: Record<string, string> = {}, body: string | Buffer = ''): Script {
  return (_request, socket) => {
    const bytes = Buffer.from(body);
    const lines = Object.entries({ 'content-length': String(bytes.length), ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 ${code} Answer\r\n${lines.join('')}\r\n`), bytes]));
  };
}

/** Never answers. */
export const hang: Script = () => {};

/** Answers with these bytes and nothing else. */
export function raw(bytes: string | Buffer): Script {
  return (_request, socket) => void socket.end(bytes);
}

/** Closes the connection hard. */
export const reset: Script = (_request, socket) => void socket.resetAndDestroy();

/** A head, and then a byte every `ms`, for ever. */
export function drip(ms: number, where: 'head' | 'body'): Script {
  return (_request, socket) => {
    socket.write(where === 'body' ? 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' : 'HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write(where === 'body' ? '1\r\nx\r\n' : 'x-more: x\r\n'), ms);
    socket.on('close', () => clearInterval(timer));
  };
}

/** A body that never ends, as fast as it is read. Counts what was taken. */
export function endless(taken: { bytes: number }): Script {
  const chunk = Buffer.from(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
  return (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    const pump = (): void => {
      while (!socket.destroyed && socket.write(chunk)) taken.bytes += chunk.length;
    };
    socket.on('drain', pump);
    pump();
  };
}

function parse(bytes: Buffer, connection: number): { request: Received; length: number } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const length = end + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < length) return null;
  const [method = '', path = ''] = first.split(' ');
  return {
    request: { method, path, headers, body: bytes.subarray(end + 4, length).toString('utf8'), connection },
    length,
  };
}
