import { randomBytes } from 'node:crypto';
import { formatInstant, formatInstantOrNull, parseIsoTime } from '@cairn/clock/calendar.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import type { DefinitionPut, SourcePut, TokenPut } from '@cairn/contracts/generated/control.ts';
import { authorise, mayDo } from '@cairn/service-kit/authorise.ts';
import { hashToken } from '@cairn/service-kit/control-mirror.ts';
import { ProblemError, notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { Express } from 'express';
import jsonata from 'jsonata';
import type { Routes } from './endpoint-routes.ts';
import { bodyOf, pageByAge } from './request-parts.ts';

/**
 * Workspaces, tokens and sources: what people set up, kept in `control`. A token's text is answered once and never kept; only its
 * hash is. Never touches a journey.
 */
export interface ControlRoutesDeps {
  ports: Pick<Ports, 'control' | 'clock'>;
  /** The definition that a new workspace starts with. */
  defaultDefinition: DefaultDefinition;
  /** Waits until the definition is live, so that no touchpoint can come before it. */
  definitionLive?: (
    ports: Pick<Ports, 'control' | 'clock'>,
    workspace: string,
    name: string,
    version: number,
  ) => Promise<unknown>;
}

export type DefaultDefinition = () => Promise<Pick<DefinitionPut, 'name' | 'definition' | 'source'>>;

type Scope = TokenPut['scopes'][number];

const SCOPES: readonly Scope[] = ['ingest', 'read', 'act', 'admin'];
const NAME_LENGTH_MAX = 200;
const TOKENS_MAX = 1_000;
const SOURCES_MAX = 1_000;
const MAPPING_LENGTH_MAX = 100_000;

export interface NewWorkspace {
  id: string;
  name: string;
  writeKey: string;
  adminToken: string;
}

/**
 * Makes a workspace with its write key, an admin token and the default definition. `installation`: its admin token may also make
 * workspaces (the first start's). An `id` that exists gets further keys and nothing else.
 */
export async function createWorkspace(
  deps: ControlRoutesDeps,
  options: { id?: string; name: string; installation?: boolean; by: string },
): Promise<NewWorkspace> {
  const { control, clock } = deps.ports;
  const id = options.id ?? idOf('ws', randomBytes(16).toString('hex'));
  const now = clock.now();
  // Read first: a definition that does not load must leave no half a workspace behind.
  const { name: definitionName, definition, source } = await deps.defaultDefinition();
  const writeKey = newToken(id, 'write key', ['ingest'], null, now, true);
  const admin = newToken(id, 'admin', options.installation ? ['admin', 'installation'] : ['admin'], null, now);
  if (!control.workspace(id))
    await control.put({ type: 'workspace.put', workspace: id, name: options.name, createdAt: now });
  // One that was made before has its own by now.
  if (control.definitions(id).length === 0)
    await control.put({
      type: 'definition.put',
      workspace: id,
      name: definitionName,
      version: 1,
      definition,
      ...(source === undefined ? {} : { source }),
      by: options.by,
      at: now,
    });
  await deps.definitionLive?.(deps.ports, id, definitionName, 1);
  await control.put(writeKey.put);
  await control.put(admin.put);
  return { id, name: options.name, writeKey: writeKey.text, adminToken: admin.text };
}

export function createControlRoutes(deps: ControlRoutesDeps): Routes {
  const { control, clock } = deps.ports;

  function routes(app: Express): void {
    app.post('/api/workspaces', async (request, response) => {
      const { name: by } = authorise(deps.ports, request, 'installation');
      const name = nameOf(bodyOf(request));
      response.status(201).json(await createWorkspace(deps, { name, by }));
    });

    app.post('/api/tokens', async (request, response) => {
      const grant = authorise(deps.ports, request, 'admin');
      const body = bodyOf(request);
      const name = nameOf(body);
      const now = clock.now();
      const scopes = scopesOf(body['scopes'], mayDo(grant, 'installation'));
      const expiresAt = expiryOf(body['expiresAt'], now);
      if (control.tokens(grant.workspace).length >= TOKENS_MAX)
        throw new ProblemError({
          status: 409,
          code: 'too-many-tokens',
          title: `A workspace has at most ${TOKENS_MAX} tokens`,
        });
      const { put, text: token } = newToken(
        grant.workspace,
        name,
        scopes,
        expiresAt,
        now,
        scopes.length === 1 && scopes[0] === 'ingest',
      );
      await control.put(put);
      response.status(201).json({ ...shownToken(put), token });
    });

    app.get('/api/tokens', (request, response) => {
      const { workspace } = authorise(deps.ports, request, 'admin');
      const { items, next } = pageByAge(request, control.tokens(workspace));
      response.json({ items: items.map(shownToken), next });
    });

    app.delete('/api/tokens/:id', async (request, response) => {
      const { workspace } = authorise(deps.ports, request, 'admin');
      const token = control.token(workspace, String(request.params['id']));
      if (!token) throw notFound('token');
      await control.put({ type: 'token.withdrawn', workspace, id: token.id, at: clock.now() });
      response.status(204).end();
    });

    app.get('/api/sources', (request, response) => {
      const { workspace } = authorise(deps.ports, request, 'read');
      const { items, next } = pageByAge(
        request,
        control.sources(workspace).map((source) => ({ ...source, createdAt: source.at })),
      );
      response.json({ items: items.map(shownSource), next });
    });

    app.post('/api/sources', async (request, response) => {
      const { workspace } = authorise(deps.ports, request, 'admin');
      const body = bodyOf(request);
      const name = nameOf(body);
      const mapping = mappingOf(body['mapping']);
      // A source of the same name is changed, not doubled: its address is in other systems' settings.
      const known = control.sources(workspace).find((source) => source.name === name);
      if (!known && control.sources(workspace).length >= SOURCES_MAX)
        throw new ProblemError({
          status: 409,
          code: 'too-many-sources',
          title: `A workspace has at most ${SOURCES_MAX} sources`,
        });
      const id = known?.id ?? idOf('src', workspace, name);
      const source: SourcePut = { type: 'source.put', workspace, id, name, mapping, at: clock.now() };
      await control.put(source);
      response.status(known ? 200 : 201).json(shownSource(source));
    });
  }

  return { claims: (_method, path) => /^\/api\/(workspaces|tokens|sources)(\/|$)/.test(path), routes };
}

function newToken(
  workspace: string,
  name: string,
  scopes: Scope[],
  expiresAt: number | null,
  createdAt: number,
  writeKey = false,
): { put: TokenPut; text: string } {
  const text = `cairn_${randomBytes(32).toString('base64url')}`;
  const hash = hashToken(text);
  return {
    text,
    put: {
      type: 'token.put',
      workspace,
      id: idOf('tok', workspace, hash),
      name,
      scopes,
      hash,
      createdAt,
      expiresAt,
      writeKey,
    },
  };
}

function shownToken({
  id,
  name,
  scopes,
  createdAt,
  expiresAt,
  writeKey,
}: TokenPut): { id: string } & Record<string, unknown> {
  return { id, name, scopes, writeKey, createdAt: formatInstant(createdAt), expiresAt: formatInstantOrNull(expiresAt) };
}

function shownSource({ id, name, mapping, at }: SourcePut): { id: string } & Record<string, unknown> {
  return { id, name, mapping, path: `/v1/sources/${id}`, updatedAt: formatInstant(at) };
}

function nameOf(body: Record<string, unknown>): string {
  const { name } = body;
  if (typeof name !== 'string' || name.trim() === '' || name.length > NAME_LENGTH_MAX)
    throw invalid('name', `must be text of 1 to ${NAME_LENGTH_MAX} characters`);
  return name.trim();
}

function scopesOf(value: unknown, installation: boolean): Scope[] {
  const allowed = installation ? [...SCOPES, 'installation'] : SCOPES;
  if (!Array.isArray(value) || value.length === 0 || !value.every((scope) => allowed.includes(scope as Scope)))
    throw invalid('scopes', `must be a list of ${SCOPES.join(', ')}`);
  return [...new Set(value as Scope[])];
}

function expiryOf(value: unknown, now: number): number | null {
  if (value === undefined || value === null) return null;
  const at = typeof value === 'string' ? parseIsoTime(value) : null;
  if (at === null || at <= now) throw invalid('expiresAt', 'must be a time to come, such as 2030-01-31T08:00:00.000Z');
  return at;
}

function mappingOf(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > MAPPING_LENGTH_MAX)
    throw invalid('mapping', 'must be a JSONata expression');
  try {
    jsonata(value);
  } catch (error) {
    throw invalid('mapping', `is no JSONata expression: ${(error as { message?: string }).message ?? ''}`);
  }
  return value;
}

function invalid(path: string, message: string): ProblemError {
  return new ProblemError({
    status: 422,
    code: 'invalid-request',
    title: 'The request cannot be carried out as it is',
    detail: `${path} ${message}`,
    errors: [{ path, message }],
  });
}
