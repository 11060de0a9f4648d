import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf } from '@cairn/service-kit/http-front.ts';
import type { Ports, RunningService } from '@cairn/service-kit/service.ts';
import type { IngestConfig } from './config.ts';
import { answerEarly, answerPreflight, NO_SUCH_PATH, notAllowed, UNAVAILABLE, type Fault } from './shell/answer.ts';
import { createAppendAdmitted } from './shell/append-admitted.ts';
import { createImportRoute } from './shell/import-routes.ts';
import { createBodyReader } from './shell/read-body.ts';
import { createSegmentRoute, SEGMENT_PATHS } from './shell/segment-routes.ts';
import { createSettingsRoute, isSettingsPath } from './shell/settings-route.ts';
import { createSourceMappers } from './shell/source-mappers.ts';
import { createSourceRoute, sourceIdOf } from './shell/source-routes.ts';
import { createWriteKeys } from './shell/write-key.ts';

/** ADMIT: touchpoints in over HTTP, admitted or refused, durable before they are acknowledged. */
export async function startIngest(ports: Ports, config: IngestConfig): Promise<RunningService> {
  const { log, clock, logger, metrics, control } = ports;
  const keys = createWriteKeys(control, clock);
  const bodies = createBodyReader(clock, config);
  const appender = createAppendAdmitted({ log, clock, metrics });
  const nextRequestId = createRequestIds(() => clock.random());
  const handleSegmentCall = createSegmentRoute({ ...ports, keys, bodies, appender, nextRequestId });
  const imports = createImportRoute({ ...ports, keys, appender });
  const mappers = createSourceMappers(clock);
  const sources = createSourceRoute({ ...ports, keys, bodies, appender, mappers, nextRequestId });
  const handleSettings = createSettingsRoute(keys);
  const heldBytes = metrics.gauge('cairn_ingest_held_bytes', 'Bytes of request bodies in memory');
  const stopGauge = clock.every(GAUGE_MS, () => heldBytes.set(bodies.bytesHeld()));
  let stopping = false;
  logger.info({ event: 'ingest.started' });

  function route(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request.url ?? '/');
    if (request.method === 'POST') {
      if (stopping) return answerEarly(request, response, UNAVAILABLE, clock);
      const call = SEGMENT_PATHS.get(path);
      if (call) return handleSegmentCall(call, request, response);
      if (path === '/v1/import') return imports.handle(request, response);
      const source = sourceIdOf(path);
      if (source !== null) return sources.handle(source, request, response);
    }
    if (request.method === 'OPTIONS') return answerPreflight(response);
    if (request.method === 'GET' && isSettingsPath(path)) return handleSettings(path, request, response);
    answerEarly(request, response, refusalOf(path), clock);
  }

  return {
    name: 'ingest',
    http: {
      watchesBodies: true,
      claims: (_method, path) => path.startsWith('/v1/'),
      handle(request, response) {
        if (keys.ofHeader(request) !== null) return route(request, response);
        // Another node may have given the key out a moment ago.
        void control.heard().then(() => route(request, response));
      },
    },
    ready: () => !stopping && log.healthy() && control.ready(),
    async stop() {
      stopping = true;
      await imports.stop();
      await mappers.stop();
      await appender.idle();
      bodies.stop();
      keys.stop();
      stopGauge();
      logger.info({ event: 'ingest.stopped' });
    },
  };
}

const GAUGE_MS = 1_000;

/** A path that is there by another method says which. */
function refusalOf(path: string): Fault {
  if (SEGMENT_PATHS.has(path) || path === '/v1/import' || sourceIdOf(path) !== null) return notAllowed('POST');
  return isSettingsPath(path) ? notAllowed('GET') : NO_SUCH_PATH;
}

/** Unique over restarts: 100 random bits for the process, then a count. */
function createRequestIds(random: () => number): () => string {
  const instance = `${Math.floor(random() * 2 ** 50).toString(36)}${Math.floor(random() * 2 ** 50).toString(36)}`;
  let count = 0;
  return () => `${instance}-${(count++).toString(36)}`;
}
