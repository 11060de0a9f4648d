/** An open action → the resource that the API, alerts, journeys and webhooks show. Shows, decides nothing. */
import { formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { Action } from '@cairn/contracts/generated/action.ts';
import { byId } from './people.ts';
import type { OpenAction } from './next-best-action/outreach-state.ts';
import type { JourneyPlace } from './render-journey.ts';

/** What a fact says beyond the action as it is kept. */
export interface ActionTold {
  state: Action['state'];
  outcome?: Action['outcome'];
  note?: string | null;
  by?: string | null;
  suppressedBy?: string | null;
  holdout?: boolean;
}

export function renderAction(
  { workspace, subject, definition }: JourneyPlace,
  journeyId: string,
  action: OpenAction,
  told: ActionTold,
): Action {
  const person = action.personId === null ? undefined : byId(subject.people, action.personId);
  const { title = action.name, reason = '', ...template } = action.texts;
  return {
    id: action.id,
    name: action.name,
    workspace,
    journeyId,
    subject: subject.host === null ? { unit: subject.unit, id: subject.id } : { unit: 'account', id: subject.host },
    definition: definition.name,
    definitionVersion: action.version,
    alertId: action.alertId,
    play: action.play,
    state: told.state,
    title,
    reason,
    person:
      action.personId === null
        ? null
        : {
            id: action.personId,
            name: person?.name ?? person?.email ?? person?.userId ?? null,
            email: person?.email ?? null,
          },
    channel: definition.outreach.actions.find(({ name }) => name === action.name)?.channel ?? null,
    template: { title, reason, ...template },
    propensity: action.propensity,
    eligible: action.arms.map(([name, propensity, expected]) => ({ name, propensity, expected })),
    policyVersion: action.policy,
    holdout: told.holdout ?? false,
    chosenAt: formatInstant(action.chosenAt),
    requestedAt: formatInstantOrNull(action.requestedAt),
    expiresAt: formatInstantOrNull(action.expiresAt),
    snoozedUntil: formatInstantOrNull(action.snoozedUntil),
    outcome: told.outcome ?? null,
    note: told.note ?? null,
    by: told.by ?? action.by,
    suppressedBy: told.suppressedBy ?? null,
  };
}
