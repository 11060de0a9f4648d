import { formatInstant } from '@cairn/clock/calendar.ts';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import type { FaultPoint } from '@cairn/log/log-faults.ts';
import type { Traffic } from './traffic.ts';
import type { Process, World } from './world.ts';

/** One thing that goes wrong: at a moment, or at the first await point of its kind that the process reaches after it. */
export interface Fault {
  at: number;
  slot: string;
  action: 'crash' | 'break' | 'slow' | 'isolate' | 'leave' | 'clock';
  /** null: at once. */
  point: Pick<FaultPoint, 'operation' | 'phase' | 'task'> | null;
  /** crash, leave: until it is back. slow: how long the point takes. clock: how far the process's clock jumps (may be negative). */
  ms: number;
}

const ACTIONS = ['crash', 'crash', 'crash', 'break', 'slow', 'isolate', 'leave', 'clock'] as const;
const PHASES = ['before', 'after'] as const;
/** The tasks that have a commit to break; the control task is done before the first buyer comes. */
const TASKS: Readonly<Record<string, readonly string[]>> = {
  stitcher: ['stitch'],
  orchestrator: ['advance', 'deliver'],
};
const DOWN_MS = { least: 10, most: 45_000 };
/** A cycle this slow outlives a hand-over: a zombie, if it is taken for dead meanwhile. */
const SLOW_MS_MAX = 20_000;
const CLOCK_JUMP_MS_MAX = 30_000;
const FAULTS = { least: 6, most: 14 };

export function planFaults(seed: number, traffic: Traffic, slots: readonly string[]): Fault[] {
  const random = seededRandom(seed * 2);
  const pick = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const any = <T>(list: readonly T[]): T => list[pick(0, list.length - 1)]!;
  const faults: Fault[] = [];
  for (let n = pick(FAULTS.least, FAULTS.most); n > 0; n--) {
    const action = any(ACTIONS);
    const onPoint = action === 'break' || action === 'slow' || (action === 'crash' && random() < 0.8);
    const isDown = action === 'crash' || action === 'leave';
    const slot = any(slots);
    faults.push({
      at: Math.max(traffic.startMs + 1_000, any(traffic.hotMoments) + pick(-500, 1_500)),
      slot,
      action,
      point: onPoint ? pickPoint(slot) : null,
      ms: isDown
        ? pick(DOWN_MS.least, DOWN_MS.most)
        : action === 'slow'
          ? pick(10, SLOW_MS_MAX)
          : action === 'clock'
            ? pick(-CLOCK_JUMP_MS_MAX, CLOCK_JUMP_MS_MAX)
            : 0,
    });
  }
  return faults.sort((a, b) => a.at - b.at);

  /** Processes without a task only append; those with tasks mostly commit, and append ticks and results of effects. */
  function pickPoint(slot: string): Fault['point'] {
    const tasks = TASKS[slot.split('-', 1)[0]!];
    if (!tasks || random() < 0.3) return { operation: 'append', phase: any(PHASES) };
    return { operation: 'commit', phase: any(PHASES), task: any(tasks) };
  }
}

export function describeFault({ at, slot, action, point, ms }: Fault): string {
  const when = pointName(point);
  const what = {
    crash: `dies ${when}, back after ${ms} ms`,
    break: `is refused ${when}`,
    slow: `hangs for ${ms} ms ${when}`,
    isolate: 'is taken for dead, but lives',
    leave: `leaves in good order, back after ${ms} ms`,
    clock: `has its clock jump by ${ms} ms`,
  }[action];
  return `${formatInstant(at)} ${slot} ${what}`;
}

function pointName(point: Fault['point']): string {
  return point ? `${point.phase} its next ${point.operation}${point.task ? ` of ${point.task}` : ''}` : 'at once';
}

/** Carries faults out. `atPoint` is what every await point of every log asks. */
export interface Injector {
  arm(world: World, faults: readonly Fault[]): void;
  atPoint(process: Process, point: FaultPoint): void | Promise<void>;
  /** The kinds of faults that were carried out: who, what, where. */
  struck(): ReadonlySet<string>;
  /** No more faults, and everybody who is down comes back. */
  heal(world: World): void;
}

export function createInjector(): Injector {
  let armed: Fault[] = [];
  let world: World;
  let healed = false;
  const struck = new Set<string>();

  function strike(fault: Fault, process: Process): void | Promise<void> {
    const back = (): void => void world.clock.after(fault.ms, () => world.start(fault.slot));
    struck.add(`${process.role} ${fault.action} ${pointName(fault.point)}`);
    switch (fault.action) {
      case 'crash':
        process.crash();
        return back();
      case 'break':
        throw new Error('refused by the simulator');
      case 'slow':
        return world.clock.sleep(fault.ms);
      case 'isolate':
        return process.isolate();
      case 'leave':
        void process.leave().then(back);
        return;
      case 'clock':
        process.skewMs = fault.ms;
        return;
      default:
        return fault.action satisfies never;
    }
  }

  return {
    arm(of, faults) {
      world = of;
      for (const fault of faults)
        world.clock.after(fault.at - world.clock.now(), () => {
          const process = world.process(fault.slot);
          if (!process || healed) return;
          if (fault.point) armed.push(fault);
          else void strike(fault, process);
        });
    },
    atPoint(process, point) {
      const fault = armed.find(
        (each) =>
          each.slot === process.slot &&
          each.point?.operation === point.operation &&
          each.point.phase === point.phase &&
          each.point.task === point.task,
      );
      if (!fault) return;
      armed = armed.filter((each) => each !== fault);
      return strike(fault, process);
    },
    struck: () => struck,
    heal(of) {
      healed = true;
      armed = [];
      for (const slot of of.slots()) {
        const process = of.process(slot);
        if (process) process.skewMs = 0;
        else of.start(slot);
      }
    },
  };
}
