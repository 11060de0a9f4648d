/**
 * The dashboard's built files. Read once into memory at the start (they are small and never change while a process runs), so that no path of a request ever
 * reaches the file system. Pages of the app (`/alerts`, `/journeys/…`) all get `index.html`.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { sendProblem } from '@cairn/service-kit/problem.ts';

export interface StaticFiles {
  claims(method: string, path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse, path: string): void;
}

interface StaticFile {
  bytes: Buffer;
  type: string;
  etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json',
};
/** What others answer; never a page of the app. */
const NOT_A_PAGE = /^\/(api|v1|live|healthz|readyz|metrics|login|logout)(\/|$)/;
/** Only our own scripts, and sockets to where the page came from. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'self'",
].join('; ');

export async function createStaticFiles(folder: string): Promise<StaticFiles> {
  const files = await readFolder(folder);
  const index = files.get('/index.html') ?? missingIndex();

  return {
    claims: (method, path) => (method === 'GET' || method === 'HEAD') && (files.has(path) || isPage(path)),
    handle(request, response, path) {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        if (path !== '/' && !files.has(path)) return sendProblem(response, NO_SUCH_PATH);
        response.setHeader('allow', 'GET, HEAD');
        return sendProblem(response, NOT_ALLOWED);
      }
      const named = path === '/index.html' ? undefined : files.get(path);
      const file = named ?? index;
      // Vite puts a hash of the content into the names of what lies in /assets.
      const immutable = named !== undefined && path.startsWith('/assets/');
      response.setHeader('etag', file.etag);
      response.setHeader('cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
      response.setHeader('x-content-type-options', 'nosniff');
      response.setHeader('referrer-policy', 'no-referrer');
      response.setHeader('content-security-policy', POLICY);
      response.setHeader('content-type', file.type);
      if (request.headers['if-none-match'] === file.etag) {
        response.statusCode = 304;
        return void response.end();
      }
      response.setHeader('content-length', file.bytes.length);
      response.end(request.method === 'HEAD' ? undefined : file.bytes);
    },
  };
}

const NO_SUCH_PATH = { status: 404, code: 'not-found', title: 'No such path' } as const;
const NOT_ALLOWED = { status: 405, code: 'method-not-allowed', title: 'Pages take GET and HEAD' } as const;

/** A path without an extension that nobody else answers. */
const isPage = (path: string): boolean => !NOT_A_PAGE.test(path) && extname(path) === '';

async function readFolder(folder: string): Promise<Map<string, StaticFile>> {
  const files = new Map<string, StaticFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`/${relative(folder, path).split(sep).join('/')}`, staticFile(await readFile(path), extname(path)));
  }
  return files;
}

function staticFile(bytes: Buffer, extension: string): StaticFile {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { bytes, type: TYPES[extension] ?? 'application/octet-stream', etag };
}

/** The dashboard has not been built here: say so, and what still works. */
function missingIndex(): StaticFile {
  const text = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Cairn</title>
<h1>Cairn is running</h1><p>The dashboard has not been built: <code>npm run build --workspace @cairn/dashboard</code>, then start again.</p>
<p>The API answers under <code>/api/journeys</code> and <code>/api/alerts</code>, the live feed under <code>/live</code>.</p></html>`;
  return staticFile(Buffer.from(text), '.html');
}
