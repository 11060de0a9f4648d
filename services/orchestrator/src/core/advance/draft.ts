/** A journey while one input works on it: the next state, and what is to be told of it. Nothing of the journey given is changed. */
import type { JourneyChanged, TouchpointItem } from '@cairn/contracts/generated/journey.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { Advanced, JourneyInput, JourneyOutput, TimerPurpose } from '../journey-input.ts';
import { resolveAlert } from '../alert.ts';
import type { CompiledDefinition } from '../definition/compile-definition.ts';
import type { Scene } from '../condition.ts';
import { NO_MEMORY, type DefinitionMemory } from '../next-best-action/memory.ts';
import { SHIPPED_MODELS, type JourneyModels } from '../learn/predict.ts';
import { NO_POINTS } from '../score/engagement.ts';
import { startVisits } from '../stage.ts';
import { NO_PAUSES } from '../stall/fixed-stall.ts';
import type { AlertKind, AlertState, JourneyState, SubjectState } from '../state.ts';
import { ownerOf } from '../subject.ts';

export interface Draft {
  definition: CompiledDefinition;
  journeyId: string;
  subject: SubjectState;
  now: number;
  journey: { -readonly [K in keyof JourneyState]: JourneyState[K] };
  events: JourneyChanged['events'];
  from: string | null;
  touchpoint: TouchpointItem | null;
  imported: boolean;
  changed: boolean;
  /** It began with this input. */
  isNew: boolean;
  absorbedInto: string | null;
  /** Alert facts, timers and refusals so far. */
  outputs: JourneyOutput[];
  /** It met a new version of its definition with this input. */
  adopted: boolean;
  /** What conditions look at: set by a touchpoint. */
  scene: Scene | null;
  /** What is learned of pauses and outcomes. */
  models: () => JourneyModels;
  /** What is learned and counted of the definition, read only where it is needed. */
  memory: () => DefinitionMemory;
  /** The definition as it was in an older version; null: it is not kept any more. */
  versionOf: (version: number) => CompiledDefinition | null;
}

export function startDraft(
  definition: CompiledDefinition,
  journey: JourneyState | null,
  input: JourneyInput,
): Draft | null {
  const begun = journey ?? beginning(definition, input);
  if (!begun) return null;
  const { subject, now } = input;
  const draft: Draft = {
    definition,
    journeyId: begun.id,
    subject,
    now,
    journey: { ...begun },
    events: [],
    from: null,
    touchpoint: null,
    imported: input.type === 'touchpoint' && input.touchpoint.imported,
    changed: false,
    isNew: journey === null,
    absorbedInto: null,
    outputs: [],
    adopted: journey !== null && journey.version !== definition.version,
    scene: null,
    models: input.models ?? shipped,
    memory: input.memory ?? noMemory,
    versionOf: input.versionOf ?? noVersion,
  };
  return draft;
}

const shipped = (): JourneyModels => SHIPPED_MODELS;
const noMemory = (): DefinitionMemory => NO_MEMORY;
const noVersion = (): null => null;

export function finishDraft(draft: Draft, input: JourneyInput): Advanced {
  const { journey, outputs } = draft;
  if (draft.changed) {
    journey.seq++;
    journey.updatedAt = draft.now;
    const { events, from, touchpoint, imported, absorbedInto } = draft;
    outputs.push({ type: 'changed', events, from, touchpoint, imported, absorbedInto, cause: input.cause });
  }
  return { journey, outputs };
}

function beginning(definition: CompiledDefinition, input: JourneyInput): JourneyState | null {
  if (input.type === 'journey.merged') return { ...input.other, id: input.journeyId, seq: input.seqBefore };
  if (input.type !== 'touchpoint') return null;
  const at = Math.min(input.touchpoint.timestamp, input.now);
  return {
    id: input.journeyId,
    version: definition.version,
    seq: input.seqBefore,
    startedAt: at,
    stage: definition.stages[0]!.name,
    stageSince: at,
    visits: startVisits(definition, at),
    status: 'active',
    endedAt: null,
    touchpoints: 0,
    channels: [],
    inboundAt: null,
    outboundAt: null,
    pauses: NO_PAUSES,
    stall: { at: null, due: null, lag: 0, settled: false },
    points: NO_POINTS,
    fit: [],
    qualification: null,
    people: [],
    last: [],
    alerts: {},
    updatedAt: input.now,
    // Every key from the start: journeys of one shape are copied and read several times faster. Undefined ones are not written.
    silence: undefined,
    win: undefined,
    roles: undefined,
    outreach: undefined,
    counts: undefined,
    meetingAt: undefined,
    owner: undefined,
    judged: undefined,
  };
}

export function setTimer(draft: Draft, purpose: TimerPurpose, dueAt: number | null): void {
  draft.outputs.push({ type: 'timer', purpose, dueAt });
}

/** Puts the alert in its place and tells of its last step. */
export function tellAlert(
  draft: Draft,
  fact: AlertFact['type'],
  alert: AlertState,
  commandId: string | null = null,
): void {
  if (fact === 'alert.opened') assignOwner(draft);
  const { [alert.kind]: _before, ...others } = draft.journey.alerts;
  draft.journey.alerts = alert.state === 'resolved' ? others : { ...others, [alert.kind]: alert };
  draft.outputs.push({ type: 'alert', fact, alert, commandId, imported: draft.imported });
  draft.changed = true;
}

/** Whose it is, where the account does not say: the next in turn, for as long as the journey lasts. */
export function assignOwner(draft: Draft): void {
  const { owners } = draft.definition;
  if (owners.length === 0 || draft.journey.owner !== undefined || ownerOf(draft.subject) !== null) return;
  draft.journey.owner = owners[draft.memory().owners % owners.length]!;
  draft.outputs.push({ type: 'memory', change: { kind: 'owner-assigned' } });
  // Told at once where the alert may yet wait for the hours of whoever it is.
  if (draft.definition.ownerHours.size > 0) draft.changed = true;
}

/** Resolves an alert if it is there. `by` names who, where that is more than what resolved it. */
export function closeAlert(
  draft: Draft,
  kind: AlertKind,
  resolvedBy: AlertState['resolvedBy'],
  by: string,
  extra: { verdict?: AlertState['verdict']; commandId?: string } = {},
): void {
  const alert = draft.journey.alerts[kind];
  if (!alert) return;
  setTimer(draft, `escalate-${kind}`, null);
  setTimer(draft, `snooze-${kind}`, null);
  const resolved = resolveAlert(alert, draft.now, resolvedBy, by, extra.verdict ?? null);
  tellAlert(draft, 'alert.resolved', resolved, extra.commandId ?? null);
}
