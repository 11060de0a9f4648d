import { randomBytes } from 'node:crypto';
import { parseDuration } from '@cairn/contracts/duration.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import { sendResource } from '@cairn/service-kit/etag.ts';
import { ProblemError } from '@cairn/service-kit/problem.ts';
import type { Express } from 'express';
import { PRESETS } from '../../core/deliver/presets.ts';
import { asymmetricKeyText, symmetricKeyText } from '../../core/deliver/sign.ts';
import { sampleEvents } from '../../core/deliver/samples.ts';
import type { DeliveriesView } from '../deliver/deliveries-view.ts';
import { createDeliveryRoutes } from '../deliver/delivery-routes.ts';
import { createEndpointWriter } from './endpoint-writer.ts';
import type { EndpointInput } from '../../core/deliver/endpoint-settings.ts';
import type { EndpointWriterDeps } from './endpoint-writer.ts';
import { IDEMPOTENT_FOR_MS, createIdempotency } from './idempotency.ts';
import { bodyOf, endpointOf, pageByAge, refuse, sinceOf } from './request-parts.ts';

/** `/api/endpoints`: makes, changes and removes endpoints. What becomes of their deliveries is in delivery-routes.ts. */
export interface EndpointRoutesDeps extends EndpointWriterDeps {
  view: DeliveriesView;
}

export interface Routes {
  claims(method: string, path: string): boolean;
  routes(app: Express): void;
}

const OVERLAP_MS_DEFAULT = 24 * 3_600_000;
const OVERLAP_MS_MAX = 7 * 24 * 3_600_000;
/** Keys that sign at once while rotations overlap; a header of more would be refused by common servers. */
const KEYS_MAX = 5;
const ENDPOINTS_MAX = 1_000;

export function createEndpointRoutes(deps: EndpointRoutesDeps): Routes {
  const { ports } = deps;
  const writer = createEndpointWriter(deps);
  const idempotency = createIdempotency(ports.clock);
  const deliveries = createDeliveryRoutes({ ports, writer, view: deps.view, idempotency });

  function routes(app: Express): void {
    app.get('/api/endpoints/samples', (request, response) => {
      authorise(ports, request, 'read');
      response.json(sampleEvents(typeof request.query['type'] === 'string' ? [request.query['type']] : ['*']));
    });

    app.post('/api/endpoints', async (request, response) => {
      const { workspace } = authorise(ports, request, 'admin');
      const input = await writer.read(request.body, ['url']);
      if (ports.control.endpoints(workspace).length >= ENDPOINTS_MAX)
        throw new ProblemError({
          status: 409,
          code: 'too-many-endpoints',
          title: `A workspace has at most ${ENDPOINTS_MAX} endpoints`,
        });
      await idempotency.answer(request, response, workspace, (key) => make(workspace, input, key));
    });

    function signingKeyOf({ id, secrets }: Endpoint): string | null {
      const current = secrets.find((key) => key.until === null);
      return current ? writer.openKey(id, current) : null;
    }

    async function make(
      workspace: string,
      input: EndpointInput,
      key: string | null,
    ): Promise<{ status: number; body: unknown }> {
      const ofKey = key === null ? null : idOf('ep', workspace, key);
      const known = ofKey === null ? undefined : ports.control.endpoint(workspace, ofKey);
      const isRecent = known !== undefined && ports.clock.now() - known.createdAt < IDEMPOTENT_FOR_MS;
      if (isRecent) return { status: 201, body: { ...writer.shown(known), secret: signingKeyOf(known) } };
      const id = ofKey !== null && !known ? ofKey : idOf('ep', workspace, randomBytes(16).toString('hex'));
      const preset = input.preset ? PRESETS[input.preset] : undefined;
      const secret = input.secret ?? newKey(preset?.scheme ?? 'v1');
      const endpoint: Endpoint = {
        id,
        workspace,
        url: input.url!,
        types: input.types ?? ['*'],
        secrets: [writer.sealKey(id, secret)],
        preset: input.preset ?? null,
        fifo: input.fifo ?? false,
        rateLimit: input.rateLimit === undefined ? (preset?.rateLimit ?? null) : input.rateLimit,
        concurrency: input.concurrency ?? null,
        schedule: input.schedule ?? [...deps.retryScheduleMs],
        state: 'enabled',
        disabledReason: null,
        headers: writer.sealHeaders(id, input.headers ?? {}),
        payload: input.payload ?? 'full',
        filter: input.filter ?? null,
        template: input.template ?? null,
        auth: writer.sealAuth(id, input.auth ?? null) ?? null,
        createdAt: ports.clock.now(),
        version: 1,
      };
      await writer.put(endpoint);
      return { status: 201, body: { ...writer.shown(endpoint), secret } };
    }

    app.get('/api/endpoints', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const { items, next } = pageByAge(request, [...ports.control.endpoints(workspace)]);
      response.json({ items: items.map((endpoint) => writer.shown(endpoint)), next });
    });

    app.get('/api/endpoints/:id', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      sendResource(request, response, writer.shown(endpointOf(ports, workspace, request)));
    });

    app.patch('/api/endpoints/:id', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      endpointOf(ports, workspace, request);
      const { secret, headers, auth, ...input } = await writer.read(request.body, []);
      if (secret !== undefined) refuse([{ path: 'secret', message: 'is changed by POST …/rotate' }]);
      // Looked up again: vetting took its time.
      const before = endpointOf(ports, workspace, request);
      const endpoint: Endpoint = {
        ...before,
        ...input,
        ...(headers ? { headers: writer.sealHeaders(before.id, headers) } : {}),
        ...(auth === undefined ? {} : { auth: writer.sealAuth(before.id, auth) ?? null }),
        disabledReason: disabledReason(before, input.state, name),
        disabledAt: disabledAt(before, input.state, ports.clock.now()),
        version: before.version + 1,
      };
      await writer.put(endpoint);
      response.json(writer.shown(endpoint));
    });

    app.delete('/api/endpoints/:id', async (request, response) => {
      const { workspace } = authorise(ports, request, 'admin');
      await writer.remove(endpointOf(ports, workspace, request));
      response.status(204).end();
    });

    app.post('/api/endpoints/:id/rotate', async (request, response) => {
      const { workspace } = authorise(ports, request, 'admin');
      const before = endpointOf(ports, workspace, request);
      const now = ports.clock.now();
      const until = now + overlapOf(bodyOf(request)['overlap']);
      const given = await writer.read(bodyOf(request), []);
      await idempotency.answer(request, response, workspace, () => rotate(before, given, now, until));
    });

    async function rotate(
      before: Endpoint,
      given: EndpointInput,
      now: number,
      until: number,
    ): Promise<{ status: number; body: unknown }> {
      const current = before.secrets.find((key) => key.until === null);
      const secret = given.secret ?? newKey(current?.scheme ?? 'v1');
      // One that does not open signs nothing, and would fail every attempt until its time is over.
      const old = before.secrets
        .filter((key) => writer.openKey(before.id, key) !== null)
        .map((key) => ({ ...key, until: Math.min(key.until ?? until, until) }))
        .filter((key) => key.until > now);
      const endpoint: Endpoint = {
        ...before,
        secrets: [writer.sealKey(before.id, secret), ...old].slice(0, KEYS_MAX),
        version: before.version + 1,
      };
      await writer.put(endpoint);
      return { status: 200, body: { ...writer.shown(endpoint), secret } };
    }

    app.post('/api/endpoints/:id/enable', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      const before = endpointOf(ports, workspace, request);
      const { mode, since } = enableOf(bodyOf(request), before, ports.clock.now());
      await idempotency.answer(request, response, workspace, async (idempotencyKey) => {
        const endpoint: Endpoint = {
          ...before,
          state: 'enabled',
          disabledReason: null,
          disabledAt: null,
          version: before.version + 1,
        };
        await writer.put(endpoint);
        if (mode !== 'skip') await writer.command(endpoint, 'recover', name, { since, idempotencyKey });
        const requested = mode === 'resume' ? await deliveries.replay(endpoint, since) : 0;
        return { status: 200, body: { ...writer.shown(endpoint), ...(mode === 'resume' ? { requested } : {}) } };
      });
    });

    deliveries.routes(app);
  }

  return { claims: (_method, path) => /^\/api\/(endpoints|deliveries)(\/|$)/.test(path), routes };
}

/**
 * What becomes of what an endpoint was not sent: `skip` leaves it (the default), `recover` sends again what ended exhausted or failed since
 * then, `resume` also what happened while it was disabled. `since`: when it was disabled, unless a time is given.
 */
function enableOf(
  body: Record<string, unknown>,
  before: Endpoint,
  now: number,
): { mode: 'resume' | 'skip' | 'recover'; since: number } {
  const { mode, since, recover } = body;
  if (recover !== undefined && mode === undefined) return { mode: 'recover', since: sinceOf(recover, 'recover', now) };
  if (mode !== undefined && mode !== null && mode !== 'resume' && mode !== 'skip' && mode !== 'recover')
    refuse([{ path: 'mode', message: 'must be resume, skip or recover' }]);
  const from = since === undefined || since === null ? (before.disabledAt ?? null) : sinceOf(since, 'since', now);
  if (mode === 'recover' && from === null)
    refuse([{ path: 'since', message: 'is needed: nobody knows when the endpoint was disabled' }]);
  return { mode: (mode as 'resume' | 'skip' | 'recover' | undefined | null) ?? 'skip', since: from ?? now };
}

function newKey(scheme: 'v1' | 'v1a'): string {
  return scheme === 'v1a' ? asymmetricKeyText(randomBytes(32)) : symmetricKeyText(randomBytes(32));
}

function disabledAt(before: Endpoint, state: Endpoint['state'] | undefined, now: number): number | null {
  if (state === undefined || state === before.state) return before.disabledAt ?? null;
  return state === 'disabled' ? now : null;
}

function disabledReason(before: Endpoint, state: Endpoint['state'] | undefined, by: string): string | null {
  if (state === undefined || state === before.state) return before.disabledReason;
  return state === 'disabled' ? `disabled by ${by}` : null;
}

function overlapOf(value: unknown): number {
  if (value === undefined || value === null) return OVERLAP_MS_DEFAULT;
  const duration = typeof value === 'string' ? parseDuration(value) : null;
  if (!duration || !('ms' in duration) || duration.ms > OVERLAP_MS_MAX)
    refuse([{ path: 'overlap', message: 'must be a duration from 0 to 7 days, such as 24 hours' }]);
  return (duration as { ms: number }).ms;
}
