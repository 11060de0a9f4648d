/** A definition tried on what has happened: what would come and go beside the live one, with journeys to look at. Changes nothing. */
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { ApiError, api } from '../api.ts';
import { plural, when, words } from '../format.ts';
import type { Fault } from './definition-editor.tsx';

const CHANGES = ['added', 'lost', 'earlier', 'later'] as const;
const KINDS = ['alerts', 'transitions', 'actions'] as const;
const TIMES = [
  ['30d', '30 days'],
  ['90d', '90 days'],
  ['180d', '180 days'],
] as const;
type Change = (typeof CHANGES)[number];

interface Example {
  subject: string;
  journeyId: string | null;
  what: string;
  stage: string;
  before: string | null;
  after: string | null;
  text: string;
}
type Side = Record<Change | 'before' | 'after' | 'same', number> & { examples: Record<Change, Example[]> };
type Outcome = Record<(typeof KINDS)[number], Side> & {
  liveVersion: number | null;
  over: string;
  capped: boolean;
  from: string | null;
  to: string | null;
};

export function DryRun({ text, onFaults }: { text: string; onFaults: (faults: readonly Fault[]) => void }) {
  const since = useSignal('90d');
  const outcome = useSignal<{ of: string; told: Outcome } | null>(null);
  const wrong = useSignal<string | null>(null);
  const running = useSignal(false);
  const asking = useRef<AbortController | null>(null);
  // Whoever leaves the page wants no answer.
  useEffect(() => () => asking.current?.abort(), []);

  async function run(): Promise<void> {
    const own = (asking.current = new AbortController());
    running.value = true;
    wrong.value = outcome.value = null;
    onFaults([]);
    try {
      const path = `/api/definitions/dry-run?since=${since.value}&examples=10`;
      outcome.value = { of: text, told: await api<Outcome>('POST', path, text, own.signal) };
    } catch (error) {
      if (own.signal.aborted) wrong.value = null;
      else {
        wrong.value = (error as Error).message;
        if (error instanceof ApiError) onFaults(error.errors);
      }
    }
    running.value = false;
  }

  return (
    <section class="dry-run" aria-label="Dry run">
      <h2>Which alerts and actions would come and go?</h2>
      <p class="soft">
        The workspace’s own history, with this text beside the version that is live. Nothing is changed.
      </p>
      <div class="controls">
        <label>
          Last{' '}
          <select value={since.value} onChange={(event) => (since.value = event.currentTarget.value)}>
            {TIMES.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="primary" disabled={running.value} onClick={() => void run()}>
          Run
        </button>
        {running.value && (
          <button type="button" onClick={() => asking.current?.abort()}>
            Cancel
          </button>
        )}
      </div>
      <p role="status">{running.value ? 'Running through the history …' : ''}</p>
      {wrong.value && (
        <p class="fault" role="alert">
          {wrong.value}
        </p>
      )}
      {outcome.value && <Told told={outcome.value.told} isOld={outcome.value.of !== text} />}
    </section>
  );
}

function Told({ told, isOld }: { told: Outcome; isOld: boolean }) {
  if (told.from === null || told.to === null)
    return (
      <p class="empty">
        There are no touchpoints yet: nothing to compare. Send some, or <code>npx cairn import FILE</code>.
      </p>
    );
  const { alerts } = told;
  const isSame = KINDS.every((kind) => CHANGES.every((change) => told[kind][change] === 0));
  return (
    <>
      <p>
        <strong>
          {isSame
            ? 'Nothing would be other than it was.'
            : alerts.after === alerts.before
              ? `As many alerts as before (${alerts.after}).`
              : `${plural(alerts.after, 'alert')} instead of ${alerts.before}.`}
        </strong>{' '}
        {when(told.from)} to {when(told.to)}, over {told.over}, beside{' '}
        {told.liveVersion === null ? 'no live version: all is new' : `version ${told.liveVersion}`}.
        {isOld && <em> The text has been changed since.</em>}
      </p>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="What would change, counted">
        <table class="sheet">
          <thead>
            <tr>
              <th scope="col">What</th>
              {['Live', 'Then', 'Added', 'Lost', 'Earlier', 'Later', 'Same'].map((name) => (
                <th key={name} class="number" scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {KINDS.map((kind) => (
              <tr key={kind}>
                <th scope="row">{words(kind)}</th>
                {(['before', 'after', ...CHANGES, 'same'] as const).map((name) => (
                  <td key={name} class="number">
                    {told[kind][name]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {KINDS.map((kind) =>
        CHANGES.map((change) => <Examples key={kind + change} {...{ kind, change }} side={told[kind]} />),
      )}
    </>
  );
}

function Examples({ kind, change, side }: { kind: string; change: Change; side: Side }) {
  const examples = side.examples[change];
  if (side[change] === 0) return null;
  const isMove = change === 'earlier' || change === 'later';
  return (
    <details open={kind === 'alerts'}>
      <summary>
        {words(kind)} {change}: {side[change]}
      </summary>
      <ul class="examples">
        {examples.map((one, index) => (
          <li key={index}>
            {one.journeyId ? <a href={`#/journeys/${one.journeyId}`}>{one.subject}</a> : <strong>{one.subject}</strong>}{' '}
            <span class="soft">
              {isMove ? `${when(one.after!)}, was ${when(one.before!)}` : when((one.after ?? one.before)!)}
              {kind !== 'transitions' && ` in ${words(one.stage)}`}
            </span>
            <br />
            {kind === 'transitions' ? one.text : `${words(one.what)}: ${one.text}`}
          </li>
        ))}
      </ul>
      {side[change] > examples.length && <p class="soft">… and {side[change] - examples.length} more.</p>}
    </details>
  );
}
