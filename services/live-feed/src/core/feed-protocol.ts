/**
 * The words of the live feed (API.md section 6): commands, replies, errors, close codes, limits. Parses what a client sent and
 * builds what it is told. Decides nothing about channels or data and never touches a socket.
 */

/** The WebSocket sub-protocol; a token may stand beside it as `bearer.<token>`. */
export const SUB_PROTOCOL = 'cairn.v1';
export const BEARER_PREFIX = 'bearer.';

export const LIMITS = {
  /** A command is a few hundred bytes; 64 KB leaves room for a large filter and no room for abuse. Over it the socket closes with 1009. */
  frameBytesMax: 64 * 1024,
  /** A page watches one board, the alerts and some dozens of journeys. */
  channelsPerConnection: 128,
  /** What may wait for one reader: at 2 KB a journey some 500 changes; whoever is further behind is better off with a snapshot. */
  unreadBytesMax: 1024 * 1024,
  authenticateWithinMs: 10_000,
  /** Below the 30 s after which common proxies cut an idle connection. */
  pingEveryMs: 25_000,
  pongWithinMs: 8_000,
  commandsBurst: 256,
  commandsPerSecond: 50,
  /** Commands answered with 111 before the connection is closed with 3013. */
  commandsRefusedMax: 32,
  /** Commands that wait for the ones before them. */
  commandsWaiting: 512,
  /** Messages that a resume always recovers. */
  missedMessages: 300,
  missedBytesMax: 1024 * 1024,
  tokenLengthMax: 1_024,
  channelLengthMax: 200,
  cursorLengthMax: 2_048,
} as const;

export const ERRORS = {
  internal: { code: 100, message: 'internal error', temporary: true },
  unauthorised: { code: 101, message: 'unauthorised', temporary: false },
  unknownChannel: { code: 102, message: 'unknown channel', temporary: false },
  permissionDenied: { code: 103, message: 'permission denied', temporary: false },
  unknownMethod: { code: 104, message: 'unknown method', temporary: false },
  alreadySubscribed: { code: 105, message: 'already subscribed', temporary: false },
  limitExceeded: { code: 106, message: 'limit exceeded', temporary: false },
  badRequest: { code: 107, message: 'bad request', temporary: false },
  tokenExpired: { code: 109, message: 'token expired', temporary: true },
  tooManyRequests: { code: 111, message: 'too many requests', temporary: true },
} as const;

export interface FeedError {
  code: number;
  message: string;
  temporary: boolean;
}

/** 3000–3499: come back; 3500–3999: do not. */
export const CLOSE = {
  shuttingDown: { code: 3001, reason: 'shutting down' },
  serverError: { code: 3004, reason: 'server error' },
  tokenExpired: { code: 3005, reason: 'token expired' },
  slow: { code: 3008, reason: 'slow' },
  noPong: { code: 3012, reason: 'no pong' },
  tooManyRequests: { code: 3013, reason: 'too many requests' },
  invalidToken: { code: 3500, reason: 'invalid token' },
  badRequest: { code: 3501, reason: 'bad request' },
  notAuthenticated: { code: 3502, reason: 'not authenticated in time' },
  permissionWithdrawn: { code: 3507, reason: 'permission withdrawn' },
  /** RFC 6455: data of a kind that is not understood. */
  unsupportedData: { code: 1003, reason: 'text frames only' },
} as const;

export interface Closing {
  code: number;
  reason: string;
}

export type Channel =
  { kind: 'journey'; name: string; id: string } | { kind: 'board' | 'alerts' | 'ops'; name: string };

export type Command =
  | { id: number; method: 'authenticate'; token: string }
  | { id: number; method: 'subscribe'; channel: string; cursor: string | null; filter: unknown }
  | { id: number; method: 'unsubscribe'; channel: string }
  | { id: number; method: 'refused'; error: FeedError };

export type Parsed = { commands: readonly Command[] } | { fault: Closing };

/** One message of the client: one or more JSON objects separated by newlines. What is no command at all is a fault that closes. */
export function parseCommands(text: string): Parsed {
  const commands: Command[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return { fault: CLOSE.badRequest };
    }
    if (!isObject(value)) return { fault: CLOSE.badRequest };
    const { id } = value;
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) return { fault: CLOSE.badRequest };
    commands.push(parseCommand(id, value));
  }
  return { commands };
}

function parseCommand(id: number, value: Record<string, unknown>): Command {
  const refused = (error: FeedError): Command => ({ id, method: 'refused', error });
  const { method, params = {} } = value;
  if (typeof method !== 'string') return refused(ERRORS.badRequest);
  if (method !== 'authenticate' && method !== 'subscribe' && method !== 'unsubscribe')
    return refused(ERRORS.unknownMethod);
  if (!isObject(params)) return refused(ERRORS.badRequest);
  if (method === 'authenticate') {
    const { token } = params;
    return isText(token, LIMITS.tokenLengthMax) ? { id, method, token } : refused(ERRORS.badRequest);
  }
  const { channel, cursor = null, filter = null } = params;
  if (typeof channel !== 'string' || channel === '') return refused(ERRORS.badRequest);
  if (channel.length > LIMITS.channelLengthMax) return refused(ERRORS.unknownChannel);
  if (method === 'unsubscribe') return { id, method, channel };
  if (cursor !== null && !isText(cursor, LIMITS.cursorLengthMax)) return refused(ERRORS.badRequest);
  return { id, method, channel, cursor, filter };
}

/** null: no channel has this name. */
export function parseChannel(name: string): Channel | null {
  if (name === 'board' || name === 'alerts' || name === 'ops') return { kind: name, name };
  const id = name.startsWith('journey:') ? name.slice('journey:'.length) : '';
  return id === '' || name.length > LIMITS.channelLengthMax ? null : { kind: 'journey', name, id };
}

/** `result` is JSON text already. */
export const replyText = (id: number, result: string): string => `{"id":${id},"result":${result}}`;
export const errorText = (id: number, error: FeedError): string => JSON.stringify({ id, error });

/** The tokens of `Sec-WebSocket-Protocol`: whether ours is offered, and the bearer token beside it. */
export function readSubProtocols(offered: Iterable<string>): { ours: boolean; any: boolean; token: string | null } {
  let ours = false;
  let any = false;
  let token: string | null = null;
  for (const protocol of offered) {
    any = true;
    if (protocol === SUB_PROTOCOL) ours = true;
    else if (protocol.startsWith(BEARER_PREFIX)) token = protocol.slice(BEARER_PREFIX.length);
  }
  return { ours, any, token };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, lengthMax: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= lengthMax;
}
