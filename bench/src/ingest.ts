import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadOptions, LoadResult } from './parts/ingest-load.ts';

/**
 * Accepted (durably appended) touchpoints per second, beside a bare `node:http` server that only parses the same JSON, in the same
 * run. Server and load generator are processes of their own. Prints one line of JSON.
 * `node bench/src/ingest.ts [lmdb|none]`: on the LMDB log, or with appends that do nothing (what HTTP and admitting cost alone).
 */
const SHAPES = {
  batchesOf100: { path: '/v1/batch', connections: 16, items: 100 },
  singlePosts: { path: '/v1/track', connections: 64, items: 1 },
} as const;
const WARM_UP_MS = 2_000;
const MEASURE_MS = 4_000;
/** The machine is shared: the middle one of three ratios is shown, with its own figures. */
const ROUNDS = 3;

type Shape = keyof typeof SHAPES;

export interface IngestFigures {
  bench: 'ingest';
  log: string;
  shapes: Record<Shape, { bare: Figure; ingest: Figure; ratio: number }>;
}
interface Figure {
  perSecond: number;
  /** Of the server's process, all threads: what a busy machine does not distort. */
  cpuMicrosPerItem: number;
  failed: number;
  p50Ms: number;
  p99Ms: number;
}

export async function measureIngest(log = 'lmdb'): Promise<IngestFigures> {
  const shapes = {} as IngestFigures['shapes'];
  for (const shape of Object.keys(SHAPES) as Shape[]) {
    const rounds: { bare: Figure; ingest: Figure }[] = [];
    for (let i = 0; i < ROUNDS; i++)
      rounds.push({ bare: await measure(['bare'], shape), ingest: await measure(['ingest', log], shape) });
    const { bare, ingest } = rounds.sort((a, b) => ratioOf(a) - ratioOf(b))[Math.floor(ROUNDS / 2)]!;
    shapes[shape] = { bare, ingest, ratio: Number(ratioOf({ bare, ingest }).toFixed(3)) };
  }
  return { bench: 'ingest', log, shapes };
}

const ratioOf = ({ bare, ingest }: { bare: Figure; ingest: Figure }): number => ingest.perSecond / bare.perSecond;

/** `['bare']`: only parses; `['ingest', log]`. */
export async function measure(server: string[], shape: Shape): Promise<Figure> {
  const serving = start('./parts/ingest-server.ts', server);
  const [{ port }] = (await once(serving, 'message')) as [{ port: number }];
  const loading = start('./parts/ingest-load.ts', []);
  serving.send('reset');
  loading.send({ port, ...SHAPES[shape], warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS } satisfies LoadOptions);
  const [result] = (await once(loading, 'message')) as [LoadResult];
  serving.send('cpu');
  const [{ cpuMicros }] = (await once(serving, 'message')) as [{ cpuMicros: number }];
  const exited = once(serving, 'exit');
  // Ours takes its directory with it when it is let go; the bare one has nothing to clean.
  if (server[0] === 'bare') serving.kill();
  else serving.disconnect();
  await exited;
  const { failed, p50Ms, p99Ms, total } = result;
  const cpuMicrosPerItem = Number((cpuMicros / total).toFixed(2));
  return { perSecond: Math.round(result.items / result.seconds), cpuMicrosPerItem, failed, p50Ms, p99Ms };
}

function start(file: string, args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(await measureIngest(process.argv[2] ?? 'lmdb')));
