/** Journey definitions: what stages there are, what leads into them, when silence is a stall. Read, changed, checked, tried, put live. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { ApiError } from '../api.ts';
import { api } from '../api.ts';
import { plural, when, words } from '../format.ts';
import { DefinitionEditor, type Fault } from '../parts/definition-editor.tsx';
import { DefinitionVersions } from '../parts/definition-versions.tsx';
import { DryRun } from '../parts/dry-run.tsx';
import { lineDiff } from '../parts/line-diff.ts';
import { TextDiff } from '../parts/text-diff.tsx';
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
  /** As it was written. */
  source: string;
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
  const before = item ? textOf(item) : NEW;
  const text = useSignal(before);
  const faults = useSignal<readonly Fault[]>([]);
  const said = useSignal<string | null>(null);
  const wrong = useSignal<string | null>(null);
  const open = useSignal<'dry run' | 'versions' | null>(null);
  const working = useSignal(false);

  function show(what: 'dry run' | 'versions'): void {
    open.value = open.value === what ? null : what;
  }

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
        <button type="button" aria-expanded={open.value === 'dry run'} onClick={() => show('dry run')}>
          Dry run
        </button>
        {item && (
          <button type="button" aria-expanded={open.value === 'versions'} onClick={() => show('versions')}>
            Versions
          </button>
        )}
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
      {open.value === 'dry run' && <DryRun text={text.value} onFaults={(found) => (faults.value = found)} />}
      {open.value === 'versions' && item && (
        <DefinitionVersions
          name={item.name}
          // What is shown then says which version is live.
          restored={() => void published().then(loadStages)}
        />
      )}
      <DefinitionEditor text={text.value} faults={faults.value} onChange={(next) => (text.value = next)} />
      {text.value !== before && (
        <details class="more">
          <summary>{plural(changed(before, text.value), 'changed line')}</summary>
          <TextDiff before={before} after={text.value} label="Changes of the text" />
        </details>
      )}
    </div>
  );
}

/** One that was put as JSON is read better as YAML. */
function textOf({ source, definition }: DefinitionItem): string {
  return source.trimStart().startsWith('{') ? toYaml(definition) : source;
}

const changed = (before: string, after: string): number =>
  lineDiff(before, after).filter(({ kind }) => kind !== ' ').length;
