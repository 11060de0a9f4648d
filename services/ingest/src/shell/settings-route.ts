import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerFault, answerJson, type Fault } from './answer.ts';
import type { WriteKeys } from './write-key.ts';

/** `GET /v1/projects/:writeKey/settings`: what a browser SDK asks first (its `cdnURL`), so that it then sends its calls here. */
const PATH = /^\/v1\/projects\/([^/]+)\/settings$/;

export const isSettingsPath = (path: string): boolean => PATH.test(path);

export function createSettingsRoute(
  keys: WriteKeys,
): (path: string, request: IncomingMessage, response: ServerResponse) => void {
  return function handleSettings(path, request, response) {
    const writeKey = decoded(PATH.exec(path)?.[1] ?? '');
    if (writeKey === null || keys.ofKey(writeKey) === null) return answerFault(response, UNKNOWN_KEY);
    const forwarded = request.headers['x-forwarded-proto'];
    const protocol = forwarded === 'https' ? 'https' : 'http';
    const apiHost = `${request.headers.host ?? 'localhost'}/v1`;
    answerJson(response, 200, {
      integrations: { 'Segment.io': { apiKey: writeKey, apiHost, protocol, unbundledIntegrations: [] } },
      // The SDK's measurements of itself are for its maker; they have nowhere to go here.
      metrics: { sampleRate: 0 },
      plan: {},
      edgeFunction: {},
      remotePlugins: [],
    });
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

const UNKNOWN_KEY: Fault = { status: 404, code: 'not-found', message: 'no such write key' };
