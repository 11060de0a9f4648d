/** `cairn replay`: a file of events through the core, and what came of it into the files of API.md section 7. Two runs write the same bytes. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { attribute } from '@cairn/history/attribution/models.ts';
import { renderJourney } from '@cairn/orchestrator/core/render-journey.ts';
import { modelsOf } from '@cairn/orchestrator/shell/advance/learn-models.ts';
import { createChannelPaths } from './channel-paths.ts';
import { actionLine, alertLine, transitionLines } from './fact-lines.ts';
import type { EventsFile } from './file-rows.ts';
import { createLineWriter } from './line-writer.ts';
import { loadEvents, refuse } from './load-events.ts';
import { admitRows } from '@cairn/replay/admit-rows.ts';
import { runReplay, type ReplayRun, type ReplaySettings } from './run-replay.ts';
import { scoreLine } from './score-lines.ts';
import { nameOfSubject, readJourney } from '@cairn/replay/subjects.ts';
import { createTally } from './tally.ts';

export interface ReplayJob extends ReplaySettings {
  events: EventsFile;
  explain: boolean;
  out: string;
}

export interface ReplayDeps {
  clock: Clock;
  /** How far it is: bytes of the file read, then touchpoints replayed. */
  onBytes?(bytes: number): void;
  onRow?(count: number): void;
  warn(message: string): void;
}

export type ReplaySummary = Record<string, unknown>;

export async function writeReplay(job: ReplayJob, deps: ReplayDeps): Promise<ReplaySummary> {
  const { clock } = deps;
  const startedAt = clock.monotonic();
  mkdirSync(job.out, { recursive: true });
  const loaded = await loadEvents(job.events, job.until, clock, deps.onBytes);
  try {
    return replayRows(job, deps, loaded, startedAt);
  } finally {
    loaded.rows.close();
  }
}

function replayRows(
  job: ReplayJob,
  deps: ReplayDeps,
  loaded: Awaited<ReturnType<typeof loadEvents>>,
  startedAt: number,
): ReplaySummary {
  const { workspace, out, explain } = job;
  const isScored = job.ticks !== null || job.scoreOn !== null;
  // Those of another run would be taken for this one's.
  if (!isScored) rmSync(join(out, 'scores.jsonl'), { force: true });
  const files = {
    alerts: createLineWriter(join(out, 'alerts.jsonl')),
    actions: createLineWriter(join(out, 'actions.jsonl')),
    transitions: createLineWriter(join(out, 'transitions.jsonl')),
    journeys: createLineWriter(join(out, 'journeys.jsonl')),
    ...(isScored ? { scores: createLineWriter(join(out, 'scores.jsonl')) } : {}),
  };
  const paths = createChannelPaths();
  const tally = createTally();
  const touchpoints = admitRows(workspace, loaded.rows.rows(), (reason, row) =>
    refuse(loaded, reason, row.number, null),
  );
  let failures = 0;
  const { run, counts } = runReplay(job, touchpoints, {
    onAlert(fact, subject) {
      files.alerts.write(alertLine(fact, subject));
      tally.alert(fact);
    },
    onBudget: (fact) => tally.budget(fact),
    onAction(fact, subject) {
      files.actions.write(actionLine(fact, subject));
      tally.action(fact);
    },
    onChange(fact, subjectOf) {
      paths.take(fact);
      if (fact.events.length === 0) return;
      for (const line of transitionLines(fact, subjectOf())) files.transitions.write(line);
      tally.change(fact);
    },
    ...(files.scores
      ? {
          onScore(running: ReplayRun, stateKey: string, at: number) {
            const { definition, world } = running;
            const line = scoreLine({ workspace, definition, explain }, world.state, stateKey, at);
            if (line) files.scores!.write(line);
          },
        }
      : {}),
    onFailure(error) {
      if (failures++ === 0) deps.warn(`a touchpoint could not be handled: ${(error as Error).message}`);
    },
    ...(deps.onRow ? { onRow: deps.onRow } : {}),
  });
  for (const line of finalJourneys(run, workspace, counts.endAt ?? 0)) {
    tally.journey(line.status);
    files.journeys.write(line);
  }
  for (const file of Object.values(files)) file.finish();

  const attribution = attribute(paths.paths());
  writeJson(join(out, 'attribution.json'), attribution);
  for (const example of loaded.examples) deps.warn(`refused: ${example}`);
  const summary: ReplaySummary = {
    definition: job.definition.name,
    touchpoints: counts.touchpoints,
    rows: {
      read: loaded.read,
      skipped: loaded.skipped,
      duplicates: counts.duplicates,
      refused: sumOf(loaded.refused),
      reasons: loaded.refused,
    },
    failed: counts.failures,
    from: formatInstantOrNull(counts.firstAt),
    to: formatInstantOrNull(counts.lastAt),
    until: formatInstantOrNull(counts.endAt),
    ...tally.counts(),
    ticks: counts.ticks,
    scores: files.scores?.lines() ?? 0,
    conversions: attribution.conversions,
    rates: tally.rates(counts.firstAt, counts.endAt),
  };
  const ms = Math.round(deps.clock.monotonic() - startedAt);
  const touchpointsPerSecond = ms === 0 ? null : Math.round((counts.touchpoints * 1000) / ms);
  // The one field that differs from run to run, and the last.
  const whole = { ...summary, wallTime: { ms, touchpointsPerSecond } };
  writeJson(join(out, 'summary.json'), whole);
  return whole;
}

/** As the API answers it, with the subject's name, as of the end. Absorbed journeys live on in another and have no line. */
function* finalJourneys(
  { world, journeys, definition }: ReplayRun,
  workspace: string,
  at: number,
): Generator<Record<string, unknown> & { status: string }> {
  for (const stateKey of journeys.places()) {
    const found = readJourney(world.state, stateKey, definition.name);
    if (!found) continue;
    const { subject, journey } = found;
    const models = modelsOf(world.state, workspace, definition.name);
    const rendered = renderJourney({ workspace, subject, definition, models }, journey, at, null);
    yield { ...rendered, subject: { ...nameOfSubject(subject), id: subject.id } };
  }
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

const sumOf = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
