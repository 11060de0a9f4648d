import { formatInstant } from '@cairn/clock/calendar.ts';
import { deliveryId, idOf, journeyId } from '@cairn/contracts/ids.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { StitchedFile, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import type { TaskDefinition, TaskOutcome, TaskOutput } from '@cairn/task/task.ts';
import { ENDPOINT_ID } from './endpoint.ts';
import { STALL_AFTER_MS } from './traffic.ts';

/** A small stand-in for the orchestrator's advance task, for as long as that is being built: stages, stalls, hand-overs, no more. */
interface Subject {
  subject: SubjectRef;
  seq: number;
  touchpoints: number;
  inboundAt: number | null;
  engaged: boolean;
  won: boolean;
  alert: { id: string; openedAt: number } | null;
  settled: boolean;
}
interface Moved {
  moved: SubjectRef;
}

export function createStandInAdvance(partitions: (topic: string) => number): TaskDefinition {
  const to = (topic: string, workspace: string, id: string, value: unknown): TaskOutput => {
    const key = keyOf.subject(workspace, id);
    return { topic, partition: partitionOf(key, partitions(topic)), key, value };
  };

  function outcome(workspace: string, after: Subject, now: number, more: TaskOutput[], fact: object): TaskOutcome {
    const { subject } = after;
    const key = keyOf.subject(workspace, subject.id);
    const state = { ...after, seq: after.seq + 1 };
    const limit = after.engaged ? STALL_AFTER_MS.engaged : STALL_AFTER_MS.new;
    const dueAt = after.won || after.settled || after.inboundAt === null ? null : after.inboundAt + limit;
    const journey = {
      id: journeyId(workspace, 'sim', subject.id),
      subject,
      stage: after.engaged ? 'engaged' : 'new',
      status: after.won ? 'won' : after.alert ? 'stalled' : 'active',
      touchpoints: after.touchpoints,
      absorbedInto: null,
      seq: state.seq,
    };
    return {
      state: [{ key, value: state }],
      timers: [{ key, purpose: 'stall', dueAt }],
      outputs: [
        ...more,
        to('journeys', workspace, subject.id, {
          type: 'journey.changed',
          workspace,
          at: now,
          journey,
          touchpoint: null,
          ...fact,
        }),
      ],
    };
  }

  function alertOutputs(
    workspace: string,
    subject: SubjectRef,
    type: string,
    alert: object,
    now: number,
  ): TaskOutput[] {
    const id = journeyId(workspace, 'sim', subject.id);
    const factId = idOf('fct', type, JSON.stringify(alert));
    const endpointKey = keyOf.endpoint(workspace, ENDPOINT_ID);
    const fact = { type, factId, workspace, at: now, alert: { ...alert, journeyId: id, subject } };
    const request = {
      type: 'delivery.requested',
      workspace,
      endpointId: ENDPOINT_ID,
      deliveryId: deliveryId(factId, ENDPOINT_ID),
      factId,
      factType: type,
      at: now,
      journeyId: id,
      expiresAt: null,
      data: { workspace, factId, ...alert },
    };
    return [
      to('alerts', workspace, subject.id, fact),
      {
        topic: 'delivery-inbox',
        partition: partitionOf(endpointKey, partitions('delivery-inbox')),
        key: endpointKey,
        value: request,
      },
    ];
  }

  return {
    name: 'advance',
    inbox: 'journey-inbox',
    handle(state, input, now) {
      if (input.type === 'timer') {
        const subject = state.get<Subject>(input.key)!;
        const workspace = input.key.split('/')[0]!;
        const alert = { id: idOf('alr', input.key, subject.seq), openedAt: now };
        const opened = {
          id: alert.id,
          openedAt: formatInstant(now),
          stage: subject.engaged ? 'engaged' : 'new',
          resolvedBy: null,
        };
        return outcome(
          workspace,
          { ...subject, alert, settled: true },
          now,
          alertOutputs(workspace, subject.subject, 'alert.opened', opened, now),
          {},
        );
      }
      const message = input.message as
        StitchedFile | { type: 'sim.state'; workspace: string; into: SubjectRef; state: Subject };
      const { workspace } = message;
      switch (message.type) {
        case 'touchpoint.stitched': {
          const known = state.get<Subject | Moved>(keyOf.subject(workspace, message.subject.id));
          if (known && 'moved' in known)
            return { outputs: [to('journey-inbox', workspace, known.moved.id, { ...message, subject: known.moved })] };
          return takeTouchpoint(workspace, known ?? fresh(message.subject), message.touchpoint, now);
        }
        case 'subject.handed-over': {
          const key = keyOf.subject(workspace, message.from.id);
          const before = state.get<Subject | Moved>(key);
          if (!before || 'moved' in before) return { state: [{ key, value: { moved: message.into } }] };
          const gone = {
            id: journeyId(workspace, 'sim', message.from.id),
            subject: message.from,
            status: 'absorbed',
            absorbedInto: journeyId(workspace, 'sim', message.into.id),
            seq: before.seq + 1,
          };
          return {
            state: [{ key, value: { moved: message.into } }],
            timers: [{ key, purpose: 'stall', dueAt: null }],
            outputs: [
              to('journeys', workspace, message.from.id, {
                type: 'journey.changed',
                workspace,
                at: now,
                journey: gone,
                touchpoint: null,
              }),
              to('journey-inbox', workspace, message.into.id, {
                type: 'sim.state',
                workspace,
                into: message.into,
                state: before,
              }),
            ],
          };
        }
        case 'sim.state': {
          const known = state.get<Subject | Moved>(keyOf.subject(workspace, message.into.id));
          if (known && 'moved' in known)
            return { outputs: [to('journey-inbox', workspace, known.moved.id, { ...message, into: known.moved })] };
          const one = known ?? fresh(message.into);
          const other = message.state;
          const newest = (one.inboundAt ?? 0) >= (other.inboundAt ?? 0) ? one : other;
          return outcome(
            workspace,
            {
              ...one,
              touchpoints: one.touchpoints + other.touchpoints,
              inboundAt: newest.inboundAt,
              engaged: one.engaged || other.engaged,
              won: one.won || other.won,
              alert: one.alert ?? other.alert,
              settled: newest.settled,
            },
            now,
            [],
            {},
          );
        }
        default:
          return {};
      }
    },
  };

  function takeTouchpoint(workspace: string, before: Subject, touchpoint: Touchpoint, now: number): TaskOutcome {
    const after = { ...before, touchpoints: before.touchpoints + 1 };
    const more: TaskOutput[] = [];
    const inbound = touchpoint.kind === 'track' && touchpoint.direction !== 'outbound';
    if (inbound) {
      after.won ||= touchpoint.event === 'Deal Won';
      after.engaged ||= touchpoint.event === 'Demo Requested';
      if (touchpoint.timestamp > (before.inboundAt ?? 0)) {
        after.inboundAt = touchpoint.timestamp;
        after.settled = false;
      }
      if (before.alert) {
        const resolved = {
          ...before.alert,
          openedAt: formatInstant(before.alert.openedAt),
          stage: before.engaged ? 'engaged' : 'new',
          resolvedBy: after.won ? 'outcome' : 'buyer',
        };
        more.push(...alertOutputs(workspace, before.subject, 'alert.resolved', resolved, now));
        after.alert = null;
      }
    }
    return outcome(workspace, after, now, more, { touchpoint: { id: touchpoint.id, messageId: touchpoint.messageId } });
  }
}

const fresh = (subject: SubjectRef): Subject => ({
  subject,
  seq: 0,
  touchpoints: 0,
  inboundAt: null,
  engaged: false,
  won: false,
  alert: null,
  settled: false,
});
