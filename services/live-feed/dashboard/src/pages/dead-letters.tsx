import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { apiAll } from '../api.ts';
import { when } from '../format.ts';

interface DeadLetterItem {
  id: string;
  at: string;
  reason: string;
  messageId: string | null;
  raw: string;
}

/** What could not be processed, and why. */
export function DeadLettersPage() {
  const items = useSignal<DeadLetterItem[] | null>(null);
  const fault = useSignal<string | null>(null);
  useEffect(() => {
    apiAll<DeadLetterItem>('/api/dead-letters', 500).then(
      (found) => (items.value = found),
      (error: Error) => (fault.value = error.message),
    );
  }, []);
  return (
    <>
      <div class="toolbar">
        <h1>Dead letters</h1>
      </div>
      {fault.value && <p class="fault">{fault.value}</p>}
      {items.value === null ? (
        <p class="loading">Loading …</p>
      ) : items.value.length === 0 ? (
        <section class="empty">
          <h2>Everything that came was processed</h2>
          <p>
            A touchpoint that is refused, and a record that makes a service fail, is kept here for 30 days with its
            reason.
          </p>
        </section>
      ) : (
        <table class="touchpoints">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Reason</th>
              <th scope="col">Message</th>
              <th scope="col">What came</th>
            </tr>
          </thead>
          <tbody>
            {items.value.map((item) => (
              <tr key={item.id}>
                <td>{when(item.at)}</td>
                <td>{item.reason}</td>
                <td>{item.messageId ?? '–'}</td>
                <td>
                  <details>
                    <summary>{item.raw.slice(0, 60)}</summary>
                    <pre>{item.raw}</pre>
                  </details>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
