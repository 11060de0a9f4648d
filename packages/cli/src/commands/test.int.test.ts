import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCommand } from './test.ts';

const DEFINITIONS = join(import.meta.dirname, '../../../../definitions');

async function cairnTest(...paths: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const command = testCommand((line) => (out += `${line}\n`))
    .exitOverride()
    .configureOutput({ writeErr: (text) => (err += text) });
  try {
    await command.parseAsync(paths, { from: 'user' });
    return { code: 0, out, err };
  } catch (error) {
    return { code: (error as CommanderError).exitCode, out, err };
  }
}

describe('cairn test FILE', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-test-'));
    writeFileSync(
      join(folder, 'x.yaml'),
      'cairn: journey-definition/1\nname: x\nunit: person\nstages: [ { name: a } ]\n',
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('runs the tests beside the definition that it is given, once', async () => {
    const file = join(DEFINITIONS, 'saas-trial.yaml');
    const { code, out } = await cairnTest(file, file.replace('.yaml', '.test.yaml'));
    expect(out).toMatch(/saas-trial\.test\.yaml: /);
    expect(out).toMatch(/(\d+) of \1 hold/);
    expect(out).not.toContain('b2b-sales');
    expect(code).toBe(0);
  });

  it('says of a definition without tests where they belong, and ends with 2', async () => {
    const { code, err } = await cairnTest(join(folder, 'x.yaml'));
    expect(err).toContain(`x.yaml has no tests: write them in ${join(folder, 'x.test.yaml')}, beside it`);
    expect(code).toBe(2);
  });

  it.each([
    ['a file that is not there', 'nothing.yaml', 'there is no '],
    ['a folder without tests', '.', 'there is no *.test.yaml in '],
  ])('ends with 2 for %s', async (_what, name, message) => {
    const { code, err } = await cairnTest(join(folder, name));
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
