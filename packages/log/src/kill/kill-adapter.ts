import type { Log } from '../log.ts';

/** How the test of durability opens one implementation, in the child that is killed and in the parent that looks afterwards. */
export interface KillAdapter<Settings = unknown> {
  /** Opens the log on the storage that `settings` (plain data) names, with the topics of `KILL_TOPICS` and the names in it. */
  openLog(settings: Settings): Promise<Log>;
}

/** Named apart by `prefix`, so that many runs may share one broker. */
export const killNames = (prefix: string) => ({
  inbox: `${prefix}.inbox`,
  outputs: `${prefix}.outputs`,
  task: `${prefix}.task`,
});

export interface ChildArguments {
  /** URL of the module that exports `adapter: KillAdapter`. */
  module: string;
  settings: unknown;
  prefix: string;
  /** Names this child's records apart from those of the ones before it. */
  round: string;
}
