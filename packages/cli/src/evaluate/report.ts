/** The figures of an evaluation as Markdown tables, for the terminal and for docs/science.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Interval } from './bootstrap.ts';
import type { Evaluation } from './evaluate-logs.ts';

export function renderEvaluation({ logs, memoryless }: Evaluation): string {
  const parts = logs.map((log) => {
    const { methods, otherHorizons, firstDays, leakCheck, winning } = log;
    return [
      `### ${log.log}`,
      '',
      `${log.source}. Learned before ${log.splitAt.slice(0, 10)} (${log.looks.learned} looks), judged after (${log.looks.judged} looks, one a day at 12:00 local time of each open journey; ${digits(log.openJourneys, 0)} open on average; ${share(log.base)} of looks were followed by seven silent days). One online pass.`,
      '',
      '| | AUC | Brier skill | calibration error | alerts | precision | recall | lead (days) | false alerts a week per 100 open |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      ...methods.map(
        (method) =>
          `| ${method.name} | ${digits(method.auc)} | ${digits(method.brierSkill)} | ${digits(method.calibrationError)} | ${method.alerts} | ${share(method.precision)} | ${share(method.recall)} | ${digits(method.leadDays, 1)} | ${digits(method.falsePerWeekPer100, 2)} |`,
      ),
      '',
      `- Of 95 %, over journeys: AUC${within(log.intervals.auc)}, beyond idle time${within(log.intervals.aucOverIdle)}, calibration error${within(log.intervals.calibrationError)}; of days 15–28${within(log.intervals.secondFortnightCalibrationError)}.`,
      ...otherHorizons.map(
        ({ days, auc, calibrationError }) =>
          `- Silence of ${days} days: AUC ${digits(auc)}, calibration error ${digits(calibrationError)}.`,
      ),
      winning.looks === 0
        ? '- Winning: no probability was said (200 won and 200 lost are needed, and better than the constant).'
        : `- Winning, of journeys that ended: AUC ${digits(winning.auc)}${within(winning.aucInterval)}, Brier skill ${digits(winning.brierSkill)}, calibration error ${digits(winning.calibrationError)}, log-loss ${digits(winning.logLoss)} (the constant's: ${digits(winning.constantLogLoss)}; ${winning.looks} looks).`,
      ...(winning.looks === 0
        ? []
        : [
            `- Winning, by fortnights after the split, AUC and log-loss (the constant's): ${winning.fortnights.map(({ auc, logLoss, constantLogLoss }) => `${digits(auc)} and ${digits(logLoss)} (${digits(constantLogLoss)})`).join('; ')}.`,
          ]),
      ...firstDays.map(
        ({ days, looks, calibrationError, alerts }) =>
          `- Days ${days} of a new tenant: calibration error ${digits(calibrationError)} (${looks} looks), ${alerts} alerts.`,
      ),
      `- Leak check (what came dealt out at random): AUC ${digits(leakCheck.auc)}, Brier skill ${digits(leakCheck.brierSkill)}.`,
    ].join('\n');
  });
  parts.push(
    `### A made log without memory\n\nNobody can be told from another there, so whoever ranks them has seen the future: AUC ${digits(memoryless.auc)} (must be 0.5), calibration error ${digits(memoryless.calibrationError)}, ${memoryless.looks} looks.`,
  );
  return parts.join('\n\n');
}

/** Puts the figures between their two marks; a page without them gets them at its end. */
export function writeFigures(path: string, text: string): void {
  writeSection(path, 'figures', 'cairn evaluate --write', text);
}

/** Puts a text between the two marks of its section; a page without them gets them at its end. */
export function writeSection(path: string, section: string, command: string, text: string): void {
  const begins = `<!-- ${section}: written by \`${command}\`, do not edit -->`;
  const ends = `<!-- end of ${section} -->`;
  let page: string;
  try {
    page = readFileSync(path, 'utf8');
  } catch {
    page = '# Science: what was measured\n';
  }
  const marked = `${begins}\n\n${text}\n\n${ends}`;
  const begin = page.indexOf(begins);
  const end = page.indexOf(ends);
  writeFileSync(
    path,
    begin >= 0 && end > begin
      ? `${page.slice(0, begin)}${marked}${page.slice(end + ends.length)}`
      : `${page.trimEnd()}\n\n${marked}\n`,
  );
}

function digits(value: number | null, count = 3): string {
  return value === null ? '–' : value.toFixed(count);
}

function within(interval: Interval | null): string {
  return interval === null ? '' : ` [${digits(interval.low)}, ${digits(interval.high)}]`;
}

function share(value: number | null): string {
  return value === null ? '–' : `${(value * 100).toFixed(1)} %`;
}
