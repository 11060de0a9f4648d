/** A plain web socket client of the feed for tests: no reconnects, no cleverness, everything it was told in order. */
import { WebSocket } from 'ws';

/** JSON as it came: the tests look into it freely. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Told = any;

export interface Push {
  channel: string;
  cursor: string;
  type: string;
  at: string;
  data: Told;
  left?: boolean;
}

export interface TestClient {
  ws: WebSocket;
  /** Replies and pushes in the order they came. */
  heard: Told[];
  pushes: Push[];
  /** Sends a command, resolves to its reply (`result` or `error`). */
  ask(method: string, params?: unknown): Promise<Told>;
  sendRaw(data: string | Buffer): void;
  /** Resolves once `condition` holds for what was heard. */
  until(condition: (client: TestClient) => boolean): Promise<void>;
  closed: Promise<{ code: number; reason: string }>;
  end(): void;
}

export interface ConnectOptions {
  token?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}

/** Rejects with `upgrade answered <status>` when the upgrade is refused. */
export async function connect(url: string, options: ConnectOptions = {}): Promise<TestClient> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/live`, options.protocols ?? ['cairn.v1'], {
    headers: options.headers ?? {},
    perMessageDeflate: false,
  });
  // Every waiting command and condition listens for the end.
  ws.setMaxListeners(0);
  const waiting = new Map<number, (reply: Told) => void>();
  const watchers = new Set<() => void>();
  let id = 0;
  const client: TestClient = {
    ws,
    heard: [],
    pushes: [],
    ask: (method, params) =>
      new Promise((resolve, reject) => {
        const command = { id: ++id, method, ...(params === undefined ? {} : { params }) };
        waiting.set(command.id, resolve);
        ws.once('close', (code) => reject(new Error(`closed with ${code} before the reply`)));
        ws.send(JSON.stringify(command));
      }),
    sendRaw: (data) => ws.send(data),
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!condition(client)) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        ws.once('close', (code) => reject(new Error(`closed with ${code} while waiting`)));
        check();
      }),
    closed: new Promise((resolve) => ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))),
    end: () => ws.terminate(),
  };
  client.closed.catch(() => {});
  ws.on('message', (data: Buffer) => {
    for (const line of data.toString().split('\n')) {
      const message = JSON.parse(line);
      client.heard.push(message);
      if (message.id === undefined) client.pushes.push(message);
      else waiting.get(message.id)?.(message);
    }
    for (const watcher of [...watchers]) watcher();
  });
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('unexpected-response', (_request, response) =>
      reject(new Error(`upgrade answered ${response.statusCode}`)),
    );
    ws.on('error', reject);
  });
  if (options.token !== undefined) await client.ask('authenticate', { token: options.token });
  return client;
}
