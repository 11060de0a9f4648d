import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDataDir } from './make-data-dir.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'cairn-use-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'a-file'), '');

function cairn(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((told) =>
    execFile(
      process.execPath,
      [MAIN, ...args],
      { cwd: folder, env: { PATH: process.env.PATH } },
      (error, stdout, stderr) => told({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  );
}

test.each([
  [['doctor', '--url', 'no address'], /no address/],
  [['token', 'list'], /no token/],
])('cairn %j is wrong use: exit code 2', async (args, says) => {
  const { code, stderr } = await cairn(args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(says) as string });
});

test('cairn --version prints the version alone, exit code 0', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  expect(await cairn(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test.each(['a-file', 'a-file/within', ...(process.platform === 'linux' ? ['/proc/nowhere'] : [])])(
  'a data directory that cannot be made (%s) is told by the name of its variable',
  (path) => expect(() => makeDataDir(resolve(folder, path))).toThrow(/^CAIRN_DATA_DIR: /),
);

test('a data directory is made with those above it, for its owner alone', () => {
  const path = join(folder, 'one/two');
  makeDataDir(path);
  makeDataDir(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});
