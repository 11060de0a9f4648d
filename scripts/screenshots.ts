/**
 * Pictures of every page with the demo's data, for the guide, at 1440 and 390 pixels: `node scripts/screenshots.ts [page …]`. Needs Chromium
 * (CAIRN_CHROMIUM, or at its usual place).
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

const root = join(import.meta.dirname, '..');
const target = join(root, 'docs/guide/images');
/** The demo lives through its 60 days in three minutes; some of it is enough. */
const DEMO_SECONDS = Number(process.env.DEMO_SECONDS ?? 150);
const WIDTHS = [
  ['', 1440, 900],
  ['-narrow', 390, 844],
] as const;
/** Figures of history come from ClickHouse, the live tail with the next touchpoints. */
const SETTLE_MS = 2_500;

const wanted = process.argv.slice(2);
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

async function shoot(page: Page, name: string): Promise<void> {
  await page.locator('main h1').waitFor();
  await page.waitForTimeout(SETTLE_MS);
  await page.locator('main .loading').waitFor({ state: 'detached' });
  await page.getByText('Counting …').waitFor({ state: 'detached' });
  await page.screenshot({ path: join(target, `${name}.png`) });
}

try {
  await new Promise((resolve) => setTimeout(resolve, DEMO_SECONDS * 1_000));
  for (const [suffix, width, height] of WIDTHS) {
    const page = await browser.newPage({ viewport: { width, height } });
    page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
    page.on('pageerror', (error) => console.error(error));
    await page.goto(link);
    await page.waitForSelector('.card');
    const { origin } = new URL(link);
    // Several buyers: the lanes of the timeline have something to tell apart.
    const stalled = page.locator('.card.stalled').filter({ hasText: 'buyers' }).locator('a');
    const journey = await ((await stalled.count()) ? stalled : page.locator('.card a')).first().getAttribute('href');
    await page.goto(`${origin}/${journey}`);
    const person = await page.locator('.people a').first().getAttribute('href');
    const pages = await page.locator('#pages a').evaluateAll((all) => all.map((one) => one.getAttribute('href')!));
    for (const address of [...pages, journey!, person!]) {
      const section = address.split('/')[1]!;
      const name = { journeys: 'journey', people: 'person' }[section] ?? section;
      if (wanted.length && !wanted.includes(name)) continue;
      await page.goto(`${origin}/${address}`);
      await shoot(page, `${name}${suffix}`);
    }
    await page.close();
  }
} finally {
  await browser.close();
  demo.kill('SIGTERM');
}
