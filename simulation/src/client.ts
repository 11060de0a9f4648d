import type { Ingest } from './services.ts';
import type { Call } from './traffic.ts';
import type { World } from './world.ts';

/** The SDKs of the buyers' devices: send each call, again until it is acknowledged, and sometimes once more though it was. */
export interface Clients {
  start(world: World, calls: readonly ClientCall[]): void;
  acknowledged(): ReadonlySet<string>;
}

export type ClientCall = Pick<Call, 'workspace' | 'sentAt' | 'repeatedAt' | 'body'>;

/** An SDK waits this long for an answer, then sends the same call again. */
const TIMEOUT_MS = 3_000;
const RETRY_MS = 1_000;

export function createClients(onError: (error: unknown) => void): Clients {
  const acknowledged = new Set<string>();

  async function send(world: World, call: ClientCall): Promise<void> {
    for (;;) {
      const ingest = world.process('ingest-1')?.service as Ingest | null | undefined;
      if (ingest) {
        const answered = ingest.post(call.workspace, call.body).then(
          () => true,
          () => false,
        );
        const givenUp = new AbortController();
        const timeout = world.clock.sleep(TIMEOUT_MS, givenUp.signal).then(
          () => false,
          () => false,
        );
        const done = await Promise.race([answered, timeout]);
        givenUp.abort();
        if (done) {
          acknowledged.add(call.body.messageId);
          return;
        }
      }
      await world.clock.sleep(RETRY_MS);
    }
  }

  return {
    acknowledged: () => acknowledged,
    start(world, calls) {
      const at = (ms: number, call: ClientCall): void =>
        void world.clock.after(ms - world.clock.now(), () => void send(world, call).catch(onError));
      for (const call of calls) {
        at(call.sentAt, call);
        if (call.repeatedAt !== null) at(call.repeatedAt, call);
      }
    },
  };
}
