/** How the command line finds and speaks to a running Cairn. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WrongUse } from './wrong-use.ts';

export interface FirstRun {
  url: string;
  dashboardUrl: string;
  workspace: string;
  writeKey: string;
  adminToken: string;
}

export interface ApiOptions {
  url?: string;
  token?: string;
  dataDir?: string;
}

/** What the first start wrote; null when there is none. */
export function readFirstRun(dataDir = process.env.CAIRN_DATA_DIR ?? './data'): FirstRun | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'first-run.json'), 'utf8')) as FirstRun;
  } catch {
    return null;
  }
}

/** Where the API is and with which token, by the options, the environment, or what the first start wrote. */
export function apiTarget(options: ApiOptions): { url: string; token: string } {
  const first = readFirstRun(options.dataDir);
  const url = options.url ?? process.env.CAIRN_URL ?? first?.url ?? 'http://127.0.0.1:8080';
  const token = options.token ?? process.env.CAIRN_TOKEN ?? first?.adminToken;
  if (!URL.canParse(url)) throw new WrongUse(`${url} is no address`);
  if (!token) throw new WrongUse('no token: give --token, set CAIRN_TOKEN, or run where the data directory is');
  return { url, token };
}

/** Calls the API with the admin token of the data directory unless told otherwise; a refusal throws with the answer's own words. */
export async function callApi<T>(options: ApiOptions, method: string, path: string, body?: unknown): Promise<T> {
  const { url, token } = apiTarget(options);
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: Error) => {
    throw new Error(`${url} does not answer (${(error.cause as Error | undefined)?.message ?? error.message})`);
  });
  const text = await response.text();
  const parsed = text ? (JSON.parse(text) as unknown) : null;
  if (!response.ok) {
    const problem = parsed as { title?: string; detail?: string } | null;
    throw new Error(
      `${response.status} ${problem?.title ?? response.statusText}${problem?.detail ? `: ${problem.detail}` : ''}`,
    );
  }
  return parsed as T;
}
