/** Starts the product as a user does, in a process of its own, and speaks to it over HTTP only. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FirstRun {
  url: string;
  dashboardUrl: string;
  workspace: string;
  writeKey: string;
  adminToken: string;
}

export interface Product {
  readonly first: FirstRun;
  readonly dataDir: string;
  readonly pid: number;
  /** Whether the process is there. */
  running(): boolean;
  /** All that the process printed. */
  output(): string;
  api<T = unknown>(method: string, path: string, body?: unknown, token?: string): Promise<{ status: number; body: T }>;
  /** The processes that it started and supervises, by their command lines; none in embedded mode. */
  children(): ServiceProcess[];
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Starts again on the same data directory and port. */
  restart(): Promise<void>;
  /** Stops it and removes the data. */
  dispose(): Promise<void>;
}

/** A process of the cluster. */
export interface ServiceProcess {
  /** `stitcher` */
  service: string;
  pid: number;
}

export interface ProductOptions {
  command?: 'start' | 'cluster';
  /** Kept after `dispose`; a new temporary directory unless given. */
  dataDir?: string;
  env?: Readonly<Record<string, string>>;
  /** How long until it must be ready; default 60 s. */
  readyWithinMs?: number;
}

const root = join(import.meta.dirname, '../../..');
/** As in package.json's `start`. */
const NODE_FLAGS = ['--max-semi-space-size=64'];

export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'cairn-product-'));
  const port = await freePort();
  let child: ChildProcess;
  let printed = '';
  let first: FirstRun;

  async function start(): Promise<void> {
    child = spawn(
      process.execPath,
      [...NODE_FLAGS, join(root, 'packages/cli/src/main.ts'), options.command ?? 'start'],
      {
        cwd: root,
        env: {
          ...process.env,
          PORT: String(port),
          CAIRN_DATA_DIR: dataDir,
          CAIRN_LOG_LEVEL: 'warn',
          ...options.env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const note = (chunk: Buffer): void => {
      printed = (printed + chunk.toString()).slice(-200_000);
    };
    child.stdout!.on('data', note);
    child.stderr!.on('data', note);
    const deadline = Date.now() + (options.readyWithinMs ?? 60_000);
    const firstRun = join(dataDir, 'first-run.json');
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the product ended with ${child.exitCode ?? child.signalCode}:\n${printed}`);
      if (Date.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error(`the product was not ready in time:\n${printed}`);
      }
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
      if (ready && existsSync(firstRun)) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    first = JSON.parse(readFileSync(firstRun, 'utf8')) as FirstRun;
  }

  const gone = (): Promise<number | null> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
      else child.once('exit', (code) => resolve(code));
    });

  await start();
  return {
    get first() {
      return first;
    },
    dataDir,
    get pid() {
      return child.pid!;
    },
    running: () => child.exitCode === null && child.signalCode === null,
    output: () => printed,
    children: () => serviceProcesses(child.pid!),
    async api<T>(method: string, path: string, body?: unknown, token = first.adminToken) {
      const response = await fetch(`${first.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined
            ? {}
            : { 'content-type': typeof body === 'string' ? 'text/yaml' : 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text ? JSON.parse(text) : null) as T };
    },
    async kill() {
      child.kill('SIGKILL');
      await gone();
    },
    async stop() {
      child.kill('SIGTERM');
      return gone();
    },
    restart: start,
    async dispose() {
      child.kill('SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), 12_000);
      await gone();
      clearTimeout(forced);
      if (!options.dataDir) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function serviceProcesses(parent: number): ServiceProcess[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return table.split('\n').flatMap((line) => {
    const [, pid, ppid, state, args] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const service = /services\/([\w-]+)\/src\/main\.ts/.exec(args ?? '')?.[1];
    return Number(ppid) === parent && service && !state!.startsWith('Z') ? [{ service, pid: Number(pid) }] : [];
  });
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address() as { port: number };
      server.close(() => resolve(address.port));
    });
  });
}

/** Asks again until `check` gives something, and fails with what was seen last. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | null | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await check();
      if (found) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${withinMs} ms; last: ${String(last instanceof Error ? last.stack : last)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
