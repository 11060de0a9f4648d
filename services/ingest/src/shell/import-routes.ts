import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGunzip } from 'node:zlib';
import type { Ports } from '@cairn/service-kit/service.ts';
import { answerEarly, answerJson, NO_SUCH_PATH, OVERLOADED, UNAUTHORISED, UNAVAILABLE, type Fault } from './answer.ts';
import type { AppendAdmitted } from './append-admitted.ts';
import { importRows, type ImportCounts } from './import-rows.ts';
import { compileMapping, MappingFault } from './mapping.ts';
import { RowsUnreadable, type RowFormat } from './read-rows.ts';
import { createRecords } from './records.ts';
import { createRowSource } from './row-source.ts';
import type { WriteKeys } from './write-key.ts';

/** `POST /v1/import?format=jsonl|csv&source=NAME&mapping=…`: history of any size, streamed in bounded memory; answers with counts. */
export interface ImportRoute {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Ends the imports that run; resolves when they have let go. */
  stop(): Promise<void>;
}

/** Each holds a process, a window of ids and some MB of rows. */
const IMPORTS_AT_ONCE = 4;
const SOURCE_CHARS_MAX = 200;
/** A client that sends nothing for so long is gone. */
const IDLE_MS_MAX = 60_000;
const IDLE_CHECK_MS = 5_000;

export function createImportRoute(deps: Ports & { keys: WriteKeys; appender: AppendAdmitted }): ImportRoute {
  const { clock, keys, logger, log, control } = deps;
  const admittedTotal = deps.metrics.counter('cairn_touchpoints_admitted_total', 'Touchpoints admitted');
  const refusedTotal = deps.metrics.counter('cairn_touchpoints_refused_total', 'Touchpoints refused', ['reason']);
  const running = new Map<Promise<void>, AbortController>();

  async function run(
    request: IncomingMessage,
    response: ServerResponse,
    workspace: string,
    options: ImportOptions,
    stopping: AbortController,
  ): Promise<void> {
    const counts: ImportCounts = { read: 0, admitted: 0, refused: 0, duplicate: 0, skipped: 0 };
    const body = unpacked(request);
    const rows = createRowSource(options.format, options.mapping, clock);
    const stopWatching = watchIdle(request, stopping);
    logger.info({ event: 'import.started', workspace, source: options.source, format: options.format });
    try {
      await importRows(
        {
          workspace,
          source: options.source,
          records: createRecords(log, workspace, control),
          appender: deps.appender,
          clock,
          onRefused: (reason) => refusedTotal.inc({ reason }),
          onAdmitted: (count) => admittedTotal.inc(count),
          signal: stopping.signal,
        },
        rows,
        body.chunks,
        counts,
      );
      logger.info({ event: 'import.finished', workspace, source: options.source, ...counts });
      answerJson(response, 200, counts);
    } catch (error) {
      logger.warn({ event: 'import.failed', workspace, source: options.source, ...counts, err: error });
      if (request.destroyed && !request.complete) response.destroy();
      else answerEarly(request, response, { ...faultOf(error), more: { ...counts } }, clock);
    } finally {
      stopWatching();
      body.close();
      await rows.close();
    }
  }

  function watchIdle(request: IncomingMessage, stopping: AbortController): () => void {
    let bytes = 0;
    let since = clock.monotonic();
    request.on('close', () => {
      if (!request.complete) stopping.abort(new Error('the client went away'));
    });
    return clock.every(IDLE_CHECK_MS, () => {
      const now = clock.monotonic();
      const read = request.socket.bytesRead;
      // While we do the waiting (backpressure), the client is not idle.
      if (read !== bytes || request.isPaused() || request.complete || request.readableLength > 0) {
        bytes = read;
        since = now;
      } else if (now - since > IDLE_MS_MAX) request.destroy();
    });
  }

  return {
    handle(request, response) {
      const workspace = keys.ofHeader(request);
      if (!workspace) return answerEarly(request, response, UNAUTHORISED, clock);
      if (running.size >= IMPORTS_AT_ONCE) return answerEarly(request, response, OVERLOADED, clock);
      const options = readOptions(request, (name) =>
        control.sources(workspace).find((source) => source.name === name || source.id === name),
      );
      if ('code' in options) return answerEarly(request, response, options, clock);
      const stopping = new AbortController();
      const done = run(request, response, workspace, options, stopping).finally(() => running.delete(done));
      running.set(done, stopping);
    },
    async stop() {
      for (const stopping of running.values()) stopping.abort(new Error('the service stops'));
      await Promise.allSettled(running.keys());
    },
  };
}

interface ImportOptions {
  format: RowFormat;
  source: string;
  mapping: string | null;
}

function readOptions(
  request: IncomingMessage,
  saved: (name: string) => { mapping: string } | undefined,
): ImportOptions | Fault {
  const url = URL.parse(request.url ?? '', 'http://localhost');
  if (!url) return NO_SUCH_PATH;
  const format = url.searchParams.get('format');
  const source = url.searchParams.get('source') ?? 'import';
  const mapping = url.searchParams.get('mapping') || (saved(source)?.mapping ?? null);
  if (format !== 'jsonl' && format !== 'csv') return badRequest('bad-format', 'format must be jsonl or csv');
  if (source === '' || source.length > SOURCE_CHARS_MAX)
    return badRequest('bad-source', `source must have 1 to ${SOURCE_CHARS_MAX} characters`);
  if (format === 'csv' && mapping === null)
    return badRequest(
      'mapping-missing',
      'rows of CSV need a mapping: a JSONata expression that makes a touchpoint of a row',
    );
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (!['identity', 'gzip', 'x-gzip'].includes(encoding))
    return badRequest('bad-encoding', 'the body may be gzip or plain');
  try {
    if (mapping !== null) compileMapping(mapping);
  } catch (error) {
    if (error instanceof MappingFault)
      return badRequest('mapping-invalid', `the mapping is no JSONata: ${error.message}`);
    throw error;
  }
  return { format, source, mapping };
}

/** The body as chunks; what is not read stays in the socket (backpressure). Closing leaves the request open, for an answer. */
function unpacked(request: IncomingMessage): { chunks: AsyncIterable<Uint8Array>; close(): void } {
  if ((request.headers['content-encoding'] ?? 'identity') === 'identity')
    return { chunks: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>, close() {} };
  const gunzip = createGunzip();
  const onClose = (): void => {
    if (!request.complete) gunzip.destroy(new Error('the client went away'));
  };
  request.pipe(gunzip);
  request.once('close', onClose);
  return {
    chunks: gunzip,
    close() {
      request.off('close', onClose);
      request.unpipe(gunzip);
      gunzip.on('error', () => {});
      gunzip.destroy();
    },
  };
}

function faultOf(error: unknown): Fault {
  if (error instanceof RowsUnreadable) return badRequest('rows-unreadable', error.message);
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  if (code.startsWith('Z_')) return badRequest('malformed-gzip', 'the body is no gzip, or is cut off');
  return { ...UNAVAILABLE, message: 'the import stopped; what was admitted stays, send the same file again' };
}

const badRequest = (code: string, message: string): Fault => ({
  status: 400,
  code,
  message,
  more: { type: `https://cairn.dev/problems/${code}`, title: message, status: 400 },
});
