/**
 * Runs a story: admit → stitch → advance on a virtual clock, with the commands of people in between. The same story gives the same lines,
 * through the core alone or through the services on a log: both are a `StoryWorld`.
 */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { ActionCommand, ActionFact, ActionFile } from '@cairn/contracts/generated/action.ts';
import type { AlertCommand, AlertFact, AlertFile } from '@cairn/contracts/generated/alert.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import { admitTouchpoint } from '@cairn/ingest/core/admit-touchpoint.ts';
import { actionLine, alertLine, changeLines, type StoryLine } from './story-lines.ts';
import type { StoryItem } from './story-items.ts';

/** Where stories happen. Facts are told through `onFact`, in order, before the call that led to them is over. */
export interface StoryWorld {
  define(definition: JourneyDefinition, version: number, at: number): Promise<void> | void;
  take(touchpoint: Touchpoint): Promise<void> | void;
  /** Into `journey-inbox`. */
  command(key: string, message: AlertCommand | ActionCommand, at: number): Promise<void> | void;
  until(at: number): Promise<void> | void;
  /** Throws what went wrong. */
  end(): Promise<void> | void;
}
export type StoryFact = JourneyChanged | AlertFile | ActionFile;
export type CreateStoryWorld = (startAt: number, onFact: (fact: StoryFact) => void) => Promise<StoryWorld> | StoryWorld;

export interface Story {
  definition: JourneyDefinition;
  items: readonly StoryItem[];
  /** Later versions by file name. */
  versions: Readonly<Record<string, JourneyDefinition>>;
  /** Time goes on until then; null: until the last item. */
  until: number | null;
}

export interface StoryTold {
  lines: StoryLine[];
  /** The newest state of each journey, by name. */
  journeys: Map<string, JourneyChanged['journey']>;
}

export const STORY_WORKSPACE = 'default';

export async function runStory(story: Story, createWorld: CreateStoryWorld): Promise<StoryTold> {
  const startAt = story.items[0]?.at ?? 0;
  const told = createTelling();
  const world = await createWorld(startAt, told.take);
  let version = 1;
  await world.define(story.definition, version, startAt);
  for (const item of story.items) {
    await world.until(item.at);
    if (item.do === null) await world.take(admitted(item));
    else if (item.do === 'define') {
      const next = story.versions[item.definition ?? ''];
      if (!next) throw new Error(`there is no definition ${item.definition} beside the story`);
      await world.define(next, ++version, item.at);
    } else if (item.do !== 'wait') await command(world, told, item);
  }
  await world.until(story.until ?? story.items.at(-1)?.at ?? startAt);
  await world.end();
  return { lines: told.lines(), journeys: told.journeys };
}

type Deed = Exclude<StoryItem, { do: null }>;

async function command(world: StoryWorld, told: Telling, item: Deed): Promise<void> {
  const { at, by, until, note } = item;
  const common = { workspace: STORY_WORKSPACE, commandId: `cmd-${at}-${item.do}`, by, at, until };
  if (item.do === 'acknowledge' || item.do === 'snooze' || item.do === 'resolve') {
    const alert = told.openAlert(item);
    if (!alert) throw new Error(`nothing to ${item.do} at ${formatInstant(at)}: no such alert is open`);
    const verdict = item.verdict as AlertCommand['verdict'];
    const message: AlertCommand = {
      ...common,
      type: 'alert.command',
      alertId: alert.id,
      journeyId: alert.journeyId,
      command: item.do,
      verdict,
    };
    return world.command(keyOf.subject(STORY_WORKSPACE, alert.subject.id), message, at);
  }
  const action = told.newestAction(item);
  if (!action) throw new Error(`nothing to ${item.do} at ${formatInstant(at)}: there was no action`);
  const outcome = item.do === 'dismiss' ? 'declined' : (item.outcome as ActionCommand['outcome']);
  const what = item.do === 'snooze-action' ? 'snooze' : (item.do as 'accept' | 'dismiss' | 'result');
  const message: ActionCommand = {
    ...common,
    type: 'action.command',
    actionId: action.id,
    journeyId: action.journeyId,
    command: what,
    outcome,
    note,
  };
  await world.command(keyOf.subject(STORY_WORKSPACE, action.subject.id), message, at);
}

function admitted({ at, touchpoint }: Extract<StoryItem, { do: null }>): Touchpoint {
  const policy = { workspace: STORY_WORKSPACE, source: 'story', imported: touchpoint['imported'] === true };
  const { imported: _imported, ...item } = touchpoint;
  const admission = admitTouchpoint(policy, item, { receivedAt: at, kind: null, messageId: '' });
  if (admission.type === 'refused')
    throw new Error(`touchpoint ${String(item['messageId'])} is refused: ${admission.reason}`);
  return { ...admission.touchpoint, timestamp: Math.min(admission.touchpoint.timestamp, at), receivedAt: at };
}

interface Telling {
  take(fact: StoryFact): void;
  lines(): StoryLine[];
  journeys: Map<string, JourneyChanged['journey']>;
  openAlert(item: Deed): AlertFact['alert'] | undefined;
  newestAction(item: Deed): ActionFact['action'] | undefined;
}

function createTelling(): Telling {
  const facts: StoryFact[] = [];
  const alerts = new Map<string, AlertFact['alert']>();
  const actions = new Map<string, ActionFact['action']>();
  const names = new Map<string, string>();
  const people = new Map<string, string>();
  const journeys = new Map<string, JourneyChanged['journey']>();
  const isOf = (journeyId: string, name: string | null): boolean => name === null || names.get(journeyId) === name;

  return {
    journeys,
    take(fact) {
      facts.push(fact);
      if (fact.type === 'journey.changed') {
        const { journey } = fact;
        names.set(journey.id, journey.name ?? journey.id);
        for (const { id, name, email } of journey.people) people.set(id, name ?? email ?? id);
        journeys.set(journey.name ?? journey.id, journey);
      } else if ('alert' in fact) alerts.set(fact.alert.id, fact.alert);
      else if ('action' in fact) actions.set(fact.action.id, fact.action);
    },
    lines: () =>
      facts.flatMap((fact): StoryLine[] => {
        if (fact.type === 'journey.changed') return changeLines(fact);
        if ('alert' in fact) return [alertLine(fact, (id) => people.get(id) ?? id)];
        return 'action' in fact && fact.type !== 'action.chosen'
          ? [actionLine(fact)]
          : 'action' in fact && fact.action.holdout
            ? [actionLine(fact)]
            : [];
      }),
    openAlert: (item) =>
      [...alerts.values()]
        .filter(
          ({ state, kind, journeyId }) =>
            state !== 'resolved' && (item.kind === null || kind === item.kind) && isOf(journeyId, item.journey),
        )
        .at(-1),
    newestAction: (item) => [...actions.values()].filter(({ journeyId }) => isOf(journeyId, item.journey)).at(-1),
  };
}
