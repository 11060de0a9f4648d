/**
 * Pictures of the pages with the demo's data, for the docs: `node scripts/screenshots.ts`. Needs Chromium (CAIRN_CHROMIUM, or on the PATH).
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const root = join(import.meta.dirname, '..');
const target = join(root, 'docs/guide/images');
const DEMO_SECONDS = Number(process.env.DEMO_SECONDS ?? 110);
mkdirSync(target, { recursive: true });

const demo = spawn(process.execPath, [join(root, 'packages/cli/src/main.ts'), 'demo'], {
  cwd: root,
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const link = await new Promise<string>((resolve, reject) => {
  let printed = '';
  demo.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    const match = /http:\/\/\S+\/login\?token=\S+/.exec(printed);
    if (match) resolve(match[0]);
  });
  demo.on('exit', (code) => reject(new Error(`the demo ended with ${code}`)));
});
const browser = await chromium.launch({
  executablePath: process.env.CAIRN_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  await new Promise((resolve) => setTimeout(resolve, DEMO_SECONDS * 1_000));
  for (const [suffix, width, height] of [
    ['', 1440, 900],
    ['-narrow', 390, 844],
  ] as const) {
    const page = await browser.newPage({ viewport: { width, height } });
    page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
    page.on('pageerror', (error) => console.error(error));
    await page.goto(link);
    await page.waitForSelector('.card');
    await page.screenshot({ path: join(target, `board${suffix}.png`) });
    const stalled = page.locator('.card.stalled a');
    await ((await stalled.count()) ? stalled : page.locator('.card a')).first().click();
    await page.waitForSelector('.timeline svg');
    await page.screenshot({ path: join(target, `journey${suffix}.png`) });
    await page.goto(`${new URL(link).origin}/#/alerts`);
    await page.waitForSelector('.alerts, .empty');
    await page.screenshot({ path: join(target, `alerts${suffix}.png`) });
    await page.close();
  }
} finally {
  await browser.close();
  demo.kill('SIGTERM');
}
