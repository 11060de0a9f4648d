/** A person: which ids are theirs and why they are one, where they belong, what is known of them. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { plural, when, words } from '../format.ts';
import { journeys, journeyIds } from '../store.ts';
import { nameOf, type PersonItem } from '../types.ts';
import { PersonIds } from '../parts/person-ids.tsx';
import {
  Decisions,
  Edges,
  Merges,
  Splits,
  type Decision,
  type Edge,
  type Merge,
  type Split,
} from '../parts/person-story.tsx';

interface Story {
  edges: Edge[];
  merges: Merge[];
  splits: Split[];
  decisions: Decision[];
}

export function PersonPage({ id }: { id: string }) {
  const person = useSignal<PersonItem | null>(null);
  const fault = useSignal<string | null>(null);
  const load = (): void =>
    void api<PersonItem>('GET', `/api/people/${encodeURIComponent(id)}`).then(
      (found) => (person.value = found),
      (error: Error) => (fault.value = error.message),
    );
  useEffect(load, [id]);
  if (fault.value)
    return (
      <section class="empty">
        <h1>No such person</h1>
        <p>{fault.value}</p>
        <a href="#/board">Board</a>
      </section>
    );
  if (!person.value) return <p class="loading">Loading the person …</p>;
  const { name, ids, traits, accounts, mergedFrom, version } = person.value;
  const { edges = [], merges = [], splits = [], decisions = [] } = person.value as PersonItem & Partial<Story>;
  return (
    <article class="journey">
      <header class="journey-head">
        <h1>{name ?? ids.find((one) => one.namespace === 'email')?.value ?? 'Anonymous'}</h1>
        <p>
          {plural(ids.length, 'id')} ·{' '}
          {mergedFrom.length ? `${plural(mergedFrom.length, 'person', 'people')} merged in` : 'never merged'} · version{' '}
          {version}
        </p>
      </header>
      <div class="facts">
        <section aria-label="Why one person?">
          <h2>Why one person?</h2>
          <Edges edges={edges} personId={id} />
          <p class="soft">
            {ids.length < 2
              ? 'There is a single id.'
              : 'Each of these ids came together with one that was known before it.'}
          </p>
          <PersonIds person={person.value} onCut={load} />
          {mergedFrom.length > 0 && (
            <details class="more">
              <summary>Merged from</summary>
              <ul class="ids">
                {mergedFrom.map((other) => (
                  <li key={other}>
                    <code>{other}</code>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </section>
        <section aria-label="Accounts">
          <h2>Accounts</h2>
          {accounts.length === 0 && <p class="soft">None: the journey is the person’s own.</p>}
          <ul class="ids">
            {accounts.map((account) => (
              <li key={`${account.accountId}${account.from}${account.source}`}>
                <AccountName id={account.accountId} /> <span class="role">by {words(account.source)}</span>
                <p>
                  {when(account.from)} – {account.to ? when(account.to) : 'now'}
                </p>
              </li>
            ))}
          </ul>
        </section>
        <section aria-label="Traits">
          <h2>Traits</h2>
          {Object.keys(traits).length === 0 && <p class="soft">Nothing is known yet.</p>}
          <dl>
            {Object.entries(traits).map(([key, value]) => (
              <div key={key} class="pair">
                <dt>{key}</dt>
                <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        </section>
        <Merges merges={merges} personId={id} />
        <Splits splits={splits} personId={id} />
        <Decisions decisions={decisions} personId={id} />
      </div>
    </article>
  );
}

/** An account by the name of its journey, where the board knows one; by its id else. */
function AccountName({ id }: { id: string }) {
  void journeyIds.value;
  const journey = [...journeys.values()].map((one) => one.peek()).find(({ account }) => account?.id === id);
  if (!journey) return <strong>{id}</strong>;
  return (
    <a href={`#/journeys/${journey.id}`} title={id}>
      <strong>{nameOf(journey)}</strong>
    </a>
  );
}
