/** A dry run in words and as JSON: how many alerts, transitions and actions would be added, lost, earlier or later, with examples. */
import { formatDuration, formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { Difference, Occurrence, Pair } from './compare.ts';
import type { DryRun } from './run-dry-run.ts';

/** Of each kind; whoever wants all asks for JSON with `--all`. */
export const EXAMPLES_SHOWN = 5;
const KINDS = ['added', 'lost', 'earlier', 'later'] as const;

export function dryRunJson(run: DryRun, examples = EXAMPLES_SHOWN): Record<string, unknown> {
  const side = (difference: DryRun['alerts']): Record<string, unknown> => ({
    before: difference.before,
    after: difference.after,
    same: difference.same,
    ...Object.fromEntries(KINDS.map((kind) => [kind, difference[kind].length])),
    examples: Object.fromEntries(KINDS.map((kind) => [kind, difference[kind].slice(0, examples).map(exampleOf)])),
  });
  return {
    touchpoints: run.touchpoints,
    from: formatInstantOrNull(run.from),
    to: formatInstantOrNull(run.to),
    alerts: side(run.alerts),
    transitions: side(run.transitions),
    actions: side(run.actions),
  };
}

export function dryRunText(run: DryRun): string {
  if (run.from === null || run.to === null) return 'no touchpoints: nothing to compare';
  const lines = [
    `${run.touchpoints} touchpoints; reported from ${formatInstant(run.from)} to ${formatInstant(run.to)}`,
  ];
  for (const name of ['alerts', 'transitions', 'actions'] as const) {
    const difference = run[name];
    const counts = KINDS.map((kind) => `${difference[kind].length} ${kind}`).join(', ');
    lines.push(
      '',
      `${name}: ${difference.before} now, ${difference.after} then: ${counts}, ${difference.same} the same`,
    );
    lines.push(...examplesOf(difference));
  }
  return lines.join('\n');
}

function* examplesOf(difference: Difference): Generator<string> {
  for (const kind of KINDS) {
    for (const pair of difference[kind].slice(0, EXAMPLES_SHOWN)) {
      const one = (pair.after ?? pair.before)!;
      const moved = pair.before && pair.after ? ` by ${formatDuration(Math.abs(pair.after.at - pair.before.at))}` : '';
      yield `  ${kind}${moved}: ${formatInstant(one.at)} ${one.subject} in ${one.stage}, ${one.what}: ${one.text}`;
    }
    const more = difference[kind].length - EXAMPLES_SHOWN;
    if (more > 0) yield `  … and ${more} more ${kind}`;
  }
}

function exampleOf({ before, after }: Pair): Record<string, unknown> {
  const { subject, journeyId, what, stage, text } = (after ?? before)!;
  const at = (one: Occurrence | null): string | null => (one ? formatInstant(one.at) : null);
  return { subject, journeyId, what, stage, before: at(before), after: at(after), text };
}
