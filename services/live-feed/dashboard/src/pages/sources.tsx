/** Saved mappings: how rows of a file, or another system's webhooks, become touchpoints. */
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { when } from '../format.ts';
import { FaultLine, NameField, useKept } from '../parts/settings.tsx';

interface SourceItem {
  id: string;
  name: string;
  mapping: string;
  path: string;
  updatedAt: string;
}

const EXAMPLE = `{
  "type": "track",
  "userId": email,
  "event": deal_stage = "won" ? "Deal Won" : "Deal Updated",
  "timestamp": updated_at,
  "messageId": deal_id & "-" & updated_at
}`;

export function SourcesPage() {
  const { items, fault, attempt, load } = useKept<SourceItem>('/api/sources');
  const name = useSignal('');
  const mapping = useSignal(EXAMPLE);
  const said = useSignal('');

  async function save(): Promise<void> {
    const saved = await api<SourceItem>('POST', '/api/sources', { name: name.value, mapping: mapping.value });
    said.value = `${saved.name} is saved`;
    await load();
  }

  return (
    <>
      <div class="toolbar">
        <h1>Sources</h1>
      </div>
      <FaultLine fault={fault} />
      <p role="status" class="soft">
        {said.value}
      </p>
      {items.value?.length === 0 && (
        <section class="empty">
          <h2>No sources yet</h2>
          <p>
            SDKs and the HTTP API need none: a source is a saved mapping, for files and for systems that speak another
            language. Send a first touchpoint without one:
          </p>
          <pre>{`curl -u WRITE_KEY: -H 'content-type: application/json' \\
  ${location.origin}/v1/track \\
  -d '{"userId":"ada","event":"Demo Requested"}'`}</pre>
        </section>
      )}
      {items.value?.map((source) => (
        <section class="sheet" key={source.id} aria-label={source.name}>
          <h2>{source.name}</h2>
          <p class="soft">
            Changed {when(source.updatedAt)} · <code>{source.path}</code>
          </p>
          <pre>{source.mapping}</pre>
          <p>Load a file through it:</p>
          <pre>{`curl -u WRITE_KEY: -H 'content-type: text/csv' --data-binary @deals.csv \\
  '${location.origin}/v1/import?format=csv&source=${encodeURIComponent(source.name)}'`}</pre>
          <button
            type="button"
            onClick={() => {
              name.value = source.name;
              mapping.value = source.mapping;
              document.getElementById('mapping')?.focus();
            }}
          >
            Edit
          </button>
        </section>
      ))}
      <form
        class="sheet form"
        onSubmit={(event) => {
          event.preventDefault();
          attempt(save);
        }}
      >
        <h2>New or changed source</h2>
        <NameField name={name} />
        <label>
          Mapping: a JSONata expression, one row in, one touchpoint out
          <textarea
            id="mapping"
            rows={9}
            required
            spellcheck={false}
            value={mapping.value}
            onInput={(event) => (mapping.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Save
        </button>
      </form>
    </>
  );
}
