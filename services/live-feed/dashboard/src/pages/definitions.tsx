/** Journey definitions: what stages there are, what leads into them, when silence is a stall. Read, changed, checked, tried, put live. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { ApiError } from '../api.ts';
import { api } from '../api.ts';
import { plural, when, words } from '../format.ts';
import { DefinitionEditor, type Fault } from '../parts/definition-editor.tsx';
import { toYaml } from '../parts/to-yaml.ts';
import { loadStages } from '../store.ts';

interface DefinitionItem {
  name: string;
  version: number;
  unit: string;
  title: string | null;
  updatedAt: string;
  by: string;
  definition: Record<string, unknown> & { stages?: { name: string }[] };
}

const NEW = `cairn: journey-definition/1
name: my-journey
unit: account
stages:
  - name: awareness
  - name: evaluation
    enter: { event: Demo Requested }
    stall: { after: 3 business days }
outcomes:
  won: { enter: { event: Deal Won } }
  lost: { enter: { event: Deal Lost } }
`;

export function DefinitionsPage({ id }: { id?: string | undefined }) {
  const items = useSignal<DefinitionItem[] | null>(null);
  const fault = useSignal<string | null>(null);
  const load = async (): Promise<void> => {
    items.value = (await api<{ items: DefinitionItem[] }>('GET', '/api/definitions')).items;
  };
  useEffect(() => {
    load().catch((error: Error) => (fault.value = error.message));
  }, []);
  const shown = items.value?.find((item) => item.name === (id ?? items.value?.[0]?.name));
  return (
    <>
      <div class="toolbar">
        <h1>Definitions</h1>
        {items.value && <p class="figures">{items.value.length} live</p>}
      </div>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {items.value === null ? (
        !fault.value && <p class="loading">Loading …</p>
      ) : (
        <>
          <nav class="segments" aria-label="Definitions">
            {items.value.map((item) => (
              <a key={item.name} href={`#/definitions/${item.name}`} aria-current={item === shown ? 'page' : undefined}>
                {item.title ?? item.name}
              </a>
            ))}
            <a href="#/definitions/+new" aria-current={id === '+new' ? 'page' : undefined}>
              New
            </a>
          </nav>
          <Editing key={shown ? `${shown.name} ${shown.version}` : 'new'} item={shown ?? null} published={load} />
        </>
      )}
    </>
  );
}

function Editing({ item, published }: { item: DefinitionItem | null; published: () => Promise<void> }) {
  const before = item ? toYaml(item.definition) : NEW;
  const text = useSignal(before);
  const faults = useSignal<readonly Fault[]>([]);
  const said = useSignal<string | null>(null);
  const wrong = useSignal<string | null>(null);
  const trying = useSignal(false);
  const working = useSignal(false);

  async function ask<T>(path: string, done: (answer: T) => string | null): Promise<void> {
    working.value = true;
    faults.value = [];
    wrong.value = said.value = null;
    try {
      said.value = done(await api<T>('POST', path, text.value));
    } catch (error) {
      const { errors = [], message } = error as ApiError;
      faults.value = errors;
      wrong.value = errors.length ? plural(errors.length, 'fault') : message;
    }
    working.value = false;
  }

  return (
    <div class="editing">
      {item && (
        <p class="soft">
          Version {item.version} is live since {when(item.updatedAt)}, put by {item.by} ·{' '}
          {item.unit === 'account' ? 'one journey an account' : 'one journey a person'} · stages:{' '}
          {item.definition.stages?.map((stage) => words(stage.name)).join(' → ')}
        </p>
      )}
      <div class="controls">
        <button
          type="button"
          disabled={working.value}
          onClick={() => void ask('/api/definitions/validate', () => 'No faults.')}
        >
          Validate
        </button>
        <button type="button" aria-expanded={trying.value} onClick={() => (trying.value = !trying.value)}>
          Dry run
        </button>
        <button
          type="button"
          class="primary"
          disabled={working.value || text.value === before}
          onClick={() =>
            void ask<DefinitionItem>('/api/definitions', (answer) => {
              void published().then(loadStages);
              return `Version ${answer.version} of ${answer.name} is live.`;
            })
          }
        >
          Publish
        </button>
        <button type="button" class="quiet" disabled={text.value === before} onClick={() => (text.value = before)}>
          Undo all
        </button>
      </div>
      <p role="status">{working.value ? 'Asking …' : said.value}</p>
      {wrong.value && (
        <div class="fault" role="alert">
          {wrong.value}
          <ul>
            {faults.value.map(({ path, message }) => (
              <li key={path + message}>
                {path && <code>{path}</code>} {message}
              </li>
            ))}
          </ul>
        </div>
      )}
      {trying.value && <DryRun name={item?.name ?? 'definition'} text={text.value} />}
      <DefinitionEditor text={text.value} faults={faults.value} onChange={(next) => (text.value = next)} />
      {text.value !== before && <Changes before={before} after={text.value} />}
    </div>
  );
}

/** History is run through the definition where it does not slow down what is live: on whoever's machine asks. */
function DryRun({ name, text }: { name: string; text: string }) {
  const file = `${name}.yaml`;
  return (
    <section class="sheet" aria-label="Dry run">
      <h2>Which alerts and actions would come and go?</h2>
      <p>Save this text, and run the last 90 days through it, beside the version that is live. Nothing is changed.</p>
      <p>
        <a class="button" download={file} href={URL.createObjectURL(new Blob([text], { type: 'application/yaml' }))}>
          Save {file}
        </a>
      </p>
      <pre>{`npx cairn dry-run ${file} --since 90d --url ${location.origin} --token TOKEN`}</pre>
    </section>
  );
}

/** The lines that are other than in the live version. */
function Changes({ before, after }: { before: string; after: string }) {
  const old = before.split('\n');
  const next = after.split('\n');
  const rows = diff(old, next).filter(({ kind }) => kind !== ' ');
  return (
    <details class="more">
      <summary>{plural(rows.length, 'changed line')}</summary>
      <pre class="diff">
        {rows.map(({ kind, line }, index) => (
          <span key={index} class={kind === '+' ? 'added' : 'gone'}>
            {kind} {line}
            {'\n'}
          </span>
        ))}
      </pre>
    </details>
  );
}

/** Longest common subsequence: definitions have some hundred lines. */
function diff(a: readonly string[], b: readonly string[]): { kind: '+' | '-' | ' '; line: string }[] {
  const size = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      size[i]![j] = a[i] === b[j] ? size[i + 1]![j + 1]! + 1 : Math.max(size[i + 1]![j]!, size[i]![j + 1]!);
  const rows: { kind: '+' | '-' | ' '; line: string }[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const isSame = i < a.length && j < b.length && a[i] === b[j];
    const isGone = j >= b.length || (i < a.length && size[i + 1]![j]! >= size[i]![j + 1]!);
    if (isSame) {
      rows.push({ kind: ' ', line: a[i]! });
      i++;
      j++;
    } else if (isGone) rows.push({ kind: '-', line: a[i++]! });
    else rows.push({ kind: '+', line: b[j++]! });
  }
  return rows;
}
