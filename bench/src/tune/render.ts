/** A tuning as Markdown: one line a setting and value, then the best of the random trials. */
import type { Moved, TrialFigures } from './figures.ts';

interface Tried {
  changes: Readonly<Record<string, string>>;
  figures: TrialFigures;
}

const BEST_SHOWN = 5;

/** `left`: values that there was no time for. */
export function renderTuning(
  present: TrialFigures,
  one: readonly Tried[],
  many: readonly Tried[],
  left: number,
): string {
  const { objective, logLoss, calibrationError, auc, looks, journeys } = present;
  const best = [...many].sort((a, b) => a.figures.objective.by - b.figures.objective.by);
  const head = '| AUC | calibration error | log-loss | log-loss + calibration error [95 %] |';
  return [
    `Present settings, ${looks} looks of ${journeys} journeys, 2011-10-29 to 2011-11-17: AUC ${auc.value.toFixed(3)}, calibration error ${calibrationError.value.toFixed(3)}, log-loss ${logLoss.value.toFixed(4)}, together ${objective.value.toFixed(4)}. Below: by how much a figure moves; **bold** where the interval over journeys leaves out 0.`,
    '',
    `| setting | tried ${head}`,
    '| --- | --- | --- | --- | --- | --- |',
    ...one.map(({ changes, figures }) => {
      const [name, value] = Object.entries(changes)[0]!;
      return `| ${name} | ${shown(value)} | ${cells(figures)} |`;
    }),
    ...(left === 0 ? [] : ['', `${left} further values were not tried.`]),
    '',
    `Of ${many.length} random trials ${many.filter(({ figures }) => figures.objective.interval.high < 0).length} were better and ${many.filter(({ figures }) => figures.objective.interval.low > 0).length} worse by more than chance; the best:`,
    '',
    `| changed ${head}`,
    '| --- | --- | --- | --- | --- |',
    ...best.slice(0, BEST_SHOWN).map(({ changes, figures }) => {
      const all = Object.entries(changes).map(([name, value]) => `${name} ${shown(value)}`);
      return `| ${all.join('; ')} | ${cells(figures)} |`;
    }),
  ].join('\n');
}

function cells({ auc, calibrationError, logLoss, objective }: TrialFigures): string {
  const { low, high } = objective.interval;
  return [
    moved(auc, 3),
    moved(calibrationError, 3),
    moved(logLoss, 4),
    `${moved(objective, 4)} [${signed(low, 4)}, ${signed(high, 4)}]`,
  ].join(' | ');
}

function moved({ by, interval }: Moved, digits: number): string {
  const text = signed(by, digits);
  return interval.low > 0 || interval.high < 0 ? `**${text}**` : text;
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
}

/** The edges of bins would fill a line. */
function shown(value: string): string {
  const parts = value.split(', ');
  return parts.length > 3 ? `${parts.length - 1} of them` : value;
}
