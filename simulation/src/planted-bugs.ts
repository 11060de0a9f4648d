import type { Cycle, Log, OwnedPartition, StateEntry, StateReader } from '@cairn/log/log.ts';

/**
 * Faults of the program, planted between the tasks and the log to show that the simulator would find them. Each does what a
 * plausible mistake in the task or in a log would do. Never used outside of the simulator.
 */
export type PlantedBug =
  'effects-before-commit' | 'timer-lost-in-restore' | 'offset-outside-commit' | 'merge-loses-an-identifier';

export const PLANTED_BUGS: readonly PlantedBug[] = [
  'effects-before-commit',
  'timer-lost-in-restore',
  'offset-outside-commit',
];

/** One run's planting: what it keeps outside of the log outlives the processes. */
export function plantBug(bug: PlantedBug | null): (log: Log) => Log {
  if (bug === null) return (log) => log;
  const offsets = new Map<string, bigint>();
  return (log) => ({
    ...log,
    join: (options) =>
      log.join({
        ...options,
        run: (owned) => {
          switch (bug) {
            case 'effects-before-commit':
              return options.run(reportsCommitsEarly(owned));
            case 'timer-lost-in-restore':
              return options.run(restoresWithoutTimers(owned));
            case 'offset-outside-commit':
              return options.run(keepsOffsetApart(owned, offsets));
            case 'merge-loses-an-identifier':
              return options.run(losesAnIdentifier(owned));
            default:
              return bug satisfies never;
          }
        },
      }),
  });
}

/** `commit` returns before the cycle is written, so that its effects start beside it. */
function reportsCommitsEarly(owned: OwnedPartition): OwnedPartition {
  let underWay: Promise<void> = Promise.resolve();
  let unwritten: { cycle: Cycle; entries: Map<string, StateEntry | undefined> } | null = null;
  const state: StateReader = {
    get: (key) => (unwritten?.entries.has(key) ? unwritten.entries.get(key) : owned.state.get(key)),
    entries: (prefix) => owned.state.entries(prefix),
    due: (before, limit) => owned.state.due(before, limit),
    nextDue: () => owned.state.nextDue(),
  };
  return {
    ...owned,
    state,
    position: () => unwritten?.cycle ?? owned.position(),
    async read(options) {
      await underWay;
      return owned.read(options);
    },
    async commit(cycle) {
      const entries = cycle.state.map(({ key, value, timers }): [string, StateEntry | undefined] => [
        key,
        value === null ? undefined : { value, timers },
      ]);
      unwritten = { cycle, entries: new Map(entries) };
      underWay = owned.commit(cycle).then(() => void (unwritten = null));
      underWay.catch(() => {});
    },
  };
}

/** A restore brings the state back, and forgets to arm its timers. */
function restoresWithoutTimers(owned: OwnedPartition): OwnedPartition {
  const lost = new Set<string>();
  for (const [key, { timers }] of owned.state.entries())
    for (const [purpose, dueAt] of Object.entries(timers)) lost.add(`${key} ${purpose} ${dueAt}`);
  const due: StateReader['due'] = (before, limit) =>
    owned.state
      .due(before, Infinity)
      .filter(({ key, purpose, dueAt }) => !lost.has(`${key} ${purpose} ${dueAt}`))
      .slice(0, limit);
  const state: StateReader = {
    get: (key) => owned.state.get(key),
    entries: (prefix) => owned.state.entries(prefix),
    due,
    nextDue: () => due(Infinity, 1)[0]?.dueAt ?? null,
  };
  return { ...owned, state };
}

/** Of everybody who is absorbed one identifier still leads to who is gone. In `people.sim.test.ts`: it takes merges. */
function losesAnIdentifier(owned: OwnedPartition): OwnedPartition {
  if (owned.task !== 'stitch') return owned;
  return {
    ...owned,
    async commit(cycle) {
      const isMerge = cycle.state.some(({ value }) => value && Buffer.from(value).includes('"into":"'));
      const lost = isMerge ? cycle.state.findIndex(({ key }) => key.includes('/id/')) : -1;
      await owned.commit({ ...cycle, state: cycle.state.filter((_, at) => at !== lost) });
    },
  };
}

/** The inbox offset is stored by itself, after the commit. */
function keepsOffsetApart(owned: OwnedPartition, offsets: Map<string, bigint>): OwnedPartition {
  const name = `${owned.task}-${owned.partition}`;
  const stored = (): bigint => offsets.get(name) ?? 0n;
  return {
    ...owned,
    position: () => ({ nextOffset: stored(), logTime: owned.position().logTime }),
    async read(options) {
      const records = await owned.read(options);
      return records.filter((record) => record.offset >= stored());
    },
    async commit(cycle) {
      await owned.commit({ ...cycle, nextOffset: stored() });
      offsets.set(name, cycle.nextOffset);
    },
  };
}
