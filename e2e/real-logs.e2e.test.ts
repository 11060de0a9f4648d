/** Two real event logs (their README says whose), imported as a user would. Needs ../shared/data beside the project; without it the tests are skipped, and fail in CI. */
import { execFile } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';
import { compareLoanFigures, compareReplayedAttribution } from './loan-figures.ts';

const root = join(import.meta.dirname, '..');
const data = join(root, '../shared/data');
const there = existsSync(data);
if (!there && process.env.CI !== 'true') console.warn('SKIPPED: the real event logs are not in ../shared/data');

const LOGS = [
  {
    name: 'loan-funnel',
    through: 'POST /v1/import',
    events: 129_998,
    subjects: 6_543,
    unit: 'person',
    outcomes: { won: 1_152, lost: 3_925 + 1_466 },
  },
  {
    name: 'helpdesk',
    through: 'cairn import',
    events: 21_348,
    subjects: 397,
    unit: 'account',
    outcomes: { won: 0, lost: 0 },
  },
] as const;

describe.skipIf(!there && process.env.CI !== 'true')('real event logs', () => {
  for (const log of LOGS)
    describe(log.name, () => {
      let product: Product;
      beforeAll(async () => {
        expect(there, 'CI has ../shared/data').toBe(true);
        product = await startProduct({
          env: { CAIRN_DEFINITION: join(root, 'examples', log.name, 'definition.yaml') },
        });
      });
      afterAll(async () => {
        await product?.dispose();
      });

      it(`comes in through ${log.through}, streamed, every row of it`, async () => {
        const counts =
          log.through === 'cairn import'
            ? await importByCommand(product, log.name)
            : await importByPost(product, log.name);
        expect(counts).toMatchObject({ read: log.events, admitted: log.events, refused: 0, duplicate: 0 });
      });

      it('is on the board, with every touchpoint counted once and the outcomes of the log', async () => {
        const journeys = await eventually(
          `${log.name} advanced`,
          async () => {
            // Listing thousands of journeys costs the process that is to advance them: only once it has read on.
            if ((await behind(product)) > 0) return null;
            const own = (await journeysOf(product, log.name)).filter((journey) => journey.unit === log.unit);
            const counted = own.reduce((sum, journey) => sum + journey.touchpoints, 0);
            expect(counted, 'no touchpoint is counted twice').toBeLessThanOrEqual(log.events);
            return counted === log.events ? own : null;
          },
          280_000,
        );
        expect(journeys.length).toBe(log.subjects);
        const count = (status: string): number => journeys.filter((journey) => journey.status === status).length;
        expect({ won: count('won'), lost: count('lost') }).toEqual(log.outcomes);
      });

      it.runIf(log.name === 'loan-funnel')(
        'shows a map, a funnel, paths and attribution with the figures that an independent script finds',
        async () => {
          const ask = (path: string): Promise<{ status: number; body: unknown }> => product.api('GET', path);
          let asked = 0;
          await eventually(
            'the history has every touchpoint',
            async () => {
              // Another beginning each time: an answer is kept for up to a minute, the longer the slower the machine.
              const from = new Date(asked++).toISOString();
              const { body } = (await ask(`/api/map?definition=loan-funnel&from=${from}`)) as {
                body: { totals?: { touches: number } };
              };
              return body.totals?.touches === log.events ? true : null;
            },
            120_000,
          );
          await compareLoanFigures(join(data, log.name, 'events.csv.gz'), ask);
        },
      );

      it.runIf(log.name === 'loan-funnel')(
        'is credited to channels by a replay as by the independent script (a sixth of the cases)',
        async () => {
          const folder = mkdtempSync(join(tmpdir(), 'cairn-loans-'));
          const file = join(folder, 'events.csv.gz');
          const [head, ...lines] = gunzipSync(readFileSync(join(data, log.name, 'events.csv.gz')))
            .toString('utf8')
            .trim()
            .split(/\r?\n/);
          const some = lines.filter((line) => Number(line.slice(0, line.indexOf(','))) % 6 === 0);
          expect(some.length).toBeGreaterThan(10_000);
          writeFileSync(file, gzipSync(`${[head, ...some].join('\n')}\n`));
          writeFileSync(join(folder, 'mapping.jsonata'), mappingWithChannel(log.name));
          await promisify(execFile)(process.execPath, [
            ...[join(root, 'packages/cli/src/main.ts'), 'replay', file, '--out', join(folder, 'out')],
            ...['--definition', join(root, 'examples', log.name, 'definition.yaml')],
            ...['--mapping', join(folder, 'mapping.jsonata')],
          ]);
          compareReplayedAttribution(
            file,
            JSON.parse(readFileSync(join(folder, 'out/attribution.json'), 'utf8')) as never,
          );
          rmSync(folder, { recursive: true, force: true });
        },
      );
    });
});

interface JourneyRow {
  status: string;
  touchpoints: number;
  unit: string;
}

async function journeysOf(product: Product, definition: string): Promise<JourneyRow[]> {
  const items: JourneyRow[] = [];
  for (let cursor: string | null = null; ;) {
    const { body }: { body: { items: JourneyRow[]; next: string | null } } = await product.api(
      'GET',
      `/api/journeys?definition=${definition}&limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    items.push(...body.items);
    cursor = body.next;
    if (!cursor) return items.filter((item) => item.status !== 'absorbed');
  }
}

/** Records that the tasks have not handled, by the product's own metrics; asked at most twice a second. */
async function behind(product: Product): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 500));
  const text = await (await fetch(`${product.first.url}/metrics`)).text();
  return [...text.matchAll(/^cairn_lag_records\{.*\} (\d+)/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** The log knows no channels; that of whoever acted stands for them, so that attribution has something to share out. */
function mappingWithChannel(name: string): string {
  return readFileSync(join(root, 'examples', name, 'mapping.jsonata'), 'utf8').replace(
    '"resource": resource,',
    '"resource": resource, "channel": $substring(activity, 0, 1),',
  );
}

async function importByPost(product: Product, name: string): Promise<unknown> {
  const mapping = mappingWithChannel(name);
  const response = await fetch(
    `${product.first.url}/v1/import?format=csv&source=${name}&mapping=${encodeURIComponent(mapping)}`,
    {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${product.first.writeKey}:`)}`,
        'content-encoding': 'gzip',
        'content-type': 'text/csv',
      },
      body: Readable.toWeb(createReadStream(join(data, name, 'events.csv.gz'))) as ReadableStream,
      duplex: 'half',
    } as RequestInit,
  );
  expect(response.status).toBe(200);
  return response.json();
}

async function importByCommand(product: Product, name: string): Promise<unknown> {
  const { url, writeKey } = product.first;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(root, 'packages/cli/src/main.ts'),
      'import',
      join(data, name, 'events.csv.gz'),
      ...['--format', 'csv', '--mapping', join(root, 'examples', name, 'mapping.jsonata')],
      ...['--url', url, '--write-key', writeKey, '--json'],
    ],
    { cwd: root },
  );
  return JSON.parse(stdout) as unknown;
}
