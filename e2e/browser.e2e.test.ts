/** The dashboard in a real browser: Chromium by `CAIRN_CHROMIUM` or at its usual places; without one the tests are skipped, and fail in CI. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';

const root = join(import.meta.dirname, '..');
const artifacts = join(root, '.artifacts');
const browserPath = [
  process.env.CAIRN_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));
if (!browserPath && process.env.CI !== 'true')
  console.warn(
    `\n${'!'.repeat(100)}\n!! SKIPPED: the dashboard in a browser. No Chromium (CAIRN_CHROMIUM).\n${'!'.repeat(100)}\n`,
  );

/** Its name comes first, so the board shows it first. */
const DEFINITION = `
cairn: journey-definition/1
name: a-sale
unit: account
stages:
  - name: awareness
  - name: evaluation
    enter: { event: Demo Requested }
    stall: { after: 3 seconds }
outcomes:
  won: { enter: { event: Deal Won } }
score:
  engagement:
    halfLife: 7 days
    points:
      - { name: demo, when: { event: Demo Requested }, add: 20 }
`;

describe.skipIf(!browserPath && process.env.CI !== 'true')('the dashboard', () => {
  let product: Product;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  const track = async (userId: string, event: string): Promise<void> =>
    send('track', { userId, event, properties: { path: '/pricing' } });
  async function send(type: string, body: unknown): Promise<void> {
    const response = await fetch(`${product.first.url}/v1/${type}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${product.first.writeKey}:`)}` },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
  }
  const picture = (name: string): Promise<unknown> => page.screenshot({ path: join(artifacts, `browser-${name}.png`) });
  const column = (stage: string): Locator =>
    page.locator('section.column').filter({ has: page.getByRole('heading', { name: new RegExp(stage, 'i') }) });
  const card = (stage: string, name: string): Locator => column(stage).locator('.card').filter({ hasText: name });

  beforeAll(async () => {
    expect(browserPath, 'CI has Chromium').toBeTruthy();
    execFileSync(process.execPath, [join(root, 'scripts/ensure-dashboard.ts')]);
    mkdirSync(artifacts, { recursive: true });
    product = await startProduct();
    expect((await product.api('POST', '/api/definitions', DEFINITION)).status).toBeLessThan(300);
    for (const [userId, name] of [
      ['ada', 'Ada Lovelace'],
      ['grace', 'Grace Hopper'],
    ] as const) {
      await send('identify', { userId, traits: { email: `${userId}@acme.example`, name } });
      await send('group', { userId, groupId: 'acme', traits: { name: 'Acme', domain: 'acme.example' } });
      await track(userId, 'Page Viewed');
    }
    await eventually('the journey', async () => {
      const { body } = await product.api<{ items: { name: string; people: unknown[] }[] }>(
        'GET',
        '/api/journeys?definition=a-sale',
      );
      return body.items.length === 1 && body.items[0]!.name === 'Acme' && body.items[0]!.people.length === 2;
    });
    browser = await chromium.launch({
      executablePath: browserPath!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await product?.dispose();
  });

  it('lets in who follows the link of the first start, and nobody else', async () => {
    await page.goto(product.first.url);
    await picture('logged-out');
    expect(await page.locator('.card').count()).toBe(0);
    faults.length = 0; // The browser logs the 401 of one who is not logged in.
    await page.goto(product.first.dashboardUrl);
    expect(new URL(page.url()).pathname).toBe('/');
    expect(page.url()).not.toContain('token');
    await page.getByRole('heading', { name: 'Board' }).waitFor();
  });

  it('shows the journey in its stage', async () => {
    await card('awareness', 'Acme').waitFor();
    expect(await card('awareness', 'Acme').textContent()).toContain('2 buyers');
    expect(await card('evaluation', 'Acme').count()).toBe(0);
    await picture('board');
  });

  it('moves the card when a touchpoint arrives, without a reload', async () => {
    await page.evaluate('window.notReloaded = true');
    await track('ada', 'Demo Requested');
    await card('evaluation', 'Acme').waitFor();
    expect(await card('awareness', 'Acme').count()).toBe(0);
    expect(await page.evaluate('window.notReloaded')).toBe(true);
  });

  it('marks the journey that stalls, in words', async () => {
    await card('evaluation', 'Acme')
      .getByText(/Stalled/)
      .waitFor();
    expect(await page.evaluate('window.notReloaded')).toBe(true);
    await picture('stalled');
  });

  it('shows a journey’s timeline by person, and adds what comes', async () => {
    await card('evaluation', 'Acme').getByRole('link').click();
    await page.locator('.timeline svg').waitFor();
    const lanes = await page.locator('.timeline .lane-name').allTextContents();
    expect(lanes.map((lane) => lane.trim())).toEqual(expect.arrayContaining(['Ada Lovelace', 'Grace Hopper']));
    await page.locator('.touch.inbound').nth(2).waitFor({ state: 'attached' });
    const before = await page.locator('.touch').count();
    expect(before).toBe(7);
    await send('track', { userId: 'grace', event: 'Email Sent', properties: { direction: 'outbound' } });
    await page.locator('.touch.outbound').waitFor({ state: 'attached' });
    expect(await page.locator('.touch').count()).toBe(before + 1);
    await picture('journey');
  });

  it('has the alert in the inbox, to be acknowledged', async () => {
    await page.getByRole('link', { name: 'Alerts' }).click();
    const row = page.locator('.alerts .alert').filter({ hasText: 'Acme' });
    await row.getByRole('button', { name: 'Acknowledge' }).click();
    await row.getByText(/Acknowledged/i).waitFor();
    expect(await row.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
    await picture('alerts');
    const { body } = await product.api<{ items: { state: string }[] }>('GET', '/api/alerts');
    expect(body.items.map(({ state }) => state)).toEqual(['acknowledged']);
  });

  it('finds its way back after the server was away', async () => {
    await product.kill();
    faults.length = 0;
    await product.restart();
    await page.getByRole('link', { name: 'Board' }).click();
    await track('ada', 'Deal Won');
    await card('won', 'Acme').waitFor();
    await picture('won');
  });

  it('caused no error in the browser before the server was away', () => {
    expect(faults.filter((fault) => !/WebSocket|ERR_CONNECTION|Failed to load resource/.test(fault))).toEqual([]);
  });
});
