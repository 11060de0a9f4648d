import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startSpan, startTelemetry, traceparentOf, tracing } from './telemetry.ts';

it('costs nothing and says nothing while it is off', async () => {
  const stop = await startTelemetry({ endpoint: null, service: 'x' });
  const span = startSpan('a', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  span.set('n', 1);
  span.end();
  expect(traceparentOf(span)).toBeUndefined();
  expect(tracing()).toBe(false);
  expect(startSpan('b')).toBe(span);
  await stop();
});

it('sends spans that follow one another from hop to hop', async () => {
  const bodies: Buffer[] = [];
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat([Buffer.from(`${request.url} `), ...chunks]));
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const stop = await startTelemetry({ endpoint: `http://127.0.0.1:${port}/`, service: 'cairn-test' });

  const first = startSpan('ingest.admit', 'not a traceparent');
  const second = startSpan('stitch', traceparentOf(first));
  second.end(new Error('broken'));
  first.end();
  const [, trace] = traceparentOf(first)!.split('-');
  expect(traceparentOf(second)).toContain(trace);
  expect(traceparentOf(second)).not.toBe(traceparentOf(first));
  await stop();
  expect(tracing()).toBe(false);
  collector.close();
  const sent = Buffer.concat(bodies).toString();
  for (const part of ['/v1/traces', 'ingest.admit', 'stitch', 'broken', 'cairn-test']) expect(sent).toContain(part);
});
