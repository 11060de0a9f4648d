/** What the core has decided → records of `journeys`, `alerts` and `delivery-inbox`, and timers of the subject's key. */
import type { ActionRefused } from '@cairn/contracts/generated/action.ts';
import type { AlertFact, CommandRefused } from '@cairn/contracts/generated/alert.ts';
import type { Journey, JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { headOf, withHead } from '@cairn/contracts/journey-head.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Advanced } from '../../core/journey-input.ts';
import { alertFactId } from '../../core/alert.ts';
import { actionFact, actionWebhook } from '../../core/action-fact.ts';
import { alertWebhook } from '../../core/deliver/webhook-facts.ts';
import { journeyWebhooks } from '../../core/journey-webhooks.ts';
import { renderAlert, summariseJourney } from '../../core/render-alert.ts';
import { renderJourney, slotOf, type JourneyPlace } from '../../core/render-journey.ts';
import { advanceKeys, timerPurpose } from './advance-keys.ts';
import { sendToBudget } from './budget-desks.ts';
import { changeStoredMemory } from './definition-memory.ts';
import { keepLesson } from './learn-pauses.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';
import { withdrawAction, writeWebhook } from './write-webhooks.ts';

export type Partitions = (topic: string) => number;

export function writeRecords(
  work: DeliverWork,
  partitions: Partitions,
  place: JourneyPlace,
  { journey, outputs }: Advanced,
  now: number,
  renderWhole: typeof renderJourney = renderJourney,
): void {
  const { workspace, subject, definition } = place;
  const subjectKey = keyOf.subject(workspace, subject.host ?? subject.id);
  const stateKey = advanceKeys.subject(workspace, subject);
  // Once for all records but one: an alert that goes with its journey is told of the journey as it was.
  let rendered: Journey | null = null;
  const render = (absorbedInto: string | null): Journey => {
    if (absorbedInto !== null) return renderWhole(place, journey, now, absorbedInto);
    return (rendered ??= renderWhole(place, journey, now, null));
  };

  function write(topic: string, key: string, value: unknown): void {
    work.output({ topic, partition: partitionOf(subjectKey, partitions(topic)), key, value });
  }

  for (const output of outputs) {
    switch (output.type) {
      case 'timer':
        // Never due at once: two timers that arm each other would fire for ever within one instant.
        work.timer(
          stateKey,
          timerPurpose(definition.name, output.purpose),
          output.dueAt === null ? null : Math.max(output.dueAt, now + 1),
        );
        break;
      case 'changed': {
        const { events, from, touchpoint, imported, cause, absorbedInto } = output;
        const fact: JourneyChanged = {
          type: 'journey.changed',
          // One for each seq: no hash is needed to make it the same again.
          factId: `fct_${journey.id.slice(4)}.${journey.seq}`,
          workspace,
          at: now,
          journey: render(absorbedInto),
          touchpoint,
          events,
          from,
          imported,
          cause,
        };
        write(
          'journeys',
          keyOf.journey(workspace, slotOf(subject), definition.name),
          withHead(fact, headOf(fact.journey, touchpoint, { stageSince: journey.stageSince, updatedAt: now })),
        );
        if (events.length > 0) for (const webhook of journeyWebhooks(fact)) writeWebhook(work, partitions, webhook);
        break;
      }
      case 'alert': {
        const fact: AlertFact = {
          type: output.fact,
          factId: alertFactId(output.alert),
          workspace,
          at: now,
          alert: renderAlert(place, journey, output.alert),
          journey: summariseJourney(render(null)),
          imported: output.imported,
          commandId: output.commandId,
        };
        write('alerts', subjectKey, fact);
        const webhook = alertWebhook(fact);
        if (webhook) writeWebhook(work, partitions, webhook);
        break;
      }
      case 'action': {
        const fact = actionFact(place, journey, output, summariseJourney(render(null)), now);
        write('actions', subjectKey, fact);
        const webhook = actionWebhook(fact);
        if (webhook) writeWebhook(work, partitions, webhook);
        else withdrawAction(work, partitions, fact);
        break;
      }
      case 'budget.asked':
      case 'budget.withdrawn':
      case 'budget.silence':
        sendToBudget({ work, partitions }, place, journey.id, output, now);
        break;
      case 'lesson':
        keepLesson(work, workspace, definition.name, output.lesson, now);
        break;
      case 'memory':
        changeStoredMemory(work, partitions, place, output.change, now);
        break;
      case 'action.refused':
        refuseActionCommand(work, partitions, workspace, subjectKey, output);
        break;
      case 'refused':
        refuseCommand(work, partitions, workspace, subjectKey, output);
        break;
      default:
        output satisfies never;
    }
  }
}

/** The answer to a command on an action that could not be followed. */
export function refuseActionCommand(
  work: DeliverWork,
  partitions: Partitions,
  workspace: string,
  key: string,
  { commandId, code, message }: { commandId: string; code: string; message: string },
): void {
  const value: ActionRefused = { type: 'action.refused', workspace, commandId, code, message };
  work.output({ topic: 'actions', partition: partitionOf(key, partitions('actions')), key, value });
}

/** The answer to a command that could not be followed. */
export function refuseCommand(
  work: DeliverWork,
  partitions: Partitions,
  workspace: string,
  key: string,
  { commandId, code, message }: { commandId: string; code: string; message: string },
): void {
  const value: CommandRefused = { type: 'command.refused', workspace, commandId, code, message };
  work.output({ topic: 'alerts', partition: partitionOf(key, partitions('alerts')), key, value });
}
