/**
 * The advance task without a log: partitions as maps, records handled one by one, timers fired by log time before each, outputs to the
 * own inbox handed on. For tests; what it keeps is what the real task would make durable.
 */
import type {
  ActionCommand,
  ActionFact,
  ActionFile,
  ActionRefused,
  PolicyTotals,
} from '@cairn/contracts/generated/action.ts';
import type { AlertCommand, AlertFact, CommandRefused } from '@cairn/contracts/generated/alert.ts';
import type { BudgetTold } from '@cairn/contracts/generated/budget.ts';
import type { DefinitionPut, Endpoint } from '@cairn/contracts/generated/control.ts';
import type { DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { StitchedTouchpoint, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { TaskInput, TaskOutcome, TaskState } from '@cairn/task/task.ts';
import { loadDefinition } from '../core/definition/load-definition.ts';
import { createAdvanceTask } from '../shell/advance/advance-task.ts';
import { stitchedOf, type TouchpointLike } from './touchpoint-of.ts';

export const WORKSPACE = 'ws';

export interface AdvanceWorld {
  /** Puts a definition (YAML) live in every partition; throws its faults. */
  define(yaml: string, version?: number): void;
  endpoint(endpoint: Partial<Endpoint> & { id: string }): void;
  /** Handles a touchpoint at log time `now` (default: its own time). */
  touch(like: TouchpointLike, now?: number): void;
  send(key: string, message: unknown, now: number): void;
  command(alert: AlertFact['alert'], command: Partial<AlertCommand> & Pick<AlertCommand, 'command'>, now: number): void;
  actionCommand(
    action: ActionFact['action'],
    command: Partial<ActionCommand> & Pick<ActionCommand, 'command'>,
    now: number,
  ): void;
  handOver(from: SubjectRef, into: SubjectRef, now: number, personId?: string | null): void;
  /** Fires what is due up to then. */
  until(now: number): void;
  /** From now on messages to the own inbox wait until `release`. */
  hold(): void;
  release(now: number): void;
  readonly journeys: readonly JourneyChanged[];
  readonly alerts: readonly AlertFact[];
  readonly refused: readonly (CommandRefused | ActionRefused)[];
  /** Facts of actions, and what was learned of them. */
  readonly actions: readonly ActionFact[];
  readonly policies: readonly PolicyTotals[];
  readonly budgets: readonly BudgetTold[];
  readonly deliveries: readonly DeliveryRequested[];
  /** The newest state of each journey that lives. */
  living(): JourneyChanged['journey'][];
  timers(): { key: string; purpose: string; dueAt: number }[];
  stateBytes(): number;
}

interface Partition {
  state: Map<string, unknown>;
  timers: Map<string, Record<string, number>>;
}

export function createAdvanceWorld(options: { partitions?: number } = {}): AdvanceWorld {
  const count = options.partitions ?? 2;
  const task = createAdvanceTask({ partitions: () => count, metrics: { advanced: () => {} } });
  const partitions: Partition[] = Array.from({ length: count }, () => ({ state: new Map(), timers: new Map() }));
  const journeys: JourneyChanged[] = [];
  const alerts: AlertFact[] = [];
  const refused: (CommandRefused | ActionRefused)[] = [];
  const actions: ActionFact[] = [];
  const policies: PolicyTotals[] = [];
  const budgets: BudgetTold[] = [];
  const deliveries: DeliveryRequested[] = [];
  const waiting: { partition: number; key: string; value: unknown; headers: Record<string, string> }[] = [];
  let holding = false;
  let offset = 0n;

  function stateOf({ state, timers }: Partition): TaskState {
    return {
      get: <T>(key: string) => deepFreeze(state.get(key)) as T | undefined,
      timers: (key) => timers.get(key) ?? {},
      keys: (prefix) => [...state.keys()].filter((key) => key.startsWith(prefix)).sort(),
    };
  }

  function apply(partition: Partition, outcome: TaskOutcome): void {
    for (const { key, value } of outcome.state ?? []) {
      if (value === null) {
        partition.state.delete(key);
        partition.timers.delete(key);
        // As the real state does: what was written comes back as JSON.
      } else partition.state.set(key, task.stored!.read(JSON.parse(JSON.stringify(task.stored!.write(value)))));
    }
    for (const { key, purpose, dueAt } of outcome.timers ?? []) {
      const { [purpose]: _before, ...rest } = partition.timers.get(key) ?? {};
      partition.timers.set(key, dueAt === null ? rest : { ...rest, [purpose]: dueAt });
    }
    for (const { topic, key, value, headers, partition: to } of outcome.outputs ?? []) {
      const plain = JSON.parse(JSON.stringify(value)) as never;
      if (topic === 'journeys') journeys.push(plain);
      else if (topic === 'alerts')
        ((value as { type: string }).type === 'command.refused' ? (refused as unknown[]) : (alerts as unknown[])).push(
          plain,
        );
      else if (topic === 'actions') takeAction(plain);
      else if (topic === 'delivery-inbox') deliveries.push(plain);
      else if (topic === 'journey-inbox') waiting.push({ partition: to, key, value: plain, headers: { ...headers } });
      // Who was erased: for those who read topics, not for tasks.
      else if (topic !== 'control') throw new Error(`unexpected output to ${topic}`);
    }
  }

  function takeAction(value: ActionFile | BudgetTold): void {
    if (value.type === 'budget.told') budgets.push(value);
    else if (value.type === 'policy.totals') policies.push(value);
    else if (value.type === 'action.refused') refused.push(value);
    else actions.push(value as ActionFact);
  }

  function run(index: number, input: TaskInput, now: number): void {
    const partition = partitions[index]!;
    apply(partition, task.handle(stateOf(partition), input, now));
  }

  function fire(now: number): void {
    for (;;) {
      const [due] = timers()
        .filter(({ dueAt }) => dueAt <= now)
        .sort((a, b) => a.dueAt - b.dueAt || (a.key < b.key ? -1 : 1));
      if (!due) return;
      const { [due.purpose]: _fired, ...rest } = partitions[due.partition]!.timers.get(due.key)!;
      partitions[due.partition]!.timers.set(due.key, rest);
      run(due.partition, { type: 'timer', key: due.key, purpose: due.purpose, dueAt: due.dueAt }, due.dueAt);
      pass(due.dueAt);
    }
  }

  function timers(): { partition: number; key: string; purpose: string; dueAt: number }[] {
    return partitions.flatMap(({ timers: all }, partition) =>
      [...all].flatMap(([key, purposes]) =>
        Object.entries(purposes).map(([purpose, dueAt]) => ({ partition, key, purpose, dueAt })),
      ),
    );
  }

  function deliverTo(
    index: number,
    key: string,
    message: unknown,
    now: number,
    headers: Record<string, string> = {},
  ): void {
    const record = { topic: 'journey-inbox', partition: index, offset: offset++, at: now, key, value: null, headers };
    run(index, { type: 'record', record, message, effectId: null }, now);
  }

  function pass(now: number): void {
    while (!holding && waiting.length > 0) {
      const { partition, key, value, headers } = waiting.shift()!;
      deliverTo(partition, key, value, now, headers);
    }
  }

  function send(key: string, message: unknown, now: number): void {
    fire(now);
    deliverTo(partitionOf(key, count), key, message, now);
    pass(now);
  }

  function toAll(key: string, message: unknown, now: number): void {
    partitions.forEach((_, index) => deliverTo(index, key, message, now));
  }

  return {
    define(yaml, version = 1) {
      const loaded = loadDefinition(yaml);
      if (!loaded.ok) throw new Error(loaded.faults.map(({ path, message }) => `${path}: ${message}`).join('\n'));
      const { definition } = loaded;
      const change: DefinitionPut = {
        type: 'definition.put',
        workspace: WORKSPACE,
        name: definition.name,
        version,
        definition: { ...definition },
        by: 'test',
        at: version,
      };
      toAll(
        keyOf.control(WORKSPACE, 'definition', definition.name),
        change,
        Math.max(0, ...journeys.map(({ at }) => at)),
      );
    },
    endpoint(given) {
      const endpoint: Endpoint = {
        workspace: WORKSPACE,
        url: 'https://example.com/hook',
        types: ['*'],
        secrets: [],
        preset: null,
        fifo: false,
        rateLimit: null,
        schedule: [],
        state: 'enabled',
        disabledReason: null,
        headers: {},
        createdAt: 0,
        version: 1,
        ...given,
      };
      toAll('endpoint', { type: 'endpoint.put', workspace: WORKSPACE, endpoint, at: 0 }, 0);
    },
    touch(like, now) {
      const message: StitchedTouchpoint = stitchedOf(WORKSPACE, like);
      send(keyOf.subject(WORKSPACE, message.subject.id), message, now ?? message.touchpoint.timestamp);
    },
    send,
    command(alert, command, now) {
      const message: AlertCommand = {
        type: 'alert.command',
        workspace: WORKSPACE,
        commandId: `cmd-${now}`,
        alertId: alert.id,
        journeyId: alert.journeyId,
        until: null,
        verdict: null,
        by: 'Ada',
        at: now,
        ...command,
      };
      send(keyOf.subject(WORKSPACE, alert.subject.id), message, now);
    },
    actionCommand(action, command, now) {
      const message: ActionCommand = {
        type: 'action.command',
        workspace: WORKSPACE,
        commandId: `cmd-${now}`,
        actionId: action.id,
        journeyId: action.journeyId,
        outcome: null,
        note: null,
        until: null,
        by: 'Ada',
        at: now,
        ...command,
      };
      send(keyOf.subject(WORKSPACE, action.subject.id), message, now);
    },
    handOver(from, into, now, personId = null) {
      const message = {
        type: 'subject.handed-over',
        workspace: WORKSPACE,
        at: now,
        from,
        into,
        personId,
        cause: 'test',
      };
      send(keyOf.subject(WORKSPACE, from.id), message, now);
    },
    until: fire,
    hold() {
      holding = true;
    },
    release(now) {
      holding = false;
      pass(now);
    },
    journeys,
    alerts,
    refused,
    actions,
    policies,
    budgets,
    deliveries,
    living() {
      const newest = new Map(journeys.map(({ journey }) => [journey.id, journey]));
      return [...newest.values()].filter(({ status }) => status !== 'absorbed');
    },
    timers: () => timers().map(({ key, purpose, dueAt }) => ({ key, purpose, dueAt })),
    stateBytes: () =>
      partitions.reduce(
        (sum, { state }) =>
          sum +
          [...state].reduce(
            (bytes, [key, value]) => (key.startsWith('@') ? bytes : bytes + JSON.stringify(value).length),
            0,
          ),
        0,
      ),
  };
}

/** A handler that changes what the state gave it must fail loudly. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
