/** Live-feed *shows*: the table of contents. Facts → view → hub → sockets; the read API and the dashboard beside them. */
import { createAnswers } from '@cairn/service-kit/await-answer.ts';
import { createExpressApp } from '@cairn/service-kit/express-app.ts';
import { pathOf } from '@cairn/service-kit/http-front.ts';
import type { Ports, RunningService } from '@cairn/service-kit/service.ts';
import type { LiveFeedConfig } from './config.ts';
import { addAlertBudgetRoutes } from './shell/alert-budget-routes.ts';
import { addAlertReportRoutes } from './shell/alert-report-routes.ts';
import { addActionRoutes, pickActionAnswer } from './shell/action-routes.ts';
import { addAlertCommandRoutes, pickAlertAnswer } from './shell/alert-command-routes.ts';
import { createReaderPositions } from './shell/backlogs.ts';
import { addBoardRoutes } from './shell/board-routes.ts';
import { createChannelHistory } from './shell/channel-history.ts';
import { addDeadLetterRoutes } from './shell/dead-letter-routes.ts';
import { addDeliveryReportRoutes } from './shell/delivery-report-routes.ts';
import { createEpochOf, originOf } from './shell/epoch.ts';
import { createFeed } from './shell/feed.ts';
import { createFeedMetrics } from './shell/feed-metrics.ts';
import { followJourneys } from './shell/follow-journeys.ts';
import { addDryRunRoutes } from './shell/dry-run-routes.ts';
import { addHistoryRoutes } from './shell/history-routes.ts';
import { createHub } from './shell/hub.ts';
import { addLoginRoutes } from './shell/login-routes.ts';
import { startOperations } from './shell/operations.ts';
import { createOriginCheck } from './shell/origin-check.ts';
import { addReadRoutes } from './shell/read-routes.ts';
import { createReadRecords } from './shell/read-records.ts';
import { createRecentRecords } from './shell/recent-records.ts';
import { createSessions } from './shell/sessions.ts';
import { createTakeSnapshot } from './shell/snapshot.ts';
import { createSseRoutes } from './shell/sse-routes.ts';
import { createStaticFiles } from './shell/static-files.ts';
import { createReadTimeline } from './shell/touchpoint-history.ts';
import { createThroughput } from './shell/throughput.ts';
import { openView } from './shell/view.ts';
import { addTouchpointExportRoutes } from './shell/touchpoint-export-routes.ts';
import { createFeedSockets } from './shell/websocket-server.ts';

export async function startLiveFeed(ports: Ports, config: LiveFeedConfig): Promise<RunningService> {
  const { log, clock, logger, metrics, control } = ports;
  const view = openView(config.viewPath, originOf(control), clock, logger);
  const hub = createHub(clock);
  const recent = createRecentRecords();
  const readRecords = createReadRecords(log, recent);
  const sessions = createSessions(clock, control);
  const counted = createFeedMetrics(metrics, clock, { hub, sessions, view });
  const following = await followJourneys({ log, clock, logger, view, hub, recent, ...counted });
  const positions = createReaderPositions({
    log,
    view: view.offsets,
    ...(config.historyPassed ? { history: config.historyPassed } : {}),
  });
  const throughput = createThroughput(log, positions);
  const operations = startOperations({ hub, clock, throughput, connections: sessions.countOf });

  const epochOf = createEpochOf(control);
  const isAllowedOrigin = createOriginCheck(config.allowedOrigins);
  const ready = (): boolean => following.caughtUp() && view.store.healthy();
  const history = createChannelHistory(view, readRecords);
  const takeSnapshot = createTakeSnapshot(view, clock, operations.latest);
  const feed = createFeed({
    hub,
    history,
    takeSnapshot,
    clock,
    ...(config.between ? { between: config.between } : {}),
  });
  const door = { feed, hub, sessions, clock, control, logger, epochOf, isAllowedOrigin, ready: following.caughtUp };
  const sockets = createFeedSockets({ ...door, acceptPerSecond: config.acceptPerSecond });
  const sse = createSseRoutes(door);

  const answers = await createAnswers(log, clock, ['alerts'], (_record, message) => pickAlertAnswer(message));
  const actionAnswers = await createAnswers(log, clock, ['actions'], (_record, message) => pickActionAnswer(message));
  const readTimeline = createReadTimeline(view, readRecords, config.touchpointHistory);
  const files = await createStaticFiles(config.dashboardPath);
  const app = createExpressApp({ logger, clock, control }, (routes) => {
    addAlertReportRoutes(routes, { view, clock, control });
    addAlertBudgetRoutes(routes, { view, clock, control });
    addReadRoutes(routes, { view, clock, control, readTimeline });
    addBoardRoutes(routes, { view, clock, control });
    addDeadLetterRoutes(routes, { ports, view });
    addAlertCommandRoutes(routes, { ports, view, answers });
    addActionRoutes(routes, { ports, view, answers: actionAnswers });
    addLoginRoutes(routes, { control, clock });
    addHistoryRoutes(routes, { control, clock, view, insight: config.journeyInsight });
    addDeliveryReportRoutes(routes, { control, clock, history: config.deliveryHistory });
    addDryRunRoutes(routes, {
      control,
      clock,
      touchpoints: config.touchpointExport,
      newest: config.newestTouchpoints,
      hasJourney: (workspace, id) => view.journeys.head(workspace, id) !== undefined,
    });
    addTouchpointExportRoutes(routes, { control, clock, touchpoints: config.touchpointExport });
  });

  return {
    name: 'live-feed',
    http: {
      claims: (method, path) => isFeedPath(path) || isApiPath(path) || files.claims(method, path),
      handle(request, response) {
        const path = pathOf(request.url ?? '/');
        if (path === '/live/sse' || path === '/live/history') sse.handle(request, response, path);
        else if (isApiPath(path) || path === '/live') app(request, response);
        else files.handle(request, response, path);
      },
      upgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    },
    ready,
    async stop() {
      sse.drain();
      await sockets.drain();
      operations.stop();
      sessions.stop();
      await answers.stop();
      await actionAnswers.stop();
      await following.stop();
      hub.stop();
      await view.store.close();
    },
  };
}

const isFeedPath = (path: string): boolean => path === '/live' || path === '/live/sse' || path === '/live/history';

/** Other services answer under `/api` too, and are asked first; what nobody knows is a 404 here. */
const isApiPath = (path: string): boolean => path.startsWith('/api/') || path === '/login' || path === '/logout';
