/** Plays of one journey: begin, wait, branch, act, end. A run only goes forward, on the version that it began with. */
import { uniformOf } from '../next-best-action/uniform.ts';
import { PLAYS_KEPT, type PlayRun } from '../next-best-action/outreach-state.ts';
import type { CompiledPlay, PlayInstruction } from '../play.ts';
import { DAY_MS, zoneNamed } from '../zone.ts';
import { actionOfPlay, alertFor } from './choose-action.ts';
import { actionOf, requestAction, traceOf, zoneOf, type Outreach } from './outreach.ts';
import { hasEnded } from './settle-stall.ts';

export function runPlays(outreach: Outreach): void {
  const { draft, state } = outreach;
  if (state.plays?.length) {
    const runs = state.plays;
    // While one runs it sees the others; what it decides of them stands.
    for (const run of runs) replace(outreach, run, advance(outreach, run));
  }
  if (!hasEnded(draft.journey)) begin(outreach);
}

/** Plays whose trigger holds already when a definition goes live were not triggered by it. */
export function holdTriggers({ draft, state, scene }: Outreach): void {
  const holding = draft.definition.outreach.plays.filter(({ momentary, trigger }) => !momentary && trigger(scene));
  state.held = [...new Set([...(state.held ?? []), ...holding.map(({ name }) => name)])].sort();
}

function begin(outreach: Outreach): void {
  const { draft, state, scene } = outreach;
  const { now, definition } = draft;
  for (const play of definition.outreach.plays) {
    // Who did it is known with a touchpoint alone; to forget here that it held would begin the play anew with the next one.
    if (play.ofPerson && scene.person === null) continue;
    const holds = play.trigger(scene);
    const held = state.held?.includes(play.name) ?? false;
    if (!play.momentary && holds !== held)
      state.held = holds ? [...(state.held ?? []), play.name].sort() : state.held!.filter((name) => name !== play.name);
    if (!holds || (!play.momentary && held) || state.plays?.some(({ name }) => name === play.name)) continue;
    const [count, last] = state.begun?.[play.name] ?? [0, 0];
    const { entry } = play;
    if (entry.if && !entry.if(scene)) continue;
    if (entry.atMost !== null && count >= entry.atMost) continue;
    if (entry.every && count > 0 && definition.businessTime.add(last, entry.every) > now) continue;
    if ((state.plays?.length ?? 0) >= PLAYS_KEPT) continue;
    const alert = play.alerts.length > 0 ? alertFor(draft.journey.alerts, play.alerts) : null;
    const run: PlayRun = {
      name: play.name,
      version: definition.version,
      step: 0,
      startedAt: now,
      alertId: alert?.id ?? null,
      alertKind: alert?.kind ?? null,
      personId: scene.person?.id ?? alert?.reason.quietPersonId ?? null,
      due: null,
      waiting: false,
    };
    if (entry.atMost !== null || entry.every) state.begun = { ...state.begun, [play.name]: [count + 1, now] };
    state.plays = [...(state.plays ?? []), run];
    replace(outreach, run, steps(outreach, play, run));
  }
}

function replace({ state }: Outreach, before: PlayRun, after: PlayRun | null): void {
  state.plays = (state.plays ?? []).flatMap((run) => (run.name !== before.name ? [run] : after ? [after] : []));
}

function advance(outreach: Outreach, run: PlayRun): PlayRun | null {
  const { draft, scene } = outreach;
  const play = playOf(outreach, run);
  if (!play || hasEnded(draft.journey)) return null;
  const answered = run.alertId !== null && !Object.values(draft.journey.alerts).some(({ id }) => id === run.alertId);
  if ((answered && !play.keepGoing) || play.exit?.(scene) || play.goal?.(scene)) return null;
  return steps(outreach, play, run);
}

/** As it was when the run began; where that is not kept any more, as it is now. */
function playOf({ draft }: Outreach, { name, version }: PlayRun): CompiledPlay | undefined {
  const { definition } = draft;
  const then = version === definition.version ? definition : (draft.versionOf(version) ?? definition);
  return then.outreach.plays.find((play) => play.name === name);
}

/** On to the next wait, or to the end (null). Every step goes forward, so there are at most as many as the play has. */
function steps(outreach: Outreach, play: CompiledPlay, from: PlayRun): PlayRun | null {
  const { draft, scene } = outreach;
  let run = from;
  while (run.step < play.steps.length) {
    const step = play.steps[run.step]!;
    switch (step.do) {
      case 'wait': {
        const waited = wait(outreach, step, run);
        if (waited) return waited;
        run = next(run, run.step + 1);
        break;
      }
      case 'action':
        act(outreach, run, step.action);
        run = next(run, run.step + 1);
        break;
      case 'branch': {
        const holds =
          step.share === null
            ? (step.if?.(scene) ?? false)
            : uniformOf(`${draft.journey.id}/${play.name}/${run.step}`) < step.share;
        run = next(run, holds ? run.step + 1 : step.otherwise);
        break;
      }
      case 'jump':
        run = next(run, step.to);
        break;
      case 'exit':
        return null;
      default:
        step satisfies never;
    }
  }
  return null;
}

function next(run: PlayRun, step: number): PlayRun {
  return { ...run, step, due: null, waiting: false };
}

/** The run as it waits on, or null: the wait is over. */
function wait(outreach: Outreach, step: Extract<PlayInstruction, { do: 'wait' }>, before: PlayRun): PlayRun | null {
  const { draft, scene } = outreach;
  const { now, definition } = draft;
  const begins = !before.waiting;
  const run = begins ? { ...before, waiting: true, due: dueOf(outreach, step, before) } : before;
  // The touchpoint that brought it here is not the one that it waits for.
  const holds = step.until !== null && !(begins && step.momentary) && step.until(scene);
  const isOver = holds || (run.due !== null && run.due <= now);
  if (!isOver) return run;
  const goesOn = step.businessHours ? definition.businessTime.nextWorkingMoment(now) : now;
  return goesOn > now ? { ...run, due: goesOn } : null;
}

function dueOf(outreach: Outreach, step: Extract<PlayInstruction, { do: 'wait' }>, run: PlayRun): number | null {
  const { draft } = outreach;
  const { now, definition } = draft;
  if (!step.for && step.at === null) return step.until === null ? now : null;
  let due = step.for ? definition.businessTime.add(now, step.for) : now;
  if (step.at !== null) due = timeOfDayAfter(due, step.at, zoneOf(draft, traceOf(draft, run.personId)));
  return step.businessHours ? definition.businessTime.nextWorkingMoment(due) : due;
}

function timeOfDayAfter(from: number, timeOfDay: number, name: string): number {
  const zone = zoneNamed(name);
  const day = Math.floor(zone.toWall(from) / DAY_MS);
  const today = zone.toInstant(day * DAY_MS + timeOfDay);
  return today >= from ? today : zone.toInstant((day + 1) * DAY_MS + timeOfDay);
}

/** What is chosen already is requested; what is under way is not done twice. */
function act(outreach: Outreach, run: PlayRun, name: string): void {
  const { draft, state } = outreach;
  const action = actionOf(outreach, name);
  if (!action) return;
  const open = state.action;
  if (open?.name === name) {
    if (open.state === 'chosen') {
      state.action = { ...open, play: run.name };
      requestAction(outreach);
    }
    return;
  }
  const alert = Object.values(draft.journey.alerts).find(({ id }) => id === run.alertId) ?? null;
  actionOfPlay(outreach, action, run.name, alert);
}
