/** Two real event logs (their README says whose), imported as a user would. Needs ../shared/data beside the project; without it the tests are skipped, and fail in CI. */
import { execFile } from 'node:child_process';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';

const root = join(import.meta.dirname, '..');
const data = join(root, '../shared/data');
const there = existsSync(data);
if (!there && process.env.CI !== 'true') console.warn('SKIPPED: the real event logs are not in ../shared/data');

const LOGS = [
  { name: 'loan-funnel', events: 129_998, subjects: 6_543, unit: 'person' },
  { name: 'helpdesk', events: 21_348, subjects: 397, unit: 'account' },
] as const;

describe.skipIf(!there && process.env.CI !== 'true')('real event logs', () => {
  let product: Product;
  beforeAll(async () => {
    expect(there, 'CI has ../shared/data').toBe(true);
    product = await startProduct();
    for (const { name } of LOGS) {
      const published = await product.api(
        'POST',
        '/api/definitions',
        readFileSync(join(root, 'examples', name, 'definition.yaml'), 'utf8'),
      );
      expect(published.status, JSON.stringify(published.body)).toBeLessThan(300);
    }
  });
  afterAll(async () => {
    await product?.dispose();
  });

  async function journeysOf(
    definition: string,
  ): Promise<{ id: string; status: string; stage: string; touchpoints: number; unit: string }[]> {
    const items: { id: string; status: string; stage: string; touchpoints: number; unit: string }[] = [];
    for (let cursor: string | null = null; ;) {
      const { body }: { body: { items: typeof items; next: string | null } } = await product.api(
        'GET',
        `/api/journeys?definition=${definition}&limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
      );
      items.push(...body.items);
      cursor = body.next;
      // A journey that changed while the pages were read may be on two of them.
      const byId = new Map(items.map((item) => [item.id, item]));
      if (!cursor) return [...byId.values()].filter((item) => item.status !== 'absorbed');
    }
  }

  /** Records that the tasks have not handled, by the product's own metrics; asked at most twice a second. */
  async function behind(): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const text = await (await fetch(`${product.first.url}/metrics`)).text();
    return [...text.matchAll(/^cairn_lag_records\{.*\} (\d+)/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  it('come in through POST /v1/import, streamed', async () => {
    const mapping = readFileSync(join(root, 'examples/loan-funnel/mapping.jsonata'), 'utf8');
    const response = await fetch(
      `${product.first.url}/v1/import?format=csv&source=loan-funnel&mapping=${encodeURIComponent(mapping)}`,
      {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa(`${product.first.writeKey}:`)}`,
          'content-encoding': 'gzip',
          'content-type': 'text/csv',
        },
        body: Readable.toWeb(createReadStream(join(data, 'loan-funnel/events.csv.gz'))) as ReadableStream,
        duplex: 'half',
      } as RequestInit,
    );
    expect(response.status).toBe(200);
    const [log] = LOGS;
    expect(await response.json()).toEqual({
      read: log.events,
      admitted: log.events,
      refused: 0,
      duplicate: 0,
      skipped: 0,
    });
  });

  it('come in through cairn import', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        join(root, 'packages/cli/src/main.ts'),
        'import',
        join(data, 'helpdesk/events.csv.gz'),
        '--format',
        'csv',
        '--mapping',
        join(root, 'examples/helpdesk/mapping.jsonata'),
        '--url',
        product.first.url,
        '--write-key',
        product.first.writeKey,
        '--json',
      ],
      { cwd: root },
    );
    expect(JSON.parse(stdout)).toEqual({ read: 21_348, admitted: 21_348, refused: 0, duplicate: 0, skipped: 0 });
  });

  it('are journeys on the board, with every touchpoint counted once and the outcomes of the log', async () => {
    for (const { name, events, subjects, unit } of LOGS) {
      const journeys = await eventually(
        `${name} advanced`,
        async () => {
          // Listing thousands of journeys costs the process that is to advance them: only once it has read on.
          if ((await behind()) > 0) return null;
          const found = await journeysOf(name);
          const own = found.filter((journey) => journey.unit === unit);
          const counted = own.reduce((sum, journey) => sum + journey.touchpoints, 0);
          expect(counted, 'no touchpoint is counted twice').toBeLessThanOrEqual(events);
          return counted === events ? own : null;
        },
        400_000,
      );
      if (name === 'loan-funnel') {
        expect(journeys.length).toBe(subjects);
        const count = (status: string): number => journeys.filter((journey) => journey.status === status).length;
        expect(count('won')).toBe(1_152);
        expect(count('lost')).toBe(3_925 + 1_466);
      } else expect(journeys.length).toBe(subjects);
    }
  }, 600_000);
});
