/**
 * The thread of the tasks: stitch, advance, deliver. Requests are answered on the main thread, so that a burst of touchpoints
 * being stitched delays nobody's POST. The few routes of these services listen on a socket in the data directory; the main thread
 * passes requests on to it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { createHttpFront } from '@cairn/service-kit/http-front.ts';
import { stopAll } from '@cairn/service-kit/lifecycle.ts';
import { readOrchestratorConfig } from '@cairn/orchestrator/config.ts';
import { startOrchestrator } from '@cairn/orchestrator/service.ts';
import { readStitcherConfig } from '@cairn/stitcher/config.ts';
import { startStitcher } from '@cairn/stitcher/service.ts';
import { openPorts, type PortsTarget } from './open-ports.ts';

export interface TasksWorkerData {
  ports: PortsTarget;
  socketPath: string;
  env: Readonly<Record<string, string | undefined>>;
}

const port = parentPort!;
const { ports: target, socketPath, env } = workerData as TasksWorkerData;
const { ports, close } = await openPorts(target);
const services = [
  await startStitcher(ports, readStitcherConfig()),
  await startOrchestrator(ports, readOrchestratorConfig(env)),
];
const front = createHttpFront({
  socketPath,
  services,
  clock: systemClock,
  metrics: ports.metrics,
  logger: ports.logger,
});
await front.listen();

port.on('message', (message: 'stop') => {
  if (message !== 'stop') return;
  stopAll({ logger: ports.logger, clock: systemClock, front, services, finish: close }).then(
    // Ends this thread, whatever handles a library left open.
    (complete) => process.exit(complete ? 0 : 1),
    () => process.exit(1),
  );
});
port.postMessage('ready');
