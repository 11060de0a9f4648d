/** What can be done with all the chosen alerts at once. */
import { plural } from '../../format.ts';
import { act, chosen, DAY_MS, until, VERDICTS } from './inbox.ts';

export function Bulk() {
  return (
    <div class="bulk" role="group" aria-label="Chosen alerts">
      <strong>{plural(chosen.value.size, 'alert')} chosen</strong>
      <button type="button" onClick={() => void act([...chosen.value], 'acknowledge')}>
        Acknowledge all
      </button>
      <button type="button" onClick={() => void act([...chosen.value], 'snooze', { until: until(DAY_MS) })}>
        Snooze all for 1 day
      </button>
      {VERDICTS.map(([verdict, label]) => (
        <button type="button" key={verdict} onClick={() => void act([...chosen.value], 'resolve', { verdict })}>
          Resolve all: {label}
        </button>
      ))}
      <button type="button" class="quiet" onClick={() => (chosen.value = new Set())}>
        Choose none
      </button>
    </div>
  );
}
