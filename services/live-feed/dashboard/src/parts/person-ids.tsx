/** The ids of a person, oldest first, each with a way to cut it off: it goes, with what hangs on it alone, to a person of its own. */
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { when, words } from '../format.ts';
import type { PersonItem } from '../types.ts';
import { Confirm } from './confirm.tsx';

type Id = PersonItem['ids'][number];

export function PersonIds({ person, onCut }: { person: PersonItem; onCut: () => void }) {
  const said = useSignal<string | null>(null);
  const byAge = [...person.ids].sort((a, b) => (a.firstSeen < b.firstSeen ? -1 : 1));
  const own = byAge.filter(({ shared }) => !shared);

  async function cut({ namespace, value }: Id): Promise<void> {
    try {
      await api('POST', '/api/identity/split', { personId: person.id, cut: [{ namespace, value }] });
      said.value = `${words(namespace)} ${value} was cut off. Journeys are derived anew within seconds.`;
      onCut();
    } catch (error) {
      said.value = (error as Error).message;
    }
  }

  return (
    <>
      <p role="status" class="soft">
        {said.value}
      </p>
      <ol class="ids">
        {byAge.map((one) => {
          const key = `${one.namespace}:${one.value}`;
          return (
            <li key={key}>
              <strong>{one.value}</strong> <span class="role">{one.namespace}</span>
              {one.shared && <span class="role warn">shared by several people</span>}
              <p>
                since {when(one.firstSeen)}{' '}
                {!one.shared && own.length > 1 && (
                  <Confirm
                    label="Cut off"
                    sure={`Cut off ${one.value}: what it did leaves with it`}
                    act={() => void cut(one)}
                  />
                )}
              </p>
            </li>
          );
        })}
      </ol>
    </>
  );
}
