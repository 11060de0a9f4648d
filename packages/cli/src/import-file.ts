import type { Readable } from 'node:stream';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** Streams a file to `POST /v1/import`: never holds more of it than a socket does. */
export interface ImportRequest {
  url: string;
  writeKey: string;
  format: 'jsonl' | 'csv';
  source: string;
  /** JSONata text. */
  mapping: string | null;
  body: Readable;
  /** The bytes of `body` are gzip already. */
  gzip: boolean;
  /** Told of each chunk that was handed to the socket. */
  onBytes?(bytes: number): void;
}

export interface ImportCounts {
  read: number;
  admitted: number;
  refused: number;
  duplicate: number;
  skipped?: number;
}

/** The import was refused or broke off; `counts` says how far it came, where the server told. */
export class ImportFailed extends Error {
  override name = 'ImportFailed';
  readonly counts: ImportCounts | null;
  constructor(message: string, counts: ImportCounts | null) {
    super(message);
    this.counts = counts;
  }
}

export async function sendImport(options: ImportRequest): Promise<ImportCounts> {
  const { status, text } = await upload(options);
  const answer = parse(text);
  if (status === 200 && answer) return answer as unknown as ImportCounts;
  const counts = typeof answer?.read === 'number' ? (answer as unknown as ImportCounts) : null;
  const said = typeof answer?.message === 'string' ? answer.message : text.slice(0, 200);
  throw new ImportFailed(`${options.url} answered ${status}: ${said}`, counts);
}

function upload(options: ImportRequest): Promise<{ status: number; text: string }> {
  const { body, writeKey, gzip, mapping } = options;
  const target = new URL('/v1/import', options.url);
  target.search = new URLSearchParams({
    format: options.format,
    source: options.source,
    ...(mapping === null ? {} : { mapping }),
  }).toString();
  return new Promise((resolve, reject) => {
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    let answering = false;
    const request = send(target, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
        'content-type': options.format === 'csv' ? 'text/csv' : 'application/x-ndjson',
        ...(gzip ? { 'content-encoding': 'gzip' } : {}),
      },
    });
    request.on('response', (response) => {
      answering = true;
      // An early answer is a refusal: the rest of the file need not be read.
      body.unpipe(request);
      body.destroy();
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        request.destroy();
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (answering) return;
      body.destroy();
      const why = error.message || error.code || 'no answer';
      reject(new ImportFailed(`${options.url} does not answer (${why})`, null));
    });
    body.on('data', (chunk: Buffer) => options.onBytes?.(chunk.length));
    body.on('error', (error) => {
      reject(error);
      request.destroy();
    });
    body.pipe(request);
  });
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
