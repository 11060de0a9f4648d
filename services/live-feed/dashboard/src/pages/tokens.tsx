/** Tokens: who may send, read, act and administer; each text is shown once. */
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { when, words } from '../format.ts';
import { Confirm } from '../parts/confirm.tsx';
import { FaultLine, NameField, useKept } from '../parts/settings.tsx';

interface TokenItem {
  id: string;
  name: string;
  scopes: string[];
  writeKey: boolean;
  createdAt: string;
  expiresAt: string | null;
}

const SCOPES = [
  ['ingest', 'send touchpoints'],
  ['read', 'see journeys, alerts and figures'],
  ['act', 'also acknowledge, snooze, resolve'],
  ['admin', 'also change definitions, endpoints and tokens'],
] as const;

export function TokensPage() {
  const { items, fault, attempt, load } = useKept<TokenItem>('/api/tokens');
  const made = useSignal<{ name: string; token: string } | null>(null);
  const name = useSignal('');
  const scopes = useSignal<ReadonlySet<string>>(new Set(['read']));
  const expires = useSignal('');

  async function create(): Promise<void> {
    const answer = await api<TokenItem & { token: string }>('POST', '/api/tokens', {
      name: name.value,
      scopes: [...scopes.value],
      ...(expires.value ? { expiresAt: new Date(expires.value).toISOString() } : {}),
    });
    made.value = { name: answer.name, token: answer.token };
    name.value = '';
    await load();
  }

  return (
    <>
      <div class="toolbar">
        <h1>Tokens</h1>
      </div>
      <FaultLine fault={fault} />
      {made.value && (
        <section class="sheet said" role="status">
          <h2>Token “{made.value.name}”</h2>
          <p>Copy it now: it is not kept and will not be shown again.</p>
          <pre>{made.value.token}</pre>
          <button type="button" onClick={() => void navigator.clipboard?.writeText(made.value!.token)}>
            Copy
          </button>{' '}
          <button type="button" onClick={() => (made.value = null)}>
            Done
          </button>
        </section>
      )}
      <form
        class="sheet form"
        onSubmit={(event) => {
          event.preventDefault();
          attempt(create);
        }}
      >
        <h2>New token</h2>
        <NameField name={name} />
        <fieldset>
          <legend>May</legend>
          {SCOPES.map(([scope, what]) => (
            <label class="check" key={scope}>
              <input
                type="checkbox"
                checked={scopes.value.has(scope)}
                onChange={(event) => {
                  const next = new Set(scopes.value);
                  if (event.currentTarget.checked) next.add(scope);
                  else next.delete(scope);
                  scopes.value = next;
                }}
              />{' '}
              <strong>{scope}</strong> – {what}
            </label>
          ))}
        </fieldset>
        <label>
          Ends (your time; empty: never)
          <input
            type="datetime-local"
            value={expires.value}
            onInput={(event) => (expires.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={scopes.value.size === 0}>
          Create
        </button>
      </form>
      {items.value === null ? (
        !fault.value && <p class="loading">Loading …</p>
      ) : (
        <div class="scroll-x" tabIndex={0} role="region" aria-label="Tokens">
          <table class="sheet">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Scopes</th>
                <th scope="col">Made</th>
                <th scope="col">Ends</th>
                <th scope="col">
                  <span class="visually-hidden">Withdraw</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.value.map((token) => (
                <tr key={token.id}>
                  <td>
                    {token.name}
                    {token.writeKey && <span class="role">write key</span>}
                  </td>
                  <td>{token.scopes.map(words).join(', ')}</td>
                  <td>{when(token.createdAt)}</td>
                  <td>{token.expiresAt ? when(token.expiresAt) : 'never'}</td>
                  <td>
                    <Confirm
                      label="Withdraw"
                      sure={`Withdraw ${token.name}`}
                      act={() => attempt(() => api('DELETE', `/api/tokens/${token.id}`).then(load))}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
