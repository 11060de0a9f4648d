/** `cairn evaluate --data DIR`: every known log in one online pass each, and the made log without memory, judged. */
import type { Clock } from '@cairn/clock/clock.ts';
import { parseInstant } from '@cairn/clock/calendar.ts';
import { admitRows } from '@cairn/replay/admit-rows.ts';
import { collect } from './collect.ts';
import { judgeLog, type LogFigures } from './judge-log.ts';
import { logsIn, openLog } from './logs.ts';
import { MEMORYLESS_DEFINITION, MEMORYLESS_SPLIT, memorylessTouchpoints } from './memoryless.ts';

export interface Evaluation {
  logs: (LogFigures & { log: string; source: string; splitAt: string })[];
  /** The product on a log without memory: 0.5, or it has seen the future. */
  memoryless: { auc: number | null; calibrationError: number | null; looks: number };
}

/** Noon: the working day is half over, and nobody's midnight. */
const TICKS = { hour: 12, minute: 0, days: null };

export async function evaluateLogs(folder: string, clock: Clock, tell: (message: string) => void): Promise<Evaluation> {
  const logs: Evaluation['logs'] = [];
  for (const log of logsIn(folder)) {
    tell(`${log.name}: reading`);
    const { definition, rows } = await openLog(log, folder, clock);
    try {
      tell(`${log.name}: replaying`);
      const settings = { workspace: 'evaluate', definition, until: null, ticks: TICKS, scoreOn: null };
      const collected = collect(
        settings,
        admitRows('evaluate', rows.rows(), () => {}),
      );
      const { name, source, splitAt } = log;
      logs.push({ log: name, source, splitAt, ...judgeLog(collected, parseInstant(splitAt)!) });
    } finally {
      rows.close();
    }
  }
  tell('a log without memory: replaying');
  const settings = {
    workspace: 'evaluate',
    definition: MEMORYLESS_DEFINITION,
    until: null,
    ticks: TICKS,
    scoreOn: null,
  };
  const made = judgeLog(collect(settings, memorylessTouchpoints()), MEMORYLESS_SPLIT);
  const { auc, calibrationError } = made.methods[0]!;
  return { logs, memoryless: { auc, calibrationError, looks: made.looks.judged } };
}
