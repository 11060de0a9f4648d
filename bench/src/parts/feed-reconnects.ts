import { journeyIdOf } from '@cairn/live-feed/testkit/facts.ts';
import { WebSocket } from 'ws';

/**
 * Readers of journeys that are cut all at once and come back with their cursors, a process of its own. Each counts what it missed and what
 * it heard twice, by the journeys' own `seq`.
 */
export interface ReconnectsOptions {
  port: number;
  readers: number;
  journeys: number;
}
export interface ReconnectsReport {
  heard: number;
  lost: number;
  doubled: number;
  recovered: number;
  snapshots: number;
  reconnectMs: number;
}

const AT_ONCE = 200;

interface Reader {
  channel: string;
  ws: WebSocket | null;
  cursor: string | null;
  seq: number;
}
interface Message {
  id?: number;
  result?: { cursor: string; recovered?: boolean; missed?: Push[]; snapshot?: { seq: number }[] };
  cursor?: string;
  type?: string;
  data?: { seq?: number };
}
type Push = Pick<Message, 'cursor' | 'type' | 'data'>;

const report: ReconnectsReport = { heard: 0, lost: 0, doubled: 0, recovered: 0, snapshots: 0, reconnectMs: 0 };
let readers: Reader[] = [];
let port = 0;

function take(reader: Reader, { cursor, type, data }: Push): void {
  reader.cursor = cursor ?? reader.cursor;
  if (type !== 'journey.changed' || data?.seq === undefined) return;
  report.heard++;
  if (data.seq <= reader.seq) report.doubled++;
  else report.lost += data.seq - reader.seq - 1;
  reader.seq = Math.max(reader.seq, data.seq);
}

function open(reader: Reader): Promise<void> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/live`, ['cairn.v1', 'bearer.bench'], { perMessageDeflate: false });
    reader.ws = ws;
    ws.on('error', reject);
    ws.on('open', () => {
      const params = { channel: reader.channel, ...(reader.cursor ? { cursor: reader.cursor } : {}) };
      ws.send(JSON.stringify({ id: 1, method: 'subscribe', params }));
    });
    ws.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\n')) {
        const message = JSON.parse(line) as Message;
        if (message.id === undefined) {
          take(reader, message);
          continue;
        }
        const { result } = message;
        if (!result) return reject(new Error(line));
        if (result.recovered) {
          report.recovered++;
          for (const push of result.missed ?? []) take(reader, push);
        } else {
          report.snapshots++;
          const now = result.snapshot?.[0]?.seq ?? 0;
          // The first one is where counting begins; a later one is changes that were never told one by one.
          if (reader.cursor !== null) report.lost += Math.max(0, now - reader.seq);
          reader.seq = now;
        }
        reader.cursor = result.cursor;
        resolve();
      }
    });
  });
}

async function openAll(): Promise<void> {
  for (let from = 0; from < readers.length; from += AT_ONCE)
    await Promise.all(readers.slice(from, from + AT_ONCE).map(open));
}

process.on('message', (asked: ReconnectsOptions | 'cut' | 'report') => {
  if (asked === 'report') return void process.send!(report);
  if (asked === 'cut') {
    const from = performance.now();
    for (const reader of readers) reader.ws?.terminate();
    return void openAll().then(() => {
      report.reconnectMs = Math.round(performance.now() - from);
      process.send!({ back: readers.length });
    });
  }
  port = asked.port;
  readers = Array.from({ length: asked.readers }, (_, n) => ({
    channel: `journey:${journeyIdOf('bench', `acc_${n % asked.journeys}`)}`,
    ws: null,
    cursor: null,
    seq: 0,
  }));
  void openAll().then(() => process.send!({ connected: readers.length }));
});
