/** `/api/definitions`: checks a definition, keeps it as the next version of its name, and answers once it is live. */
import express, { type Express } from 'express';
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { DefinitionPut, DefinitionVersion } from '@cairn/contracts/generated/control.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import { sendResource } from '@cairn/service-kit/etag.ts';
import { ProblemError, notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { Fault } from '../../core/definition/faults.ts';
import { loadDefinition } from '../../core/definition/load-definition.ts';
import { awaitDefinitionLive } from './definition-live.ts';
import { shownVersion, sourceOf, versionOf, versionsOf } from './definition-versions.ts';
import type { Routes } from './endpoint-routes.ts';
import { cursorOf, pageOf, placeOf } from './request-parts.ts';

/** Every touchpoint is advanced by each of them. */
const DEFINITIONS_MAX = 20;
const BODY_BYTES_MAX = 1_000_000;

export function createDefinitionRoutes(ports: Pick<Ports, 'control' | 'clock'>): Routes {
  const { control, clock } = ports;
  /** Puts of one process, one after the other: two at once would both be the same version. */
  let turn: Promise<unknown> = Promise.resolve();

  function put(
    workspace: string,
    { definition, source }: Loaded,
    by: string,
    restoredFrom?: number,
  ): Promise<DefinitionPut> {
    const done = turn.then(async () => {
      const known = control.definitions(workspace);
      const before = known.find(({ name }) => name === definition.name);
      if (!before && known.length >= DEFINITIONS_MAX)
        throw new ProblemError({
          status: 409,
          code: 'too-many-definitions',
          title: `A workspace has at most ${DEFINITIONS_MAX} definitions`,
        });
      if (before && before.definition['unit'] !== definition.unit)
        throw refusal([{ path: 'unit', message: `stays '${String(before.definition['unit'])}' under this name` }]);
      const change: DefinitionPut = {
        type: 'definition.put',
        workspace,
        name: definition.name,
        version: (before?.version ?? 0) + 1,
        definition: { ...definition },
        source,
        ...(restoredFrom === undefined ? {} : { restoredFrom }),
        by,
        at: clock.now(),
      };
      // What is replaced is kept first: a put that is cut short here changes nothing.
      if (before) await control.put(versionOf(before));
      await control.put(change);
      return change;
    });
    turn = done.catch(() => {});
    return done;
  }

  function routes(app: Express): void {
    // Whatever a client says its body is: YAML has half a dozen media types, and curl sends a form's by default.
    const anyText = express.text({ limit: BODY_BYTES_MAX, type: () => true });
    app.post('/api/definitions', anyText, async (request, response) => {
      const { workspace, name: by } = authorise(ports, request, 'admin');
      const change = await put(workspace, loaded(request.body), by);
      const live = await awaitDefinitionLive(ports, workspace, change.name, change.version);
      response.status(live ? 201 : 202).json({ ...shown(change), live });
    });

    // Checked as if it were put, and kept nowhere.
    app.post('/api/definitions/validate', anyText, (request, response) => {
      authorise(ports, request, 'read');
      const { name, unit } = loaded(request.body).definition;
      response.json({ valid: true, name, unit });
    });

    app.get('/api/definitions', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const { limit, cursor } = pageOf(request);
      const after = cursor === undefined ? '' : placeOf(cursor)[1];
      const rest = control
        .definitions(workspace)
        .filter(({ name }) => name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const items = rest.slice(0, limit);
      response.json({ items: items.map(shown), next: rest.length > limit ? cursorOf([0, items.at(-1)!.name]) : null });
    });

    app.get('/api/definitions/:name', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const found = control.definitions(workspace).find(({ name }) => name === request.params['name']);
      if (!found) throw notFound('definition');
      sendResource(request, response, shown(found));
    });

    app.get('/api/definitions/:name/versions', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const versions = versionsOf(control, workspace, request.params['name']);
      const live = versions[0]?.version;
      if (live === undefined) throw notFound('definition');
      response.json({ items: versions.map((version) => shownVersion(version, live)), next: null });
    });

    app.get('/api/definitions/:name/versions/:version', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const { found, live } = versionAsked(workspace, request.params);
      const result = loadDefinition(found.source);
      const definition = result.ok ? result.definition : null;
      sendResource(request, response, { ...shownVersion(found, live), source: found.source, definition });
    });

    // An old version comes back as a new one: what was in between stays in the list.
    app.post('/api/definitions/:name/versions/:version/restore', async (request, response) => {
      const { workspace, name: by } = authorise(ports, request, 'admin');
      const { found } = versionAsked(workspace, request.params);
      const change = await put(workspace, loaded(found.source), by, found.version);
      const live = await awaitDefinitionLive(ports, workspace, change.name, change.version);
      response.status(live ? 201 : 202).json({ ...shown(change), live });
    });
  }

  function versionAsked(
    workspace: string,
    { name = '', version = '' }: Readonly<Record<string, string>>,
  ): { found: DefinitionVersion; live: number } {
    const versions = versionsOf(control, workspace, name);
    const found = versions.find((one) => String(one.version) === version);
    if (!found) throw notFound('version of the definition');
    return { found, live: versions[0]!.version };
  }

  return { claims: (_method, path) => /^\/api\/definitions(?!\/dry-run$)(\/|$)/.test(path), routes };
}

interface Loaded {
  definition: JourneyDefinition;
  /** As it was written. */
  source: string;
}

function loaded(body: unknown): Loaded {
  const result = loadDefinition(body);
  if (!result.ok) throw refusal(result.faults);
  const source = typeof body === 'string' ? body : `${JSON.stringify(body, null, 2)}\n`;
  return { definition: result.definition, source };
}

function refusal(faults: readonly Fault[]): ProblemError {
  return new ProblemError({
    status: 422,
    code: 'bad-definition',
    title: 'The definition has faults',
    detail: faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n'),
    errors: faults,
  });
}

function shown(put: DefinitionPut): Record<string, unknown> {
  const { name, version, definition, by, at } = put;
  const { unit, title } = definition as unknown as JourneyDefinition;
  return {
    name,
    version,
    unit,
    title: title ?? null,
    updatedAt: formatInstant(at),
    by,
    definition,
    source: sourceOf(put),
  };
}
