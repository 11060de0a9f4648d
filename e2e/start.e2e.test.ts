/** API.md, section 1: what a first start prints, writes and answers; what stops it; how it ends; the command line. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';

const root = join(import.meta.dirname, '..');
const cairn = join(root, 'packages/cli/src/main.ts');

interface Ended {
  code: number | string | null;
  stdout: string;
  stderr: string;
}

const run = (file: string, args: string[], env: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) =>
    execFile(file, args, { cwd: root, env: { ...process.env, ...env }, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? null) : 0, stdout, stderr }),
    ),
  );
const runCairn = (args: string[], env?: Record<string, string>): Promise<Ended> =>
  run(process.execPath, [cairn, ...args], env);

const newDataDir = (): string => mkdtempSync(join(tmpdir(), 'cairn-start-'));

describe('the first start', () => {
  let product: Product;
  beforeAll(async () => {
    product = await startProduct();
  });
  afterAll(async () => {
    await product?.dispose();
  });

  it('writes first-run.json, for its owner alone', () => {
    const path = join(product.dataDir, 'first-run.json');
    const { first } = product;
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      url: first.url,
      dashboardUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/login\?token=/) as string,
      workspace: 'default',
      writeKey: expect.stringMatching(/\S{20,}/) as string,
      adminToken: expect.stringMatching(/\S{20,}/) as string,
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(new URL(first.url).hostname).toBe('127.0.0.1');
  });

  it('prints a short banner with the dashboard link, the write key and a curl that works when it is pasted', async () => {
    const banner = await eventually('the banner', async () =>
      product.output().includes('curl') ? product.output() : null,
    );
    expect(banner).toContain(product.first.dashboardUrl);
    expect(banner).toContain(product.first.writeKey);
    expect(banner.trim().split('\n').length).toBeLessThan(15);
    const command = banner
      .split('\n')
      .filter((line) => /^\s+(curl|-d)/.test(line))
      .join('\n');
    const { stdout } = await run('sh', ['-c', command]);
    expect(JSON.parse(stdout)).toEqual({ success: true });
    await eventually('a journey', async () => {
      const { body } = await product.api<{ items: unknown[] }>('GET', '/api/journeys');
      return body.items.length === 1;
    });
  });

  it('is ready, and says so', async () => {
    for (const path of ['/readyz', '/healthz', '/metrics'])
      expect((await fetch(`${product.first.url}${path}`)).status, path).toBe(200);
  });

  it('logs a browser in by the dashboard link', async () => {
    const login = await fetch(product.first.dashboardUrl, { redirect: 'manual' });
    expect(login.status).toBe(303);
    expect(login.headers.get('location')).toBe('/');
    const cookie = login.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
    const headers = { cookie: cookie.split(';')[0]! };
    const page = await fetch(product.first.url, { headers });
    expect(page.headers.get('content-type')).toMatch(/text\/html/);
    expect((await fetch(`${product.first.url}/api/journeys`, { headers })).status).toBe(200);
    expect((await fetch(`${product.first.url}/api/journeys`)).status).toBe(401);
    expect((await fetch(`${product.first.url}/login?token=wrong`, { redirect: 'manual' })).status).toBe(401);
  });

  it('is followed by starts that keep the keys and print no secret', async () => {
    const { first } = product;
    expect(await product.stop()).toBe(0);
    const before = product.output().length;
    await product.restart();
    await eventually('the banner', async () => product.output().slice(before).includes('Cairn is up'));
    expect(product.first).toEqual(first);
    expect(product.output().slice(before)).not.toContain(first.adminToken);
    expect(product.output().slice(before)).not.toContain(first.writeKey);
    expect((await product.api<{ items: unknown[] }>('GET', '/api/journeys')).body.items.length).toBe(1);
  });

  it('is followed by an end at once where native code breaks, and by a start that has everything', async () => {
    // What glibc sends to a process whose heap is broken. chDB would keep the thread, and the process would answer nothing for ever.
    process.kill(product.pid, 'SIGABRT');
    await eventually('the end', () => Promise.resolve(!product.running()));
    const { writeKey } = product.first;
    await product.restart();
    expect(product.first.writeKey).toBe(writeKey);
  });
});

describe('a bad value', () => {
  for (const [variable, value] of [
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['CAIRN_HOST', 'http://localhost'],
    ['CAIRN_RETRY_SCHEDULE', '5s,soon'],
    ['CAIRN_WEBHOOK_ALLOW', 'no-port'],
    ['CAIRN_CLICKHOUSE_URL', 'not a url'],
    ['CAIRN_KAFKA_BROKERS', 'nowhere'],
    ['CAIRN_ALLOWED_ORIGINS', 'not an origin'],
    ['CAIRN_DEFINITION', '/nowhere/definition.yaml'],
  ] as const)
    it(`of ${variable} (${value}) stops the start and names the variable`, async () => {
      const dataDir = newDataDir();
      const { code, stderr } = await runCairn(['start'], { PORT: '0', CAIRN_DATA_DIR: dataDir, [variable]: value });
      rmSync(dataDir, { recursive: true, force: true });
      expect(code).toBe(1);
      expect(stderr).toContain(variable);
      // A person's message, no stack.
      expect(stderr).not.toMatch(/^\s+at /m);
    });
});

describe('SIGTERM during a start', () => {
  for (const [moment, made] of [
    ['once the log is there', 'log'],
    ['once the history is there', 'history'],
  ] as const)
    it(`ends it in order ${moment}`, async () => {
      const dataDir = newDataDir();
      const child: ChildProcess = spawn(process.execPath, [cairn, 'start'], {
        cwd: root,
        env: { ...process.env, PORT: '0', CAIRN_DATA_DIR: dataDir, CAIRN_LOG_LEVEL: 'warn' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let printed = '';
      for (const stream of [child.stdout!, child.stderr!])
        stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      const ended = new Promise<number | string | null>((resolve) =>
        child.once('exit', (code, signal) => resolve(signal ?? code)),
      );
      await eventually(made, async () => existsSync(join(dataDir, made)));
      child.kill('SIGTERM');
      const startedAt = Date.now();
      expect(await ended, printed).toBe(0);
      expect(Date.now() - startedAt).toBeLessThan(10_500);
      rmSync(dataDir, { recursive: true, force: true });
    });
});

describe('the command line', () => {
  it('is there as npx cairn', async () => {
    const { code, stdout, stderr } = await run('npx', ['--no-install', 'cairn', '--help']);
    expect(stderr).not.toContain('not found');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Usage: cairn');
  });

  it('has --help for every command', async () => {
    const { code, stdout } = await runCairn(['--help']);
    expect(code).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}([a-z][\w-]*)/gm)]
      .map((match) => match[1]!)
      .filter((name) => name !== 'help');
    expect(commands).toEqual(expect.arrayContaining(['start', 'demo', 'import', 'dead-letters', 'token', 'doctor']));
    for (const command of commands) {
      const help = await runCairn([command, '--help']);
      expect(help.code, command).toBe(0);
      expect(help.stdout, command).toContain(`Usage: cairn ${command}`);
    }
  });

  it('ends with 2 after a wrong use, and with 1 after a failure', async () => {
    for (const wrong of [
      ['no-such-command'],
      ['start', '--no-such-option'],
      ['import'],
      ['import', '/nowhere/events.jsonl', '--write-key', 'x'],
      ['token', 'create', 'x'],
    ])
      expect((await runCairn(wrong)).code, wrong.join(' ')).toBe(2);
    const nobody = ['--url', 'http://127.0.0.1:9'];
    for (const failing of [
      ['doctor', ...nobody],
      ['token', 'list', ...nobody, '--token', 'x'],
      ['import', 'package.json', '--format', 'jsonl', ...nobody, '--write-key', 'x'],
    ])
      expect((await runCairn(failing)).code, failing.join(' ')).toBe(1);
  });

  it('prints JSON with --json', async () => {
    const { stdout } = await runCairn(['doctor', '--json', '--url', 'http://127.0.0.1:9']);
    expect(JSON.parse(stdout)).toEqual(expect.arrayContaining([expect.objectContaining({ what: 'node', ok: true })]));
  });
});
