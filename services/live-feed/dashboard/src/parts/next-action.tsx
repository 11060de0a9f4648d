/** What to do next, and why; accepted, put off or dismissed where it stands. */
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { when, words } from '../format.ts';
import { now } from '../store.ts';

const SNOOZE_MS = 86_400_000;

export interface NextAction {
  id?: string;
  name?: string;
  title?: string | null;
  reason?: string | null;
  state?: string;
  expiresAt?: string | null;
}

/** `nextBestAction` as it comes; null where there is none. */
export const readAction = (value: unknown): NextAction | null =>
  typeof value === 'object' && value !== null && ('id' in value || 'name' in value) ? (value as NextAction) : null;

export function NextBestAction({ action }: { action: NextAction }) {
  const fault = useSignal<string | null>(null);
  const done = useSignal<string | null>(null);
  const act = async (command: string, said: string, body: object = {}): Promise<void> => {
    fault.value = null;
    try {
      await api('POST', `/api/actions/${encodeURIComponent(action.id!)}/${command}`, body);
      done.value = said;
    } catch (error) {
      fault.value = (error as Error).message;
    }
  };
  return (
    <section class="next-action" aria-label="Next best action">
      <p class="label">Next best action</p>
      <h2>{action.title ?? words(action.name ?? 'Action')}</h2>
      {action.reason && <p>{action.reason}</p>}
      {action.expiresAt && <p class="soft">Until {when(action.expiresAt)}</p>}
      {action.id && done.value === null && (
        <div class="controls">
          <button type="button" class="primary" onClick={() => void act('accept', 'Accepted')}>
            Accept
          </button>
          <button
            type="button"
            onClick={() => void act('snooze', 'Snoozed', { until: new Date(now.value + SNOOZE_MS).toISOString() })}
          >
            Snooze
          </button>
          <button type="button" onClick={() => void act('dismiss', 'Dismissed')}>
            Dismiss
          </button>
        </div>
      )}
      <p role="status">{done.value}</p>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
    </section>
  );
}
