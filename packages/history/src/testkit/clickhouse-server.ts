/**
 * A ClickHouse server for tests, on machines without one: ClickHouse's engine (chDB) in a process of its own behind ClickHouse's HTTP
 * interface, as far as `@clickhouse/client` uses it: `/ping`, SQL as the body, `param_*` and settings in the address, exceptions with
 * their code. What it cannot show: users, replication, many queries at once (it runs one after the other).
 *
 *   node packages/history/src/testkit/clickhouse-server.ts PORT DIRECTORY
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ClickhouseServer {
  url: string;
  /** As `kill -9`, and the same directory under the same port again. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when it answers. */
export async function startClickhouseServer(directory: string): Promise<ClickhouseServer> {
  let port = 0;
  let child: ChildProcess;
  async function start(): Promise<void> {
    child = spawn(process.execPath, [import.meta.filename, String(port), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    port = await new Promise<number>((resolve, reject) => {
      child.stdout!.once('data', (line: Buffer) => resolve(Number(line.toString())));
      child.once('exit', (code) => reject(new Error(`the ClickHouse server ended with ${code}`)));
    });
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    restart: start,
    stop: () => end('SIGKILL'),
  };
}

async function serve(port: number, directory: string): Promise<void> {
  const { Session } = await import('chdb');
  const session = new Session(directory);
  let last: Promise<unknown> = Promise.resolve();
  /** One at a time, in order: settings belong to the connection. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://server');
    if (pathname === '/ping') return void response.end('Ok.\n');
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    const given = searchParams.get('query');
    const sql = given === null ? body : body === '' ? given : `${given}\n${body}`;
    const params: Record<string, string> = {};
    const settings: [string, string][] = [];
    for (const [name, value] of searchParams) {
      if (name.startsWith('param_')) params[name.slice('param_'.length)] = value;
      else if (!NO_SETTINGS.has(name)) settings.push([name, value]);
    }
    try {
      const bytes = await inTurn(async () => {
        for (const [name, value] of settings) await session.queryAsync(`SET ${name} = ${literal(value)}`);
        const result =
          Object.keys(params).length > 0 ? await session.queryBindAsync(sql, params) : await session.queryAsync(sql);
        return result.bytes();
      });
      response.end(bytes);
    } catch (error) {
      const { message } = error as Error;
      const code = /Code: (\d+)/.exec(message)?.[1];
      response.writeHead(500, code ? { 'x-clickhouse-exception-code': code } : {});
      response.end(message);
    }
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(port, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
}

const NO_SETTINGS = new Set(['query', 'query_id', 'session_id', 'database', 'default_format', 'role']);
const literal = (value: string): string => (/^\d+$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`);

if (process.argv[1] === import.meta.filename) await serve(Number(process.argv[2]), process.argv[3]!);
