/** What can be done with all the chosen alerts at once. */
import { plural } from '../../format.ts';
import { alerts } from '../../store.ts';
import { act, chosen, DAY_MS, until } from './inbox.ts';
import { commonKind, verdictLabel, VERDICTS } from './verdicts.ts';

export function Bulk() {
  const kind = commonKind([...chosen.value].flatMap((id) => alerts.value.get(id)?.kind ?? []));
  return (
    <div class="bulk" role="group" aria-label="Chosen alerts">
      <strong>{plural(chosen.value.size, 'alert')} chosen</strong>
      <button type="button" onClick={() => void act([...chosen.value], 'acknowledge')}>
        Acknowledge all
      </button>
      <button type="button" onClick={() => void act([...chosen.value], 'snooze', { until: until(DAY_MS) })}>
        Snooze all for 1 day
      </button>
      <button type="button" onClick={() => void act([...chosen.value], 'snooze', { until: 'activity' })}>
        Snooze all until activity
      </button>
      {VERDICTS.map((verdict) => (
        <button type="button" key={verdict} onClick={() => void act([...chosen.value], 'resolve', { verdict })}>
          Resolve all: {verdictLabel(verdict, kind)}
        </button>
      ))}
      <button type="button" class="quiet" onClick={() => (chosen.value = new Set())}>
        Choose none
      </button>
    </div>
  );
}
