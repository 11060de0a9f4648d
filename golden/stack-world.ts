/**
 * Stories through the product as one process has it: the services themselves, on LMDB, with the control topic, the live feed's view and chDB; all
 * but the clock, which stands until the story moves it. Waits stay in real time, as in the demo: only `now` is the story's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoryFact, StoryWorld } from '@cairn/cli/stories/run-story.ts';
import { STORY_WORKSPACE } from '@cairn/cli/stories/run-story.ts';
import { topicConfigs } from '@cairn/cli/embedded/open-log.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { AlertCommand } from '@cairn/contracts/generated/alert.ts';
import type { IdentityCommand } from '@cairn/contracts/generated/identity.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import { readOrchestratorConfig } from '@cairn/orchestrator/config.ts';
import { startOrchestrator } from '@cairn/orchestrator/service.ts';
import { awaitDefinitionLive } from '@cairn/orchestrator/shell/control/definition-live.ts';
import { createAnswers } from '@cairn/service-kit/await-answer.ts';
import { startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { startStitcher } from '@cairn/stitcher/service.ts';

export interface Stack {
  ports: Ports;
  dataDir: string;
}

const FACTS = ['journeys', 'alerts', 'actions'] as const;
const ANSWER_WITHIN_MS = 30_000;
/** Due timers are looked for this often once a story's time has moved. */
const IDLE_WAIT_MS = 5;

/** `atEnd` meets the stack while it still runs. */
export function createStackWorld(
  atEnd: (stack: Stack) => Promise<void> = async () => {},
): (startAt: number, onFact: (fact: StoryFact) => void) => Promise<StoryWorld> {
  return async (startAt, onFact) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'cairn-golden-'));
    let now = startAt;
    const clock: Clock = { ...systemClock, now: () => now, idleWaitMs: IDLE_WAIT_MS };
    const log = await createLmdbLog({ path: join(dataDir, 'log'), topics: topicConfigs('embedded'), clock });
    const control = await startControlMirror(log, systemClock);
    const ports: Ports = { log, clock, logger: silentLogger(), metrics: createMetrics(), control };
    const services = [
      await startStitcher(ports, {}),
      await startOrchestrator(ports, readOrchestratorConfig({ CAIRN_DATA_DIR: dataDir })),
    ];
    const answers = await createAnswers<true>(log, systemClock, ['identities', 'alerts'], (_record, message) => {
      const { type, commandId } = message as { type?: string; commandId?: string };
      return commandId !== undefined && (type === 'command.answered' || type === 'command.refused')
        ? { commandId, fact: true }
        : null;
    });
    const read = new Map<string, bigint>();
    let questions = 0;

    const append = (topic: string, partition: number, key: string, value: unknown): Promise<void> =>
      log.append([{ topic, partition, key, value: encodeJson(value) }]);

    /** A command that is refused is answered after all that came before it, and after the timers that were due. */
    async function answered(topic: string, partition: number, key: string, command: AlertCommand | IdentityCommand) {
      const answer = answers.of(command.commandId, ANSWER_WITHIN_MS);
      await append(topic, partition, key, command);
      await answer;
    }
    const asking = () => ({ workspace: STORY_WORKSPACE, commandId: `ask-${++questions}`, by: 'story', at: now });
    const askStitcher = (): Promise<void> =>
      answered('touchpoints', 0, keyOf.workspace(STORY_WORKSPACE), {
        ...asking(),
        type: 'identity.command',
        command: 'merge',
        params: { from: 'nobody', into: 'no one' },
      });
    const askAdvance = (partition: number): Promise<void> =>
      answered('journey-inbox', partition, keyOf.subject(STORY_WORKSPACE, `nobody-${partition}`), {
        ...asking(),
        type: 'alert.command',
        alertId: 'alr_none',
        journeyId: 'jrn_none',
        command: 'acknowledge',
        until: null,
        verdict: null,
      });

    /** Hand-overs go from partition to partition: it is quiet once asking has brought nothing but the questions. */
    async function quiet(): Promise<void> {
      for (;;) {
        const before = await log.offsets('journey-inbox');
        await Promise.all(before.map(({ partition }) => askAdvance(partition)));
        const after = await log.offsets('journey-inbox');
        if (after.every(({ next }, index) => next === before[index]!.next + 1n)) return tell();
      }
    }

    async function tell(): Promise<void> {
      for (const topic of FACTS)
        for (const { partition, next } of await log.offsets(topic)) {
          const place = `${topic}/${partition}`;
          let from = read.get(place) ?? 0n;
          while (from < next) {
            const records = await log.read(topic, partition, from, 500);
            if (records.length === 0) break;
            for (const { value } of records) {
              const fact = value && (decodeJson(value) as StoryFact | { type: 'command.refused' });
              if (fact && fact.type !== 'command.refused') onFact(fact);
            }
            from = records.at(-1)!.offset + 1n;
          }
          read.set(place, from);
        }
    }

    return {
      async define(definition, version, at) {
        const { name } = definition;
        const put = { name, version, definition: definition as unknown as Record<string, unknown>, by: 'story', at };
        await control.put({ type: 'definition.put', workspace: STORY_WORKSPACE, ...put });
        await awaitDefinitionLive(ports, STORY_WORKSPACE, name, version);
        await quiet();
      },
      async take(touchpoint) {
        await append('touchpoints', 0, keyOf.workspace(STORY_WORKSPACE), touchpoint);
        await askStitcher();
        await quiet();
      },
      async command(key, message) {
        await append('journey-inbox', partitionOf(key, log.partitions('journey-inbox')), key, message);
        await quiet();
      },
      async until(at) {
        if (at <= now) return;
        now = at;
        await askStitcher();
        await quiet();
      },
      async end() {
        try {
          const [dead] = await log.read('dead-letters', 0, 0n, 1);
          if (dead?.value) throw new Error(JSON.stringify(decodeJson(dead.value)));
          await atEnd({ ports, dataDir });
        } finally {
          await answers.stop();
          for (const service of services) await service.stop();
          await control.stop();
          await log.close();
          rmSync(dataDir, { recursive: true, force: true });
        }
      },
    };
  };
}
