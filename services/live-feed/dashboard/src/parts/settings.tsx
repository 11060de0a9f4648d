/** What the pages that keep a list of small things share (sources, tokens): loading it, saying what went wrong, and the field of a name. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { apiAll } from '../api.ts';

/** So many are listed; a workspace has a handful. */
const MOST_LISTED = 1_000;

export interface Kept<Item> {
  /** Null while they are loaded. */
  items: Signal<Item[] | null>;
  fault: Signal<string | null>;
  /** Does a piece of work; what goes wrong is shown until the next one. */
  attempt: (work: () => Promise<unknown>) => void;
  load: () => Promise<void>;
}

export function useKept<Item>(path: string): Kept<Item> {
  const items = useSignal<Item[] | null>(null);
  const fault = useSignal<string | null>(null);
  const load = async (): Promise<void> => {
    items.value = await apiAll<Item>(path, MOST_LISTED);
  };
  const attempt = (work: () => Promise<unknown>): void => {
    fault.value = null;
    void work().catch((error: Error) => (fault.value = error.message));
  };
  useEffect(() => attempt(load), [path]);
  return { items, fault, attempt, load };
}

export function FaultLine({ fault }: { fault: Signal<string | null> }) {
  return fault.value ? (
    <p class="fault" role="alert">
      {fault.value}
    </p>
  ) : null;
}

export function NameField({ name }: { name: Signal<string> }) {
  return (
    <label>
      Name
      <input
        required
        maxLength={200}
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
      />
    </label>
  );
}
