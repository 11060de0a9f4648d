import { randomBytes } from 'node:crypto';
import { formatInstant, parseInstant } from '@cairn/clock/calendar.ts';
import { parseDuration } from '@cairn/contracts/duration.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { Delivery, DeliveryCommand } from '@cairn/contracts/generated/delivery.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import { ProblemError, notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { Express, Request } from 'express';
import { formatSchedule, readEndpointInput } from '../core/deliver/endpoint-settings.ts';
import type { EndpointInput, Fault } from '../core/deliver/endpoint-settings.ts';
import { reportEndpoint } from '../core/deliver/endpoint-report.ts';
import { testDelivery } from '../core/deliver/request-delivery.ts';
import { asymmetricKeyText, parseSigningKey, publicKeyText, symmetricKeyText } from '../core/deliver/sign.ts';
import { FORBIDDEN } from '../core/deliver/webhook-target.ts';
import type { DeliveriesView } from './deliveries-view.ts';
import { replayMissing } from './replay-missing.ts';
import type { SecretBox } from './secrets.ts';
import { RESERVED_HEADERS } from './send-webhook.ts';
import type { VetTarget } from './vet-address.ts';

/**
 * `/api/endpoints` and `/api/deliveries`: makes and changes endpoints (through `control`), passes on what people ask of deliveries
 * (through `delivery-inbox`), lists what became of them (from the view). Never decides about a delivery.
 */
export interface EndpointRoutesDeps {
  ports: Ports;
  secrets: SecretBox;
  vet: VetTarget;
  view: DeliveriesView;
  /** `host:port` entries of CAIRN_WEBHOOK_ALLOW. */
  allow: readonly string[];
  /** Of endpoints that name none, ms. */
  retryScheduleMs: readonly number[];
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
/** A name server that hangs must not hold the answer: the sender will find out. */
const VET_MS = 3_000;
const PAGE_DEFAULT = 100;
const PAGE_MAX = 500;
const DELIVERY_STATES: ReadonlySet<string> = new Set([
  'pending',
  'delivered',
  'exhausted',
  'expired',
  'suppressed',
  'superseded',
  'aborted',
  'failed',
]);

export function createEndpointRoutes(deps: EndpointRoutesDeps): Routes {
  const { ports, secrets, view } = deps;
  const context = { allow: deps.allow, defaultSchedule: deps.retryScheduleMs, reservedHeaders: RESERVED_HEADERS };

  function endpointOf(workspace: string, request: Request): Endpoint {
    const endpoint = ports.control.endpoint(workspace, String(request.params['id']));
    if (!endpoint) throw notFound('endpoint');
    return endpoint;
  }

  /** Read and vetted; throws a problem that names every field at fault. */
  async function readInput(request: Request, required: readonly (keyof EndpointInput)[]): Promise<EndpointInput> {
    const { input, faults } = readEndpointInput(request.body, context);
    for (const name of required)
      if (input[name] === undefined && !faults.some((fault) => fault.path === name || fault.path === ''))
        faults.push({ path: name, message: 'is missing' });
    if (input.secret !== undefined)
      try {
        parseSigningKey(input.secret);
      } catch (error) {
        faults.push({ path: 'secret', message: (error as Error).message });
      }
    if (input.url !== undefined && faults.length === 0) {
      const vetted = await Promise.race([deps.vet(input.url), ports.clock.sleep(VET_MS).then(() => null)]);
      // A name that does not resolve yet may do so later; a forbidden one answers like any other forbidden target.
      if (vetted && !vetted.ok && vetted.code === 'target_forbidden') faults.push({ path: 'url', message: FORBIDDEN });
    }
    refuse(faults);
    return input;
  }

  async function put(endpoint: Endpoint): Promise<void> {
    const change = { type: 'endpoint.put', workspace: endpoint.workspace, endpoint, at: ports.clock.now() } as const;
    await ports.control.put(change);
    // The inbox gets its copy from the control task too; this one is there before whatever the caller does next.
    await ports.log.append([inboxRecord(endpoint, change)]);
  }

  function inboxRecord(endpoint: Pick<Endpoint, 'workspace' | 'id'>, value: unknown) {
    const key = keyOf.endpoint(endpoint.workspace, endpoint.id);
    const topic = 'delivery-inbox';
    return { topic, partition: partitionOf(key, ports.log.partitions(topic)), key, value: encodeJson(value) };
  }

  async function command(
    endpoint: Endpoint,
    name: DeliveryCommand['command'],
    by: string,
    more: Partial<DeliveryCommand> = {},
  ): Promise<DeliveryCommand> {
    const at = ports.clock.now();
    const asked: DeliveryCommand = {
      type: 'delivery.command',
      workspace: endpoint.workspace,
      commandId: idOf('cmd', endpoint.id, randomBytes(16).toString('hex')),
      endpointId: endpoint.id,
      command: name,
      deliveryId: null,
      since: null,
      by,
      at,
      ...more,
    };
    await ports.log.append([inboxRecord(endpoint, asked)]);
    return asked;
  }

  function sealKey(endpointId: string, text: string): Endpoint['secrets'][number] {
    return { key: secrets.seal(text, endpointId), scheme: parseSigningKey(text).scheme, until: null };
  }

  function sealHeaders(endpointId: string, headers: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, secrets.seal(text, endpointId)]));
  }

  /** As the API answers it: no secret, no header's value. */
  function shown(endpoint: Endpoint): Record<string, unknown> {
    const { secrets: keys, headers, schedule, createdAt, version: _version, workspace: _workspace, ...rest } = endpoint;
    const current = keys.find((key) => key.until === null);
    const publicKey =
      current?.scheme === 'v1a' ? publicKeyText(parseSigningKey(secrets.open(current.key, endpoint.id))) : undefined;
    return {
      ...rest,
      concurrency: endpoint.concurrency ?? null,
      schedule: formatSchedule(schedule),
      headers: Object.fromEntries(Object.keys(headers).map((name) => [name, '[set]'])),
      signing: current?.scheme ?? null,
      ...(publicKey ? { publicKey } : {}),
      createdAt: formatInstant(createdAt),
    };
  }

  function routes(app: Express): void {
    app.post('/api/endpoints', async (request, response) => {
      const { workspace } = authorise(ports, request, 'admin');
      const input = await readInput(request, ['url']);
      if (ports.control.endpoints(workspace).length >= ENDPOINTS_MAX)
        throw new ProblemError({
          status: 409,
          code: 'too-many-endpoints',
          title: `A workspace has at most ${ENDPOINTS_MAX} endpoints`,
        });
      const id = idOf('ep', workspace, randomBytes(16).toString('hex'));
      const secret = input.secret ?? newKey(input.preset === 'ed25519' ? 'v1a' : 'v1');
      const endpoint: Endpoint = {
        id,
        workspace,
        url: input.url!,
        types: input.types ?? ['*'],
        secrets: [sealKey(id, secret)],
        preset: input.preset ?? null,
        fifo: input.fifo ?? false,
        rateLimit: input.rateLimit ?? null,
        concurrency: input.concurrency ?? null,
        schedule: input.schedule ?? [...deps.retryScheduleMs],
        state: 'enabled',
        disabledReason: null,
        headers: sealHeaders(id, input.headers ?? {}),
        createdAt: ports.clock.now(),
        version: 1,
      };
      await put(endpoint);
      response.status(201).json({ ...shown(endpoint), secret });
    });

    app.get('/api/endpoints', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const all = [...ports.control.endpoints(workspace)].sort(
        (a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1),
      );
      const { limit, cursor } = pageOf(request);
      const from = cursor === undefined ? 0 : all.findIndex((endpoint) => endpoint.id === cursor) + 1;
      const page = all.slice(from, from + limit);
      response.json({ items: page.map(shown), next: from + limit < all.length ? page.at(-1)!.id : null });
    });

    app.get('/api/endpoints/:id', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      response.json(shown(endpointOf(workspace, request)));
    });

    app.patch('/api/endpoints/:id', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      endpointOf(workspace, request);
      const { secret, headers, ...input } = await readInput(request, []);
      if (secret !== undefined) refuse([{ path: 'secret', message: 'is changed by POST …/rotate' }]);
      // Looked up again: vetting took its time.
      const before = endpointOf(workspace, request);
      const endpoint: Endpoint = {
        ...before,
        ...input,
        ...(headers ? { headers: sealHeaders(before.id, headers) } : {}),
        disabledReason: disabledReason(before, input.state, name),
        version: before.version + 1,
      };
      await put(endpoint);
      response.json(shown(endpoint));
    });

    app.delete('/api/endpoints/:id', async (request, response) => {
      const { workspace } = authorise(ports, request, 'admin');
      const { id } = endpointOf(workspace, request);
      const change = { type: 'endpoint.removed', workspace, id, at: ports.clock.now() } as const;
      await ports.control.put(change);
      await ports.log.append([inboxRecord({ workspace, id }, change)]);
      response.status(204).end();
    });

    app.post('/api/endpoints/:id/rotate', async (request, response) => {
      const { workspace } = authorise(ports, request, 'admin');
      const before = endpointOf(workspace, request);
      const body = bodyOf(request);
      const now = ports.clock.now();
      const until = now + overlapOf(body['overlap']);
      const given = await readInput(request, []);
      const current = before.secrets.find((key) => key.until === null);
      const secret = given.secret ?? newKey(current?.scheme ?? 'v1');
      const old = before.secrets
        .map((key) => ({ ...key, until: Math.min(key.until ?? until, until) }))
        .filter((key) => key.until > now);
      const endpoint: Endpoint = {
        ...before,
        secrets: [sealKey(before.id, secret), ...old].slice(0, KEYS_MAX),
        version: before.version + 1,
      };
      await put(endpoint);
      response.json({ ...shown(endpoint), secret });
    });

    app.post('/api/endpoints/:id/enable', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      const before = endpointOf(workspace, request);
      const since =
        bodyOf(request)['recover'] === undefined
          ? null
          : sinceOf(bodyOf(request)['recover'], 'recover', ports.clock.now());
      const endpoint: Endpoint = { ...before, state: 'enabled', disabledReason: null, version: before.version + 1 };
      await put(endpoint);
      if (since !== null) await command(endpoint, 'recover', name, { since });
      response.json(shown(endpoint));
    });

    app.post('/api/endpoints/:id/test', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      const endpoint = enabled(endpointOf(workspace, request));
      const asked = await command(endpoint, 'test', name);
      response.status(202).json(pendingOf(testDelivery(asked), asked.at));
    });

    app.post('/api/endpoints/:id/recover', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      const endpoint = enabled(endpointOf(workspace, request));
      const since = sinceOf(bodyOf(request)['since'], 'since', ports.clock.now());
      const { commandId } = await command(endpoint, 'recover', name, { since });
      response.status(202).json({ commandId });
    });

    app.post('/api/endpoints/:id/replay-missing', async (request, response) => {
      const { workspace } = authorise(ports, request, 'admin');
      const endpoint = enabled(endpointOf(workspace, request));
      const since = sinceOf(bodyOf(request)['since'], 'since', ports.clock.now());
      const requests = await replayMissing(ports.log, endpoint, since, (batch) =>
        ports.log.append(batch.map((asked) => inboxRecord(endpoint, asked))),
      );
      response.status(202).json({ requested: requests });
    });

    app.get('/api/endpoints/:id/deliveries', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const { id } = endpointOf(workspace, request);
      const state = request.query['state'];
      if (state !== undefined && (typeof state !== 'string' || !DELIVERY_STATES.has(state)))
        refuse([{ path: 'state', message: `must be one of ${[...DELIVERY_STATES].join(', ')}` }], 400);
      response.json(view.list(workspace, id, { state: state as string | undefined, ...pageOf(request) }));
    });

    app.get('/api/endpoints/:id/health', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const { id, state, disabledReason } = endpointOf(workspace, request);
      const { deliveries, last } = view.endpoint(workspace, id);
      response.json({ id, state, disabledReason, ...reportEndpoint(deliveries, last, ports.clock.now()) });
    });

    app.post('/api/deliveries/:id/resend', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      const delivery = view.get(workspace, String(request.params['id']));
      const endpoint = delivery && ports.control.endpoint(workspace, delivery.endpointId);
      if (!delivery || !endpoint) throw notFound('delivery');
      enabled(endpoint);
      await command(endpoint, 'resend', name, { deliveryId: delivery.id });
      response.status(202).json(delivery);
    });
  }

  return {
    claims: (_method, path) => /^\/api\/(endpoints|deliveries)(\/|$)/.test(path),
    routes,
  };
}

function newKey(scheme: 'v1' | 'v1a'): string {
  return scheme === 'v1a' ? asymmetricKeyText(randomBytes(32)) : symmetricKeyText(randomBytes(32));
}

function pendingOf(request: ReturnType<typeof testDelivery>, at: number): Delivery {
  const { deliveryId: id, workspace, endpointId, factType: type, factId, journeyId } = request;
  const when = formatInstant(at);
  return {
    id,
    workspace,
    endpointId,
    type,
    factId,
    journeyId,
    state: 'pending',
    attempts: [],
    nextAttemptAt: when,
    createdAt: when,
  };
}

function disabledReason(before: Endpoint, state: Endpoint['state'] | undefined, by: string): string | null {
  if (state === undefined || state === before.state) return before.disabledReason;
  return state === 'disabled' ? `disabled by ${by}` : null;
}

function enabled(endpoint: Endpoint): Endpoint {
  if (endpoint.state === 'enabled') return endpoint;
  throw new ProblemError({
    status: 409,
    code: 'endpoint-disabled',
    title: 'The endpoint is disabled',
    ...(endpoint.disabledReason ? { detail: endpoint.disabledReason } : {}),
  });
}

/** An absent body is an empty one. */
function bodyOf(request: Request): Record<string, unknown> {
  const body: unknown = request.body ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    refuse([{ path: '', message: 'must be a JSON object' }]);
  return body as Record<string, unknown>;
}

function overlapOf(value: unknown): number {
  if (value === undefined || value === null) return OVERLAP_MS_DEFAULT;
  const duration = typeof value === 'string' ? parseDuration(value) : null;
  if (!duration || !('ms' in duration) || duration.ms > OVERLAP_MS_MAX)
    refuse([{ path: 'overlap', message: 'must be a duration from 0 to 7 days, such as 24 hours' }]);
  return (duration as { ms: number }).ms;
}

function sinceOf(value: unknown, path: string, now: number): number {
  const at = typeof value === 'string' ? parseInstant(value) : null;
  if (at === null || at > now)
    refuse([{ path, message: 'must be a time in the past, such as 2026-01-31T08:00:00.000Z' }]);
  return at!;
}

function pageOf(request: Request): { limit: number; cursor: string | undefined } {
  const { limit, cursor } = request.query;
  const number = limit === undefined ? PAGE_DEFAULT : Number(limit);
  if (!Number.isInteger(number) || number < 1 || number > PAGE_MAX)
    refuse([{ path: 'limit', message: `must be a whole number from 1 to ${PAGE_MAX}` }], 400);
  return { limit: number, cursor: typeof cursor === 'string' ? cursor : undefined };
}

function refuse(faults: readonly Fault[], status = 422): void {
  if (faults.length === 0) return;
  const detail = faults.map((fault) => `${fault.path || 'the body'} ${fault.message}`).join('; ');
  throw new ProblemError({
    status,
    code: 'invalid-request',
    title: 'The request cannot be carried out as it is',
    detail,
    errors: faults,
  });
}
