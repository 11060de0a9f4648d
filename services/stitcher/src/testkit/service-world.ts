import { createVirtualClock, settleFully } from '@cairn/clock/clock.virtual.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import type { IdentityCommand, IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { StitchedFile } from '@cairn/contracts/generated/stitched.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { startStitcher } from '../service.ts';
import { foundInFacts, type Told } from './found-in-facts.ts';
import { stepsByMessageId } from './pure-world.ts';
import { paramsOf, type FoundWorld, type StitchCase } from './run-case.ts';
import { STARTED_AT } from './stitch-world.ts';
import { touchpointOf } from './touchpoint-of.ts';

/** The stitcher as a service on the memory log and a virtual clock: cases run through the task, the commit and the topics, a workspace each. */
export interface ServiceWorld {
  run(stitchCase: StitchCase): Promise<FoundWorld>;
  stop(): Promise<void>;
}

export async function startServiceWorld(): Promise<ServiceWorld> {
  const clock = createVirtualClock(STARTED_AT, 1, settleFully);
  const topics = Object.values(TOPICS).map(({ name, partitions }) => ({
    name,
    partitions,
    cleanup: 'delete' as const,
    retentionMs: null,
  }));
  const log = createMemoryLog({ topics, clock });
  const control = {} as ControlMirror;
  const stitcher = await startStitcher({ log, clock, logger: silentLogger(), metrics: createMetrics(), control }, {});
  await clock.advance(0);
  let runs = 0;

  async function append(workspace: string, message: unknown): Promise<void> {
    await log.append([{ topic: 'touchpoints', partition: 0, key: workspace, value: encodeJson(message) }]);
    await clock.advance(1);
  }

  /** Order within a subject and within `identities` is all that a reader may count on. */
  async function told(workspace: string): Promise<Told> {
    const all = async <T>(topic: 'journey-inbox' | 'identities'): Promise<T[]> => {
      const found: T[] = [];
      for (let partition = 0; partition < TOPICS[topic].partitions; partition++)
        for (const { key, value } of await log.read(topic, partition, 0n, 1_000_000))
          if (value && key.startsWith(`${workspace}/`)) found.push(decodeJson(value) as T);
      return found;
    };
    return { subjects: await all<StitchedFile>('journey-inbox'), identities: await all<IdentityFile>('identities') };
  }

  return {
    stop: () => stitcher.stop(),
    async run(stitchCase) {
      const workspace = `case-${++runs}`;
      const order = (command: IdentityCommand['command'], params: Record<string, unknown>): Promise<void> =>
        append(workspace, {
          type: 'identity.command',
          workspace,
          commandId: `c-${++runs}`,
          command,
          params,
          by: 'test',
          at: clock.now(),
        });
      if (stitchCase.settings) await order('configure', { settings: stitchCase.settings });
      const startedAt = clock.now();
      for (const [index, step] of stitchCase.steps.entries()) {
        if ('wait' in step) await clock.advance(step.wait);
        else if ('command' in step) {
          const before = await told(workspace);
          await order(
            step.command,
            paramsOf(step, workspace, (name) => personIn(stitchCase, before, name)),
          );
        } else {
          const call = { messageId: `step-${index + 1}`, ...step };
          await append(workspace, touchpointOf(call, index, workspace, startedAt, clock.now()));
        }
      }
      const found = foundInFacts(stitchCase, workspace, await told(workspace), stepsByMessageId(stitchCase));
      return stitchCase.settings ? { ...found, answers: found.answers.slice(1) } : found;
    },
  };
}

function personIn(stitchCase: StitchCase, told: Told, name: string): string {
  if (name.startsWith('#')) {
    const step = stepsByMessageId(stitchCase);
    for (const message of told.subjects)
      if (message.type === 'touchpoint.stitched' && `#${step(message.touchpoint.messageId)}` === name)
        return message.person!.id;
  }
  const people = new Map<string, string[]>();
  for (const fact of told.identities)
    if (fact.type === 'person.changed')
      people.set(
        fact.person.id,
        fact.person.mergedInto
          ? []
          : fact.person.ids.flatMap(({ namespace, value, shared }) => (shared ? [] : [`${namespace}:${value}`])),
      );
    else if (fact.type === 'person.erased') people.delete(fact.personId);
  return [...people].find(([, ids]) => ids.includes(name))?.[0] ?? 'nobody';
}
