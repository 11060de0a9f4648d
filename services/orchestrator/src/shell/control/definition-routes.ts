/** `/api/definitions`: checks a definition, keeps it as the next version of its name, and answers once it is live. */
import express, { type Express, type Request } from 'express';
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { DefinitionPut } from '@cairn/contracts/generated/control.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import { sendResource } from '@cairn/service-kit/etag.ts';
import { ProblemError, notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { Fault } from '../../core/definition/faults.ts';
import { loadDefinition } from '../../core/definition/load-definition.ts';
import { awaitDefinitionLive } from './definition-live.ts';
import type { Routes } from './endpoint-routes.ts';

/** Every touchpoint is advanced by each of them. */
const DEFINITIONS_MAX = 20;
const BODY_BYTES_MAX = 1_000_000;

export function createDefinitionRoutes(ports: Pick<Ports, 'control' | 'clock'>): Routes {
  const { control, clock } = ports;
  /** Puts of one process, one after the other: two at once would both be the same version. */
  let turn: Promise<unknown> = Promise.resolve();

  function put(workspace: string, definition: JourneyDefinition, by: string): Promise<DefinitionPut> {
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
        by,
        at: clock.now(),
      };
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
      const change = await put(workspace, loaded(request), by);
      const live = await awaitDefinitionLive(ports, workspace, change.name, change.version);
      response.status(live ? 201 : 202).json({ ...shown(change), live });
    });

    // Checked as if it were put, and kept nowhere.
    app.post('/api/definitions/validate', anyText, (request, response) => {
      authorise(ports, request, 'read');
      const { name, unit } = loaded(request);
      response.json({ valid: true, name, unit });
    });

    app.get('/api/definitions', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const all = [...control.definitions(workspace)].sort((a, b) => (a.name < b.name ? -1 : 1));
      response.json({ items: all.map(shown), next: null });
    });

    app.get('/api/definitions/:name', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const found = control.definitions(workspace).find(({ name }) => name === request.params['name']);
      if (!found) throw notFound('definition');
      sendResource(request, response, shown(found));
    });
  }

  return { claims: (_method, path) => /^\/api\/definitions(?!\/dry-run$)(\/|$)/.test(path), routes };
}

function loaded(request: Request): JourneyDefinition {
  const result = loadDefinition(request.body as unknown);
  if (!result.ok) throw refusal(result.faults);
  return result.definition;
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

function shown({ name, version, definition, by, at }: DefinitionPut): Record<string, unknown> {
  const { unit, title } = definition as unknown as JourneyDefinition;
  return { name, version, unit, title: title ?? null, updatedAt: formatInstant(at), by, definition };
}
