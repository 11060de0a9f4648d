/** Actions, plays and guard rails of a checked definition → what the core runs on. */
import { parseDuration, type Duration } from '@cairn/contracts/duration.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { alertsIn, isMomentary, type Predicate } from '../condition.ts';
import { capOf, compileGuardRails, type Cap, type CompiledGuardRails } from '../guard-rails.ts';
import { compilePlay, type Compile, type CompiledPlay } from '../play.ts';

export interface CompiledOutreach {
  /** False: nothing of outreach is ever looked at. */
  isEmpty: boolean;
  actions: readonly CompiledAction[];
  plays: readonly CompiledPlay[];
  rails: CompiledGuardRails;
  /** Every consent category that an action may ask for. */
  consentCategories: readonly string[];
  holdout: number;
}

export interface CompiledAction {
  name: string;
  /** Null: never a candidate by itself, only a step of plays. */
  when: Predicate | null;
  momentary: boolean;
  /** Kinds of alerts that `when` names: it answers one of these. */
  alerts: readonly string[];
  expires: Duration | null;
  consent: string | null;
  channel: string | null;
  /** The role it is meant for. */
  to: string | null;
  cost: number;
  atMost: Cap | null;
  title: string;
  template: Readonly<Record<string, string>>;
}

export function compileOutreach(source: JourneyDefinition, compile: Compile): CompiledOutreach {
  const actions = (source.actions ?? []).map((action, i): CompiledAction => ({
    name: action.name,
    when: compile(action.when, `actions[${i}].when`),
    momentary: action.when !== undefined && isMomentary(action.when),
    alerts: action.when ? alertsIn(action.when) : [],
    expires: action.expires === undefined ? null : parseDuration(action.expires),
    consent: action.consent ?? null,
    channel: action.channel ?? null,
    to: action.to ?? null,
    cost: action.cost ?? 0,
    atMost: capOf(action.atMost),
    title: action.title ?? action.name,
    template: action.template ?? {},
  }));
  const plays = (source.plays ?? []).map((play, i) => compilePlay(play, `plays[${i}]`, compile));
  const rails = compileGuardRails(source.guardRails, compile);
  const asked = actions.map(({ consent }) => consent).filter((category) => category !== null);
  return {
    isEmpty: actions.length === 0 && plays.length === 0,
    actions,
    plays,
    rails,
    consentCategories: actions.length === 0 ? [] : [...new Set([...rails.consent, ...asked])],
    holdout: source.holdout ?? 0,
  };
}
