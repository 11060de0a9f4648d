/**
 * The client of Cairn's live feed, for browsers and Node (≥ 22). Keeps subscriptions across reconnects: resumes each from its cursor, so
 * that nothing is missed and nothing is applied twice, or says that a snapshot took its place. Runs on any object with the shape of
 * the browser's `WebSocket`. No dependencies.
 */
export type FeedState =
  /** Opening the first connection. */
  | 'connecting'
  /** Connected, every subscription up to date. */
  | 'live'
  /** Was live, the connection was lost, trying again. */
  | 'recovering'
  /** Recovering for longer than `staleAfterMs`: what is shown may be old. */
  | 'stale'
  /** Closed by `close()`, or by the server for good (see `reason`). */
  | 'closed';

/** A change as the server pushes it (API.md section 6). */
export interface FeedMessage {
  cursor: string;
  type: string;
  at: string;
  data: Record<string, unknown>;
}

export interface SubscriptionHandlers {
  /**
   * The whole current state: at the start, and whenever what was missed could not be recovered. Replaces what is known.
   * `truncated`: there are more items than a snapshot holds (2,000); the rest is to be paged through the read API.
   */
  onSnapshot?(items: Record<string, unknown>[], cursor: string, truncated: boolean): void;
  /** Each change once, in order. */
  onMessage?(message: FeedMessage): void;
  /** The server refused the subscription (unknown channel, permission). */
  onRefused?(error: { code: number; message: string }): void;
}

export interface FeedSubscription {
  readonly channel: string;
  /** Changes the filter: takes a new snapshot. */
  refilter(filter: Record<string, unknown> | undefined): void;
  /** Stops applying; what comes meanwhile is kept (at most 1,000, then a snapshot is taken) and applied by `resume`. */
  pause(): void;
  resume(): void;
  unsubscribe(): void;
}

export interface FeedClient {
  readonly state: FeedState;
  /** Why it is closed, once it is. */
  readonly reason: string | null;
  /** Epoch ms of the last message of any channel; null before the first. */
  readonly lastMessageAt: number | null;
  subscribe(channel: string, handlers: SubscriptionHandlers, filter?: Record<string, unknown>): FeedSubscription;
  onState(listener: (state: FeedState) => void): () => void;
  close(): void;
}

export interface FeedClientOptions {
  /** `ws://…/live` or `wss://…/live`. */
  url: string;
  /** Bearer token; absent in a browser that is logged in by cookie. A function is asked anew at each connection. */
  token?: string | (() => string | Promise<string>);
  /** Default 10 s. */
  staleAfterMs?: number;
  /** Upper bound of the wait between two tries; default 20 s. */
  maxRetryMs?: number;
  WebSocket?: new (url: string, protocols?: string[]) => WebSocketLike;
  random?: () => number;
}

/** The part of the browser's WebSocket that is used. */
export interface WebSocketLike {
  readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

const FIRST_RETRY_MS = 300;
const PAUSED_MAX = 1_000;

/** Journeys whose `seq` is remembered, of a subscription: a board of thousands; beyond it the cursor alone guards. */
const SEQS_MAX = 20_000;

interface Kept {
  /** id → the highest `seq` applied: a journey never moves back, whatever came twice or late. */
  seqs: Map<string, number>;
  channel: string;
  filter: Record<string, unknown> | undefined;
  handlers: SubscriptionHandlers;
  cursor: string | null;
  subscribed: boolean;
  paused: FeedMessage[] | null;
  overflowed: boolean;
}

interface Reply {
  id?: number;
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
  channel?: string;
}

export function createFeedClient(options: FeedClientOptions): FeedClient {
  const Socket = options.WebSocket ?? (globalThis.WebSocket as unknown as NonNullable<FeedClientOptions['WebSocket']>);
  const random = options.random ?? Math.random;
  const staleAfterMs = options.staleAfterMs ?? 10_000;
  const maxRetryMs = options.maxRetryMs ?? 20_000;
  const kept = new Map<string, Kept>();
  const waiting = new Map<number, (reply: Reply) => void>();
  /** Subscriptions whose reply has not come: until then what is shown may be old. */
  const unanswered = new Set<Kept>();
  const listeners = new Set<(state: FeedState) => void>();
  let socket: WebSocketLike | null = null;
  let state: FeedState = 'connecting';
  let reason: string | null = null;
  let lastMessageAt: number | null = null;
  let commands = 0;
  let tries = 0;
  let authenticated = false;
  /** A token is being fetched. */
  let connecting = false;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let staleTimer: ReturnType<typeof setTimeout> | undefined;

  function become(next: FeedState): void {
    if (state === next || state === 'closed') return;
    state = next;
    clearTimeout(staleTimer);
    if (next === 'recovering') staleTimer = setTimeout(() => become('stale'), staleAfterMs);
    for (const listener of listeners) listener(next);
  }

  function command(method: string, params: Record<string, unknown>, done: (reply: Reply) => void): void {
    const id = ++commands;
    waiting.set(id, done);
    socket?.send(JSON.stringify({ id, method, params }));
  }

  async function connect(): Promise<void> {
    let token: string | undefined;
    connecting = true;
    try {
      token = typeof options.token === 'function' ? await options.token() : options.token;
    } catch {
      connecting = false;
      return retry();
    }
    connecting = false;
    if (state === 'closed') return;
    const opened = new Socket(options.url, ['cairn.v1']);
    socket = opened;
    authenticated = false;
    opened.onopen = () => {
      if (!token) return ready();
      command('authenticate', { token }, (reply) => {
        // An expired token may be fresh at the next try, where it is asked for anew; the server closes with 3005.
        if (reply.error?.code === 109 && typeof options.token === 'function') return;
        if (reply.error) return end(reply.error.message);
        ready();
      });
    };
    opened.onmessage = (event) => {
      if (opened !== socket) return;
      lastMessageAt = Date.now();
      for (const line of String(event.data).split('\n')) if (line) receive(JSON.parse(line) as Reply);
    };
    opened.onerror = () => {};
    opened.onclose = (event) => {
      if (opened !== socket) return;
      socket = null;
      waiting.clear();
      unanswered.clear();
      for (const subscription of kept.values()) subscription.subscribed = false;
      // 3500–3999: the server asks not to come back; 1002, 1003, 1007–1009 are faults of ours that would only repeat.
      if (event.code >= 3500 && event.code < 4000) return end(event.reason || `closed with ${event.code}`);
      const hint = event.code === 3001 ? /in (\d{1,5}) ms/.exec(event.reason) : null;
      retry(hint && Number(hint[1]));
    };
  }

  function ready(): void {
    authenticated = true;
    tries = 0;
    for (const subscription of kept.values()) send(subscription);
    upToDate();
  }

  /** `spreadMs`: a server that shuts down says when each client is to come back. */
  function retry(spreadMs: number | null = null): void {
    if (state === 'closed') return;
    become(state === 'connecting' ? 'connecting' : state === 'stale' ? 'stale' : 'recovering');
    // Full jitter: a thousand clients of a restarted server spread over the whole wait.
    const waitMs = spreadMs ?? random() * Math.min(maxRetryMs, FIRST_RETRY_MS * 2 ** tries++);
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => void connect(), waitMs);
  }

  function end(why: string): void {
    reason = why;
    become('closed');
    clearTimeout(retryTimer);
    socket?.close(1000);
    socket = null;
  }

  function send(subscription: Kept): void {
    if (!socket || !authenticated) return;
    const { channel, filter, cursor } = subscription;
    subscription.subscribed = true;
    unanswered.add(subscription);
    command('subscribe', { channel, ...(filter ? { filter } : {}), ...(cursor ? { cursor } : {}) }, (reply) => {
      unanswered.delete(subscription);
      if (kept.get(channel) !== subscription) return upToDate();
      if (reply.error) {
        subscription.subscribed = false;
        if (reply.error.code === 107 && cursor) {
          subscription.cursor = null;
          return send(subscription);
        }
        subscription.handlers.onRefused?.(reply.error);
      } else {
        const result = reply.result as {
          cursor: string;
          recovered: boolean;
          snapshot?: Record<string, unknown>[];
          missed?: FeedMessage[];
          truncated?: boolean;
        };
        if (result.recovered) for (const message of result.missed ?? []) deliver(subscription, message);
        else {
          subscription.seqs.clear();
          // Shown once it goes on: a fresh one is taken then.
          subscription.overflowed = subscription.paused !== null;
          if (subscription.paused) subscription.paused = [];
          else subscription.handlers.onSnapshot?.(result.snapshot ?? [], result.cursor, result.truncated === true);
        }
        subscription.cursor = result.cursor;
      }
      upToDate();
    });
  }

  function upToDate(): void {
    if (unanswered.size === 0) become('live');
  }

  function deliver(subscription: Kept, message: FeedMessage): void {
    // `ops` has no positions: each of its messages stands for itself.
    if (subscription.channel !== 'ops' && message.cursor === subscription.cursor) return;
    subscription.cursor = message.cursor;
    if (isOld(subscription, message)) return;
    if (!subscription.paused) return subscription.handlers.onMessage?.(message);
    if (subscription.paused.length < PAUSED_MAX) subscription.paused.push(message);
    else {
      subscription.paused = [];
      subscription.overflowed = true;
    }
  }

  function isOld({ seqs }: Kept, { type, data }: FeedMessage): boolean {
    const { id, seq } = data as { id?: unknown; seq?: unknown };
    if (type !== 'journey.changed' || typeof id !== 'string' || typeof seq !== 'number') return false;
    if (seq <= (seqs.get(id) ?? 0)) return true;
    if (seqs.size >= SEQS_MAX) seqs.clear();
    seqs.set(id, seq);
    return false;
  }

  function receive(reply: Reply): void {
    if (reply.id !== undefined) {
      const done = waiting.get(reply.id);
      waiting.delete(reply.id);
      done?.(reply);
      return;
    }
    const subscription = reply.channel === undefined ? undefined : kept.get(reply.channel);
    if (subscription) deliver(subscription, reply as unknown as FeedMessage);
  }

  // A phone or laptop that wakes up, or is on the network again, should not wait for the back-off.
  const wake = (): void => {
    const hidden = typeof document !== 'undefined' && document.visibilityState !== 'visible';
    if (hidden || socket || connecting || state === 'closed') return;
    clearTimeout(retryTimer);
    void connect();
  };
  if (typeof document !== 'undefined') document.addEventListener('visibilitychange', wake);
  if (typeof window !== 'undefined') window.addEventListener('online', wake);

  void connect();

  return {
    get state() {
      return state;
    },
    get reason() {
      return reason;
    },
    get lastMessageAt() {
      return lastMessageAt;
    },
    subscribe(channel, handlers, filter) {
      const subscription: Kept = {
        seqs: new Map(),
        channel,
        filter,
        handlers,
        cursor: null,
        subscribed: false,
        paused: null,
        overflowed: false,
      };
      kept.set(channel, subscription);
      send(subscription);
      const again = (): void => {
        if (kept.get(channel) !== subscription) return;
        subscription.cursor = null;
        if (socket && authenticated && subscription.subscribed)
          command('unsubscribe', { channel }, () => kept.get(channel) === subscription && send(subscription));
      };
      return {
        channel,
        refilter(next) {
          subscription.filter = next;
          again();
        },
        pause() {
          subscription.paused ??= [];
        },
        resume() {
          const held = subscription.paused ?? [];
          subscription.paused = null;
          if (subscription.overflowed) {
            subscription.overflowed = false;
            return again();
          }
          for (const message of held) subscription.handlers.onMessage?.(message);
        },
        unsubscribe() {
          if (kept.get(channel) !== subscription) return;
          kept.delete(channel);
          if (socket && authenticated && subscription.subscribed) command('unsubscribe', { channel }, () => {});
        },
      };
    },
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      end('closed by the client');
      if (typeof document !== 'undefined') document.removeEventListener('visibilitychange', wake);
      if (typeof window !== 'undefined') window.removeEventListener('online', wake);
    },
  };
}
