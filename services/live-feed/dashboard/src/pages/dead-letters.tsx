/** What could not be processed, why, and putting it back once the cause is mended. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { api, apiAll } from '../api.ts';
import { plural, when } from '../format.ts';
import { CsvButton } from '../parts/csv.tsx';

interface DeadLetterItem {
  id: string;
  at: string;
  reason: string;
  messageId: string | null;
  raw: string;
  service: string;
  error: string | null;
}

const WHY: Readonly<Record<string, string>> = {
  unknown: 'not there any more',
  'refused-at-the-door': 'refused as it came: mend it where it is sent from',
  'a-timer': 'a timer, not a record',
  'no-longer-in-the-log': 'no longer in the log',
};

export function DeadLettersPage() {
  const items = useSignal<DeadLetterItem[] | null>(null);
  const reason = useSignal('');
  const fault = useSignal<string | null>(null);
  const said = useSignal('');
  const load = async (): Promise<void> => {
    items.value = await apiAll<DeadLetterItem>('/api/dead-letters', 500);
  };
  const guard = (work: Promise<unknown>): void => void work.catch((error: Error) => (fault.value = error.message));
  useEffect(() => guard(load()), []);
  const replay = async (ids: string[]): Promise<void> => {
    const answer = await api<{ replayed: number; skipped: { why: string }[] }>('POST', '/api/dead-letters/replay', {
      ids,
    });
    const why = answer.skipped[0] ? WHY[answer.skipped[0].why] : '';
    said.value = answer.replayed ? `${answer.replayed} put back` : `Not put back: ${why}`;
  };
  const reasons = [...new Set(items.value?.map((item) => item.reason))].sort();
  const shown = items.value?.filter((item) => !reason.value || item.reason === reason.value) ?? [];
  return (
    <>
      <div class="toolbar">
        <h1>Dead letters</h1>
        {items.value && <p class="figures">{plural(items.value.length, 'letter')}</p>}
      </div>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      <p role="status" class="soft">
        {said.value}
      </p>
      {items.value === null ? (
        !fault.value && <p class="loading">Loading …</p>
      ) : items.value.length === 0 ? (
        <section class="empty">
          <h2>Everything that came was processed</h2>
          <p>
            A touchpoint that is refused, and a record that makes a service fail, is kept here for 30 days with its
            reason. To see one, send a touchpoint without an event:
          </p>
          <pre>{`curl -u WRITE_KEY: -H 'content-type: application/json' ${location.origin}/v1/track -d '{"userId":"ada"}'`}</pre>
        </section>
      ) : (
        <>
          <div class="filters">
            <label>
              Reason{' '}
              <select value={reason.value} onChange={(event) => (reason.value = event.currentTarget.value)}>
                <option value="">All</option>
                {reasons.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            </label>
            <span class="end">
              <CsvButton
                name="dead-letters"
                head={['at', 'reason', 'service', 'messageId', 'error', 'raw']}
                rows={() =>
                  shown.map((item) => [item.at, item.reason, item.service, item.messageId, item.error, item.raw])
                }
              />
            </span>
          </div>
          <div class="scroll-x" tabIndex={0} role="region" aria-label="Dead letters">
            <table class="sheet">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Reason</th>
                  <th scope="col">What came</th>
                  <th scope="col">
                    <span class="visually-hidden">Put back</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map((item) => (
                  <tr key={item.id}>
                    <td class="nowrap">{when(item.at)}</td>
                    <td>
                      <strong>{item.reason}</strong>
                      <br />
                      <span class="soft">{item.error}</span>
                    </td>
                    <td class="wide">
                      <details>
                        <summary>{item.raw.slice(0, 80)}</summary>
                        <pre>{item.raw}</pre>
                      </details>
                    </td>
                    <td>
                      {item.service !== 'ingest' && (
                        <button type="button" onClick={() => guard(replay([item.id]))}>
                          Put back
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </>
  );
}
