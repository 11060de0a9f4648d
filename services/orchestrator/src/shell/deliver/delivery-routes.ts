import { formatInstant } from '@cairn/clock/calendar.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { Delivery, DeliveryCommand } from '@cairn/contracts/generated/delivery.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import { sendResource } from '@cairn/service-kit/etag.ts';
import { ProblemError, notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { Express } from 'express';
import { isKept } from '../../core/deliver/kept.ts';
import { reportEndpoint } from '../../core/deliver/endpoint-report.ts';
import { testDelivery } from '../../core/deliver/request-delivery.ts';
import type { DeliveriesView } from './deliveries-view.ts';
import type { EndpointWriter } from '../control/endpoint-writer.ts';
import { replayMissing } from './replay-missing.ts';
import { showRequest, withoutErased } from './shown-request.ts';
import type { Idempotency } from '../control/idempotency.ts';
import { bodyOf, endpointOf, pageOf, refuse, sinceOf } from '../control/request-parts.ts';

/** What people ask of deliveries (passed on through the inbox) and what became of them (from the view). Decides nothing about a delivery. */
export interface DeliveryRoutesDeps {
  idempotency: Idempotency;
  ports: Ports;
  writer: EndpointWriter;
  view: DeliveriesView;
}

const STATES: ReadonlySet<string> = new Set<Delivery['state']>([
  'pending',
  'delivered',
  'exhausted',
  'expired',
  'suppressed',
  'superseded',
  'aborted',
  'failed',
]);

const DELIVERY_ID = /^msg_[\w-]{1,100}$/;

export interface DeliveryRoutes {
  routes(app: Express): void;
  /** Asks for what the endpoint never had since then. Resolves to how many. */
  replay(endpoint: Endpoint, since: number): Promise<number>;
}

export function createDeliveryRoutes({ ports, writer, view, idempotency }: DeliveryRoutesDeps): DeliveryRoutes {
  const replay = (endpoint: Endpoint, since: number): Promise<number> =>
    replayMissing(
      ports.log,
      endpoint,
      since,
      (batch) => ports.log.append(batch.map((asked) => writer.inboxRecord(endpoint, asked))),
      ports.control.erased(endpoint.workspace),
    );
  const withoutThose = (delivery: Delivery): Promise<Delivery> =>
    withoutErased(ports.log, delivery, ports.control.erased(delivery.workspace));

  function routes(app: Express): void {
    app.post('/api/endpoints/:id/test', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      const endpoint = enabled(endpointOf(ports, workspace, request));
      await idempotency.answer(request, response, workspace, async (idempotencyKey) => ({
        status: 202,
        body: pendingTest(await writer.command(endpoint, 'test', name, { idempotencyKey })),
      }));
    });

    app.post('/api/endpoints/:id/recover', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      const endpoint = enabled(endpointOf(ports, workspace, request));
      const since = sinceOf(bodyOf(request)['since'], 'since', ports.clock.now());
      await idempotency.answer(request, response, workspace, async (idempotencyKey) => {
        const { commandId } = await writer.command(endpoint, 'recover', name, { since, idempotencyKey });
        return { status: 202, body: { commandId } };
      });
    });

    app.post('/api/endpoints/:id/replay-missing', async (request, response) => {
      const { workspace } = authorise(ports, request, 'admin');
      const endpoint = enabled(endpointOf(ports, workspace, request));
      const since = sinceOf(bodyOf(request)['since'], 'since', ports.clock.now());
      await idempotency.answer(request, response, workspace, async () => ({
        status: 202,
        body: { requested: await replay(endpoint, since) },
      }));
    });

    app.get('/api/endpoints/:id/deliveries', async (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const { id } = endpointOf(ports, workspace, request);
      const { state } = request.query;
      const states = typeof state === 'string' ? state.split(',') : state === undefined ? undefined : [];
      if (states && (states.length === 0 || !states.every((one) => STATES.has(one))))
        refuse([{ path: 'state', message: `must be of ${[...STATES].join(', ')}, separated by commas` }], 400);
      const page = pageOf(request);
      if (page.cursor !== undefined && !DELIVERY_ID.test(page.cursor))
        refuse([{ path: 'cursor', message: 'must be one that this list gave out' }], 400);
      const { items, next } = await view.list(workspace, id, { states: states && new Set(states), ...page });
      response.json({ items: (await Promise.all(items.map(withoutThose))).map(shown), next });
    });

    app.get('/api/endpoints/:id/health', (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const { id, state, disabledReason } = endpointOf(ports, workspace, request);
      const { deliveries, last } = view.endpoint(workspace, id);
      response.json({ id, state, disabledReason, ...reportEndpoint(deliveries, last, ports.clock.now()) });
    });

    app.post('/api/deliveries/:id/resend', async (request, response) => {
      const { workspace, name } = authorise(ports, request, 'admin');
      const delivery = await view.get(workspace, String(request.params['id']));
      const endpoint = delivery && ports.control.endpoint(workspace, delivery.endpointId);
      if (!delivery || !endpoint) throw notFound('delivery');
      enabled(endpoint);
      if (!isKept(delivery, ports.clock.now()))
        throw new ProblemError({
          status: 409,
          code: 'no-longer-kept',
          title: 'What was delivered can be sent again for a day, what was not for seven',
        });
      await idempotency.answer(request, response, workspace, async (key) => {
        const idempotencyKey = key === null ? null : `${delivery.id} ${key}`;
        await writer.command(endpoint, 'resend', name, { deliveryId: delivery.id, idempotencyKey });
        return { status: 202, body: shown(await withoutThose(delivery)) };
      });
    });

    app.get('/api/deliveries/:id', async (request, response) => {
      const { workspace } = authorise(ports, request, 'read');
      const delivery = await view.get(workspace, String(request.params['id']));
      const endpoint = delivery && ports.control.endpoint(workspace, delivery.endpointId);
      if (!delivery || !endpoint) throw notFound('delivery');
      sendResource(request, response, {
        ...shown(await withoutThose(delivery)),
        request: await showRequest(ports.log, endpoint, delivery, ports.control.erased(workspace)),
      });
    });
  }

  return { routes, replay };
}

/** Where it came from is our own business. */
function shown({ source: _source, ...delivery }: Delivery): Omit<Delivery, 'source'> {
  return delivery;
}

/** The delivery that a test event will be. */
function pendingTest(asked: DeliveryCommand): Delivery {
  const { deliveryId: id, workspace, endpointId, factType: type, factId, journeyId } = testDelivery(asked);
  const at = formatInstant(asked.at);
  return {
    id,
    workspace,
    endpointId,
    type,
    factId,
    journeyId,
    state: 'pending',
    attempts: [],
    nextAttemptAt: at,
    createdAt: at,
  };
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
