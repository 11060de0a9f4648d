/** A person: which ids are theirs and why they are one, where they belong, what is known of them. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { plural, when, words } from '../format.ts';
import { journeys, journeyIds } from '../store.ts';
import { nameOf, type PersonItem } from '../types.ts';

export function PersonPage({ id }: { id: string }) {
  const person = useSignal<PersonItem | null>(null);
  const fault = useSignal<string | null>(null);
  useEffect(() => {
    api<PersonItem>('GET', `/api/people/${encodeURIComponent(id)}`).then(
      (found) => (person.value = found),
      (error: Error) => (fault.value = error.message),
    );
  }, [id]);
  if (fault.value)
    return (
      <section class="empty">
        <h1>No such person</h1>
        <p>{fault.value}</p>
        <a href="#/board">Board</a>
      </section>
    );
  if (!person.value) return <p class="loading">Loading the person …</p>;
  const { name, ids, traits, accounts, mergedFrom, version, ...rest } = person.value;
  const byAge = [...ids].sort((a, b) => (a.firstSeen < b.firstSeen ? -1 : 1));
  const more = Object.entries(rest).flatMap(([key, value]) =>
    key !== 'id' && key !== 'edges' && Array.isArray(value) && value.length > 0
      ? [[key, value as Record<string, unknown>[]] as const]
      : [],
  );
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
          <Edges edges={(rest as { edges?: Edge[] }).edges ?? []} />
          <p class="soft">
            {byAge.length < 2
              ? 'There is a single id.'
              : 'Each of these ids came together with one that was known before it.'}
          </p>
          <ol class="ids">
            {byAge.map((one) => (
              <li key={`${one.namespace}${one.value}`}>
                <strong>{one.value}</strong> <span class="role">{one.namespace}</span>
                {one.shared && <span class="role warn">shared by several people</span>}
                <p>since {when(one.firstSeen)}</p>
              </li>
            ))}
          </ol>
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
        {more.map(([key, value]) => (
          <section key={key} aria-label={words(key)}>
            <h2>{words(key)}</h2>
            <ul class="ids">
              {value.map((entry, index) => (
                <li key={index}>
                  <Entry entry={entry} />
                </li>
              ))}
            </ul>
          </section>
        ))}
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

interface Edge {
  ids: { namespace: string; value: string }[];
  cause?: string | null;
  touchpointId?: string | null;
}

/** What tied the ids together: each is something that came with all of them on it. */
function Edges({ edges }: { edges: readonly Edge[] }) {
  if (edges.length === 0) return null;
  return (
    <ul class="ids edges">
      {edges.slice(0, EDGES_SHOWN).map((edge, index) => (
        <li key={index}>
          {edge.ids.map(({ namespace, value }, place) => (
            <span key={namespace + value}>
              {place > 0 && (place === edge.ids.length - 1 ? ' and ' : ', ')}
              {words(namespace)} <strong>{value}</strong>
            </span>
          ))}{' '}
          came together
          <p>{edge.touchpointId ? `on touchpoint ${edge.touchpointId}` : (edge.cause ?? '')}</p>
        </li>
      ))}
    </ul>
  );
}
const EDGES_SHOWN = 20;

/** A fact of a person's past, key by key. */
function Entry({ entry }: { entry: Record<string, unknown> }) {
  if (typeof entry !== 'object' || entry === null) return <code>{JSON.stringify(entry)}</code>;
  return (
    <dl>
      {Object.entries(entry).map(([key, value]) => (
        <div key={key} class="pair">
          <dt>{words(key)}</dt>
          <dd>{typeof value !== 'string' ? JSON.stringify(value) : ISO.test(value) ? when(value) : value}</dd>
        </div>
      ))}
    </dl>
  );
}
const ISO = /^\d{4}-\d\d-\d\dT/;
