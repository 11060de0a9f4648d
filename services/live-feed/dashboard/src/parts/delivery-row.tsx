import { Fragment } from 'preact';
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { when, words } from '../format.ts';
import type { DeliveryDetail, DeliveryItem } from './delivery-types.ts';

/** One message; opened, it shows what is sent and how each attempt was answered. `resend` null: it cannot be sent now. */
export function DeliveryRow({ item, resend }: { item: DeliveryItem; resend: (() => Promise<void>) | null }) {
  const open = useSignal(false);
  const last = item.attempts.at(-1);
  const detailId = `detail-${item.id}`;
  return (
    <Fragment>
      <tr class={item.state}>
        <td>{when(item.createdAt)}</td>
        <td>
          <button
            type="button"
            class="plain"
            aria-expanded={open.value}
            aria-controls={detailId}
            onClick={() => (open.value = !open.value)}
          >
            {open.value ? '▾' : '▸'} {item.type}
          </button>
        </td>
        <td>
          {words(item.state)}
          {item.reason && <small> {item.reason}</small>}
        </td>
        <td>
          {item.attempts.length}
          {last && <small> {last.code ?? last.status}</small>}
        </td>
        <td>{item.nextAttemptAt ? when(item.nextAttemptAt) : '–'}</td>
        <td class="number">
          {resend && (
            <button
              type="button"
              aria-label={`Resend ${item.type} of ${when(item.createdAt)}`}
              onClick={() => void resend()}
            >
              Resend
            </button>
          )}
        </td>
      </tr>
      {open.value && (
        <tr id={detailId}>
          <td colSpan={6}>
            <Detail item={item} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}

function Detail({ item }: { item: DeliveryItem }) {
  const found = useSignal<DeliveryDetail | null>(null);
  const asked = useSignal(false);
  if (!asked.value) {
    asked.value = true;
    api<DeliveryDetail>('GET', `/api/deliveries/${item.id}`).then(
      (detail) => (found.value = detail),
      () => {},
    );
  }
  const request = found.value?.request;
  return (
    <div class="detail">
      <p class="since">
        <code>{item.id}</code>
        {item.journeyId && (
          <>
            {' · '}
            <a href={`#/journeys/${item.journeyId}`}>its journey</a>
          </>
        )}
      </p>
      {item.attempts.length === 0 ? (
        <p>No attempt yet.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Attempt</th>
              <th scope="col">When</th>
              <th scope="col">Outcome</th>
              <th scope="col">Took</th>
              <th scope="col">Answer</th>
            </tr>
          </thead>
          <tbody>
            {item.attempts.map((attempt, index) => (
              <tr key={attempt.at}>
                <td>{index + 1}</td>
                <td>{when(attempt.at)}</td>
                <td>{attempt.code ?? `arrived (${attempt.status})`}</td>
                <td>{attempt.durationMs} ms</td>
                <td>{attempt.responseBody ? <pre>{attempt.responseBody.slice(0, 2_000)}</pre> : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {request && (
        <details>
          <summary>What is sent</summary>
          <pre tabIndex={0}>
            {`${request.method} ${request.url}\n${Object.entries(request.headers)
              .map(([name, value]) => `${name}: ${value}`)
              .join('\n')}\n\n${pretty(request.body)}`}
          </pre>
        </details>
      )}
      {found.value && !request && <p>What was sent is no longer kept: requests are kept for a week.</p>}
    </div>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
