/** Replays of a few rows in a test: rows in, lines out, without a file. */
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { actionLine, alertLine, transitionLines, type AlertLine, type TransitionLine } from './fact-lines.ts';
import { timeOfRow } from '@cairn/replay/row-time.ts';
import { admitRows } from '@cairn/replay/admit-rows.ts';
import { runReplay, type ReplayCounts, type ReplayRun, type ReplaySettings } from './run-replay.ts';
import { scoreLine } from './score-lines.ts';

export interface Replayed {
  alerts: AlertLine[];
  transitions: TransitionLine[];
  actions: Record<string, unknown>[];
  scores: Record<string, unknown>[];
  refused: string[];
  counts: ReplayCounts;
  run: ReplayRun;
}

export function replay(
  yaml: string,
  items: readonly Record<string, unknown>[],
  more: Partial<ReplaySettings> & { explain?: boolean } = {},
): Replayed {
  const loaded = loadDefinition(yaml);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const { explain = false, ...settings } = more;
  const found = { alerts: [], transitions: [], actions: [], scores: [], refused: [] } as unknown as Replayed;
  const rows = items
    .map((item, i) => ({ at: timeOfRow(item) as number, number: i + 1, text: JSON.stringify(item), item }))
    .sort((a, b) => a.at - b.at);
  const all: ReplaySettings = {
    workspace: 'default',
    definition: loaded.definition,
    until: null,
    ticks: null,
    scoreOn: null,
    ...settings,
  };
  const { run, counts } = runReplay(
    all,
    admitRows('default', rows, (reason) => found.refused.push(reason)),
    {
      onAlert: (fact, subject) => found.alerts.push(alertLine(fact, subject)),
      onAction: (fact, subject) => found.actions.push(actionLine(fact, subject)),
      onChange: (fact, subjectOf) => found.transitions.push(...transitionLines(fact, subjectOf())),
      onScore({ definition, world }, stateKey, at) {
        const line = scoreLine({ workspace: 'default', definition, explain }, world.state, stateKey, at);
        if (line) found.scores.push(line);
      },
      onFailure(error) {
        throw error;
      },
    },
  );
  return { ...found, run, counts };
}
