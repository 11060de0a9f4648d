import { createHash } from 'node:crypto';
import { keyOf } from '@cairn/contracts/topics.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import type {
  ControlFile,
  DefinitionPut,
  DefinitionVersion,
  EndpointPut,
  ErasureTold,
  SourcePut,
  TokenPut,
  WorkspacePut,
} from '@cairn/contracts/generated/control.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import type { Follower, Log } from '@cairn/log/log.ts';

/** What a token may do, and where. */
export interface Grant {
  workspace: string;
  tokenId: string;
  name: string;
  scopes: ReadonlySet<TokenPut['scopes'][number]>;
  /** Epoch ms, null: never. */
  expiresAt: number | null;
}

/**
 * The `control` topic in memory, for reading only (authentication, lists): tasks never read it, they get changes through their
 * inbox. `put` resolves once the change is durable *and* mirrored here (read your writes).
 */
export interface ControlMirror {
  /** The grant of a token or write key; null when it is unknown, withdrawn or expired at `now`. */
  grantOf(token: string, now: number): Grant | null;
  /**
   * Resolves once all that was put before the call, by whichever node, is mirrored here, or after two seconds: for a token that is not known
   * here. Whoever was just given one may ask another node at once.
   */
  heard(): Promise<void>;
  /** A token by its id, withdrawn ones absent. */
  token(workspace: string, id: string): TokenPut | undefined;
  tokens(workspace: string): readonly TokenPut[];
  workspace(id: string): WorkspacePut | undefined;
  workspaces(): readonly WorkspacePut[];
  endpoints(workspace: string): readonly EndpointPut['endpoint'][];
  endpoint(workspace: string, id: string): EndpointPut['endpoint'] | undefined;
  /** The live (newest) version of each definition. */
  definitions(workspace: string): readonly DefinitionPut[];
  /** What is kept of a definition's versions, the newest first; the live one is among them once it has been put with its text. */
  definitionVersions(workspace: string, name: string): readonly DefinitionVersion[];
  /** The version of a definition that stands in every partition of `journey-inbox`; 0 for none yet. */
  liveVersion(workspace: string, name: string): number;
  sources(workspace: string): readonly SourcePut[];
  /** Who was erased: `at` of the erasure by the person's id, epoch ms. Topics that run out may still name them. */
  erased(workspace: string): ReadonlyMap<string, number>;
  /** Identifiers of the erased that are never to be stored again, as `letterHashes` makes them. */
  suppressed(workspace: string): ReadonlySet<string>;
  put(change: ControlFile): Promise<void>;
  /** Called after each change that was mirrored; returns how to stop. */
  onChange(listener: (change: ControlFile) => void): () => void;
  /** True once everything that stood in the topic at the start is mirrored. */
  ready(): boolean;
  stop(): Promise<void>;
}

/** Of each definition. A year of weekly changes; at 20 KB each a megabyte of the mirror. */
export const DEFINITION_VERSIONS_KEPT = 50;

const NOTHING: ReadonlySet<string> = new Set();
const NOBODY: ReadonlyMap<string, number> = new Map();
const HEARD_WITHIN_MS = 2_000;
/** Whoever sends tokens that nobody gave makes the log be asked ten times a second, however many they are. */
const ASK_EVERY_MS = 100;

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The key under which a change is kept: the newest of a key counts. */
export function controlKey(change: ControlFile): string {
  switch (change.type) {
    case 'workspace.put':
      return keyOf.control(change.workspace, 'workspace', change.workspace);
    case 'token.put':
    case 'token.withdrawn':
      return keyOf.control(change.workspace, 'token', change.id);
    case 'definition.put':
      return keyOf.control(change.workspace, 'definition', change.name);
    case 'definition.version': {
      const slot = change.version % DEFINITION_VERSIONS_KEPT;
      return keyOf.control(change.workspace, 'definition-version', `${change.name}/${slot}`);
    }
    case 'definition.live':
      return keyOf.control(change.workspace, 'definition-live', change.name);
    case 'endpoint.put':
      return keyOf.control(change.workspace, 'endpoint', change.endpoint.id);
    case 'endpoint.removed':
      return keyOf.control(change.workspace, 'endpoint', change.id);
    case 'source.put':
      return keyOf.control(change.workspace, 'source', change.id);
    case 'erasure.told':
      return keyOf.control(change.workspace, 'erasure', change.personId);
  }
}

/** Reads the topic to its end before it resolves. */
export async function startControlMirror(
  log: Log,
  clock: Clock,
  onFault: (error: unknown) => void = () => {},
): Promise<ControlMirror> {
  const entries = new Map<string, ControlFile>();
  const byHash = new Map<string, TokenPut>();
  /** Apart from the entries, which are looked through: there may be many thousands. */
  const erasures = new Map<string, Map<string, number>>();
  const unwanted = new Map<string, Set<string>>();
  const listeners = new Set<(change: ControlFile) => void>();
  const waiting = new Map<string, (() => void)[]>();
  const stopping = new AbortController();
  let caughtUp = false;
  const follower: Follower = await log.follow(['control'], 'start');

  function apply(key: string, change: ControlFile, putId: string | undefined): void {
    const before = entries.get(key);
    if (before?.type === 'token.put') byHash.delete(before.hash);
    if (change.type === 'erasure.told') noteErased(change);
    else entries.set(key, change);
    if (change.type === 'token.put') byHash.set(change.hash, change);
    for (const listener of listeners) listener(change);
    if (putId) {
      for (const resolve of waiting.get(putId) ?? []) resolve();
      waiting.delete(putId);
    }
  }

  function noteErased({ workspace, personId, absorbed, suppressed = [], at }: ErasureTold): void {
    const known = erasures.get(workspace) ?? new Map<string, number>();
    for (const id of [personId, ...absorbed]) known.set(id, at);
    erasures.set(workspace, known);
    if (suppressed.length === 0) return;
    const hashes = unwanted.get(workspace) ?? new Set<string>();
    for (const hash of suppressed) hashes.add(hash);
    unwanted.set(workspace, hashes);
  }

  /** Those who want to have heard of everything, before the next read is begun. */
  let listening: (() => void)[] = [];
  let wake = new AbortController();
  let askAfter = 0;

  async function readOn(): Promise<void> {
    wake = new AbortController();
    const asked = clock.monotonic() >= askAfter ? listening : [];
    const asks = !caughtUp || asked.length > 0;
    if (asked.length > 0) listening = [];
    const toWait = listening.length > 0 ? askAfter - clock.monotonic() : 1_000;
    try {
      // An empty topic must not delay the start by a whole wait.
      const batch = await follower.next({
        maxRecords: 1_000,
        waitMs: asks ? 1 : toWait,
        askCaughtUp: asks,
        signal: AbortSignal.any([stopping.signal, wake.signal]),
      });
      for (const record of batch.records)
        if (record.value) apply(record.key, decodeJson(record.value) as ControlFile, record.headers['put-id']);
      if (batch.caughtUp) caughtUp = true;
      if (batch.caughtUp && asked.length > 0) askAfter = clock.monotonic() + ASK_EVERY_MS;
      if (batch.caughtUp) for (const resolve of asked.splice(0)) resolve();
    } finally {
      listening.push(...asked);
    }
  }

  const reading = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await readOn();
      } catch (error) {
        if (stopping.signal.aborted) return;
        onFault(error);
        await clock.sleep(200).catch(() => {});
      }
    }
  })();
  while (!caughtUp) await clock.sleep(2);

  function all<T extends ControlFile['type']>(workspace: string | null, type: T): Extract<ControlFile, { type: T }>[] {
    return [...entries.values()].filter(
      (change): change is Extract<ControlFile, { type: T }> =>
        change.type === type && (workspace === null || change.workspace === workspace),
    );
  }

  let puts = 0;
  const instance = hashToken(String(clock.random())).slice(0, 12);

  return {
    grantOf(token, now) {
      const found = byHash.get(hashToken(token));
      if (!found || (found.expiresAt !== null && found.expiresAt <= now)) return null;
      const { workspace, id: tokenId, name, expiresAt } = found;
      return { workspace, tokenId, name, scopes: new Set(found.scopes), expiresAt };
    },
    heard: () =>
      Promise.race([
        new Promise<void>((resolve) => {
          listening.push(resolve);
          wake.abort();
        }),
        clock.sleep(HEARD_WITHIN_MS),
      ]),
    token: (workspace, id) => all(workspace, 'token.put').find((token) => token.id === id),
    tokens: (workspace) => all(workspace, 'token.put'),
    workspace: (id) => all(id, 'workspace.put')[0],
    workspaces: () => all(null, 'workspace.put'),
    endpoints: (workspace) => all(workspace, 'endpoint.put').map((change) => change.endpoint),
    endpoint: (workspace, id) => all(workspace, 'endpoint.put').find((change) => change.endpoint.id === id)?.endpoint,
    definitions: (workspace) => all(workspace, 'definition.put'),
    definitionVersions: (workspace, name) =>
      all(workspace, 'definition.version')
        .filter((kept) => kept.name === name)
        .sort((a, b) => b.version - a.version),
    liveVersion: (workspace, name) =>
      all(workspace, 'definition.live').find((live) => live.name === name)?.version ?? 0,
    sources: (workspace) => all(workspace, 'source.put'),
    erased: (workspace) => erasures.get(workspace) ?? NOBODY,
    suppressed: (workspace) => unwanted.get(workspace) ?? NOTHING,
    async put(change) {
      const putId = `${instance}-${puts++}`;
      const mirrored = new Promise<void>((resolve) => waiting.set(putId, [resolve]));
      await log.append([
        {
          topic: 'control',
          partition: 0,
          key: controlKey(change),
          value: encodeJson(change),
          headers: { 'put-id': putId },
        },
      ]);
      await mirrored;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ready: () => caughtUp,
    async stop() {
      stopping.abort();
      await follower.close();
      await reading;
    },
  };
}
