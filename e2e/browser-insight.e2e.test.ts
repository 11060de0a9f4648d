/** The pages of history in a real browser: what they show, as a table and as a file, is what the API answers; by keyboard; with reduced motion. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';
import { artifacts, browserPath, launchBrowser, withoutBrowser } from './browser-launch.ts';

const root = join(import.meta.dirname, '..');
const DEFINITION = `
cairn: journey-definition/1
name: loan
unit: person
stages:
  - name: interest
  - name: offer
    enter: { event: Offer Asked }
    target: { time: 2 days, conversion: 0.9 }
outcomes:
  won: { enter: { event: Signed } }
  lost: { enter: { event: Declined } }
`;
const PEOPLE = 12;
const DAY = 86_400_000;
const START = Date.UTC(2026, 2, 2, 9);
const PATIENCE_MS = 120_000;

/** A beginning that was not asked for before: an answer is kept for up to a minute, the longer the slower the machine. */
let asked = 0;
const anew = (): string => new Date(Date.UTC(2026, 0, 1) + asked++).toISOString();

/** Every third signs, every third declines; of channels there are three. */
function touchpoints(): { userId: string; event: string; timestamp: string; properties: Record<string, unknown> }[] {
  return Array.from({ length: PEOPLE }, (_, n) => {
    const at = (days: number): string => new Date(START + n * 3_600_000 + days * DAY).toISOString();
    const touch = (days: number, event: string, properties: Record<string, unknown>) => ({
      userId: `user-${n}`,
      event,
      timestamp: at(days),
      properties,
    });
    return [
      touch(0, 'Read', { channel: n % 2 ? 'search' : 'email' }),
      touch(1, 'Read', { channel: 'web', csat: 1 + (n % 5) }),
      touch(3, 'Offer Asked', { channel: 'web' }),
      touch(4, 'Offer Sent', { channel: 'email', direction: 'outbound' }),
      ...(n % 3 === 0 ? [touch(6, 'Signed', { nps: 9 })] : []),
      ...(n % 3 === 1 ? [touch(8, 'Declined', {})] : []),
    ];
  }).flat();
}

interface MapAnswer {
  stages: { stage: string; sentiment: unknown }[];
  touchpoints: { name: string }[];
  cells: { stage: string; touchpoint: string; volume: number }[];
  totals: { touches: number };
}

describe.skipIf(withoutBrowser)('the pages of history', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-insight-'));
  const faults: string[] = [];
  let product: Product;
  let browser: Browser;
  let page: Page;

  const ask = async <T>(path: string): Promise<T> => {
    const { status, body } = await product.api<T>('GET', path);
    expect(status, path).toBe(200);
    return body;
  };
  const open = async (name: string, heading: string): Promise<void> => {
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  };
  /** The rows of a table's body, cells as text. */
  const rowsOf = async (table: Locator): Promise<string[][]> =>
    (await table.locator('tbody tr').all()).length === 0
      ? []
      : table
          .locator('tbody tr')
          .evaluateAll((rows) =>
            rows.map((row) =>
              [...row.children].map((cell) => ((cell as { innerText?: string }).innerText ?? '').trim()),
            ),
          );
  async function csv(button: Locator): Promise<string[][]> {
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
    const path = join(folder, download.suggestedFilename());
    await download.saveAs(path);
    return parseCsv(readFileSync(path, 'utf8')).slice(1);
  }
  const mainCsv = (): Promise<string[][]> => csv(page.getByRole('button', { name: 'Download CSV' }).first());
  const text = (value: string | number | null): string => (value === null ? '' : String(value));

  beforeAll(async () => {
    expect(browserPath, 'CI has Chromium').toBeTruthy();
    execFileSync(process.execPath, [join(root, 'scripts/ensure-dashboard.ts')]);
    mkdirSync(artifacts, { recursive: true });
    const definition = join(folder, 'loan.yaml');
    writeFileSync(definition, DEFINITION);
    product = await startProduct({ env: { CAIRN_DEFINITION: definition } });
    const batch = touchpoints().map((touch) => ({ type: 'track', ...touch }));
    const response = await fetch(`${product.first.url}/v1/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${product.first.writeKey}:`)}` },
      body: JSON.stringify({ batch }),
    });
    expect(response.status).toBe(200);
    await eventually(
      'the history has every touch and answer',
      async () => {
        const { body } = await product.api<MapAnswer>('GET', `/api/map?definition=loan&from=${anew()}`);
        return body.totals?.touches === batch.length && body.stages.every(({ sentiment }) => sentiment !== null);
      },
      PATIENCE_MS,
    );
    await eventually(
      'the history has every outcome',
      async () => {
        const { body } = await product.api<{ won: number; lost: number }>(
          'GET',
          `/api/funnel?definition=loan&from=${anew()}`,
        );
        return body.won === PEOPLE / 3 && body.lost === PEOPLE / 3;
      },
      PATIENCE_MS,
    );
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(product.first.dashboardUrl);
    await page.getByRole('heading', { name: 'Board' }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the map has the cells that the API has, and its file too', async () => {
    await open('Map', 'Journey map');
    const map = await ask<MapAnswer>('/api/map?definition=loan&limit=30');
    await page.locator('td.cell button').first().waitFor();
    const shown = await page
      .locator('.journey-map tbody tr:has(td.cell)')
      .evaluateAll((rows) =>
        rows.map((row) => [
          row.querySelector('th')!.firstChild!.textContent,
          ...[...row.querySelectorAll('td')].map((cell) => cell.querySelector('strong')?.textContent ?? null),
        ]),
      );
    const known = map.touchpoints.map(({ name }) => [
      name,
      ...map.stages.map(({ stage }) => {
        const cell = map.cells.find((one) => one.stage === stage && one.touchpoint === name);
        return cell ? String(cell.volume) : null;
      }),
    ]);
    expect(shown).toEqual(known);
    const file = await mainCsv();
    expect(file.map(([stage, touchpoint, volume]) => [stage, touchpoint, volume].join()).sort()).toEqual(
      map.cells.map(({ stage, touchpoint, volume }) => [stage, touchpoint, volume].join()).sort(),
    );
  });

  it('the map has its mood, and the future state beside the current one', async () => {
    await page.locator('td.mood svg').waitFor();
    expect(await page.locator('.journey-map').textContent()).toMatch(/target 90 %: not reached/);
  });

  it('by keyboard alone: from a cell to the journeys behind it, back, and on to one of them', async () => {
    const cell = page.getByRole('button', { name: /Offer Asked in offer/i });
    await cell.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('link').first().waitFor();
    const { items } = await ask<{ items: { id: string; touches: number }[] }>(
      '/api/map/journeys?definition=loan&by=event&stage=offer&touchpoint=Offer%20Asked&limit=100',
    );
    expect(items).toHaveLength(PEOPLE);
    const links = await dialog.getByRole('link').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    expect(links).toEqual(items.map(({ id }) => `#/journeys/${id}`));
    const file = await csv(dialog.getByRole('button', { name: 'Download CSV' }));
    expect(file.map((row) => row[0])).toEqual(items.map(({ id }) => id));
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await cell.focus();
    await page.keyboard.press('Enter');
    await dialog.getByRole('link').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('.timeline-scroll svg').waitFor();
    expect(new URL(page.url()).hash).toBe(`#/journeys/${items[0]!.id}`);
  });

  it('the funnel shows and saves what the API answers', async () => {
    await open('Funnel', 'Funnel');
    const funnel = await ask<{
      won: number;
      steps: { stage: string; reached: number; entered: number; onward: number; lostIn: number; medianTime: string }[];
    }>('/api/funnel?definition=loan');
    const table = page.getByRole('region', { name: 'Funnel' }).locator('table');
    await table.waitFor();
    const rows = await rowsOf(table);
    expect(rows.map((row) => Number.parseInt(row[1]!, 10))).toEqual([
      ...funnel.steps.map(({ reached }) => reached),
      funnel.won,
    ]);
    const file = await mainCsv();
    expect(file.map((row) => [row[0], row[1], row[2], row[3], row[4], row[7]])).toEqual(
      funnel.steps.map((step) =>
        [step.stage, step.reached, step.entered, step.onward, step.lostIn, step.medianTime].map(text),
      ),
    );
  });

  it('paths are drawn, and stand in a table and a file as the API has them', async () => {
    await open('Paths', 'Paths');
    await page.getByRole('button', { name: 'Touchpoints' }).click();
    const paths = await ask<{ top: { steps: string[]; end: string; journeys: number; goesOn: boolean }[] }>(
      '/api/paths?definition=loan&by=event&steps=5',
    );
    const table = page.getByRole('region', { name: 'Paths, as a table' }).locator('table');
    await table.getByText('Offer Asked').first().waitFor();
    await page.getByRole('region', { name: 'Paths, drawn' }).locator('svg').waitFor();
    const rows = await rowsOf(table);
    expect(rows.map((row) => [row[0], Number.parseInt(row[2]!, 10)])).toEqual(
      paths.top.map(({ steps, journeys, goesOn }) => [steps.join(' → ') + (goesOn ? ' → more steps' : ''), journeys]),
    );
    const file = await mainCsv();
    expect(file.map((row) => [row[0], row[1], row[2]])).toEqual(
      paths.top.map(({ steps, end, journeys, goesOn }) => [
        steps.join(' > ') + (goesOn ? ' > …' : ''),
        end,
        String(journeys),
      ]),
    );
  });

  it('attribution says that credit is no effect, and shows and saves every model', async () => {
    await open('Attribution', 'Attribution');
    const { models } = await ask<{ models: Record<string, Record<string, number>> }>(
      '/api/attribution?definition=loan',
    );
    await page.getByText('Credit, not effect.').waitFor();
    const table = page.getByRole('region', { name: 'Credit by channel and model' }).locator('table');
    await table.waitFor();
    const names = await table.locator('thead th').count();
    expect(names).toBe(1 + Object.keys(models).length);
    const file = await mainCsv();
    const rows = await rowsOf(table);
    expect(rows.map((row) => row[0])).toEqual(file.map((row) => row[0]));
    expect(file.length).toBeGreaterThanOrEqual(2);
    for (const [channel, ...credits] of file) {
      const known = ['first', 'last', 'linear', 'position', 'timeDecay', 'markov', 'shapley'].map(
        (model) => models[model]![channel!] ?? 0,
      );
      expect(credits.map(Number).sort()).toEqual(known.sort());
      const row = rows.find((one) => one[0] === channel)!;
      expect(row.slice(1).map((cell) => Number.parseFloat(cell))).toEqual(
        credits.map((credit) => Number(Number(credit).toFixed(1))),
      );
    }
  });

  it('metrics are cards, weeks a chart with a table twin; both are saved as the API has them', async () => {
    await open('Metrics', 'Metrics');
    const { metrics, weeks } = await ask<{
      metrics: Record<string, { value: number | null; of: number }>;
      weeks: { week: string; began: number; won: number; lost: number }[];
    }>('/api/metrics?definition=loan');
    await page.locator('.figure-cards article').first().waitFor();
    const file = await mainCsv();
    expect(file.map((row) => [row[1], row[2]]).sort()).toEqual(
      Object.values(metrics)
        .map(({ value, of }) => [text(value), text(of)])
        .sort(),
    );
    await page.getByText('The same as a table').click();
    const rows = await rowsOf(page.locator('details.more table.sheet'));
    expect(rows.map((row) => row.slice(1))).toEqual(
      weeks.map(({ began, won, lost }) => [began, won, lost].map(String)),
    );
    const weeksFile = await csv(page.locator('details.more').getByRole('button', { name: 'Download CSV' }).first());
    expect(weeksFile).toEqual(weeks.map(({ week, began, won, lost }) => [week, began, won, lost].map(String)));
  });

  it('moves nothing for whoever asked for less motion', async () => {
    for (const name of ['Board', 'Map', 'Funnel', 'Paths', 'Operations']) {
      await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
      await page.locator('main h1').waitFor();
      expect(await page.evaluate<number>('document.getAnimations().length'), name).toBe(0);
    }
  });

  it('caused no error in the browser', () => {
    expect(faults).toEqual([]);
  });
});

/** RFC 4180. */
function parseCsv(file: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of file.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)!.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === '') break;
    if (end !== ',') rows.push([]);
  }
  return rows;
}
