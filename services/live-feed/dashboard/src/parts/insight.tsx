/** What the pages of history share: which journeys they are about, asking for them, what figures mean, and what to do where there is nothing yet. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { signal, useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { duration, parseDuration, when } from '../format.ts';
import { stageOrder } from '../store.ts';
import './insight.css';

/** Kept while one goes from page to page. */
export const scope = signal({ definition: '', from: '', to: '', segment: '' });

export interface About {
  definition: string;
  definitionVersion: number;
  asOf: string;
  means: Record<string, string>;
}

const SEGMENTS: readonly [string, string][] = [
  ['status', 'Status: won, lost, active, stalled'],
  ['unit', 'Unit: account, person'],
  ['qualification', 'Qualification: mql, sql'],
  ['owner', 'Owner'],
  ['channel', 'Channel'],
  ['role', 'Buying role (persona)'],
  ['trait.industry', 'Trait of the account, such as industry'],
];

/** Dates are days of the viewer; `to` is included by them, and so asked for as the day after. */
export function queryOf(extra: Record<string, string | number | undefined> = {}): string {
  const { definition, from, to, segment } = scope.value;
  const query = new URLSearchParams();
  if (definition) query.set('definition', definition);
  if (from) query.set('from', new Date(`${from}T00:00`).toISOString());
  if (to) {
    const end = new Date(`${to}T00:00`);
    end.setDate(end.getDate() + 1);
    query.set('to', end.toISOString());
  }
  if (segment) query.set('segment', segment);
  for (const [name, value] of Object.entries(extra))
    if (value !== undefined && value !== '') query.set(name, String(value));
  return query.toString();
}

/** The answer for the scope and `extra`; asked again when either changes. The last answer stays while the next is on its way. */
export function useInsight<T>(
  path: string,
  extra: Record<string, string | number | undefined> = {},
): { data: T | null; fault: string | null; busy: boolean } {
  const state = useSignal<{ data: T | null; fault: string | null; busy: boolean }>({
    data: null,
    fault: null,
    busy: true,
  });
  const names = [...stageOrder.value.keys()];
  const first = names[0];
  if (first !== undefined && !names.includes(scope.value.definition))
    scope.value = { ...scope.value, definition: first };
  const query = queryOf(extra);
  useEffect(() => {
    if (first === undefined) return;
    let current = true;
    state.value = { ...state.value, busy: true };
    api<T>('GET', `${path}?${query}`).then(
      (data) => current && (state.value = { data, fault: null, busy: false }),
      (error: Error) => current && (state.value = { data: null, fault: error.message, busy: false }),
    );
    return () => void (current = false);
  }, [path, query, first]);
  return state.value;
}

export function ScopeBar({ busy, children }: { busy: boolean; children?: ComponentChildren }) {
  const { definition, from, to, segment } = scope.value;
  const set = (change: Partial<typeof scope.value>): void => void (scope.value = { ...scope.value, ...change });
  const [name, values] = segment.includes(':') ? (segment.split(/:(.*)/s) as [string, string]) : ['', ''];
  const asked = useSignal(name);
  const text = useSignal(values);
  const apply = (): void =>
    set({ segment: asked.value && text.value.trim() ? `${asked.value}:${text.value.trim()}` : '' });
  return (
    <form class="insight-bar" aria-label="Which journeys" onSubmit={(event) => (event.preventDefault(), apply())}>
      {stageOrder.value.size > 1 && (
        <label>
          Definition
          <select value={definition} onChange={(event) => set({ definition: event.currentTarget.value })}>
            {[...stageOrder.value.keys()].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      )}
      <label>
        From
        <input type="date" value={from} max={to} onChange={(event) => set({ from: event.currentTarget.value })} />
      </label>
      <label>
        To
        <input type="date" value={to} min={from} onChange={(event) => set({ to: event.currentTarget.value })} />
      </label>
      <label>
        Segment
        <select
          value={asked.value}
          onChange={(event) => {
            asked.value = event.currentTarget.value;
            if (!asked.value) apply();
          }}
        >
          <option value="">All journeys</option>
          {SEGMENTS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {asked.value && (
        <label>
          is one of
          <input
            value={text.value}
            placeholder="won, lost"
            onInput={(event) => (text.value = event.currentTarget.value)}
            onChange={apply}
          />
        </label>
      )}
      {children}
      <span class="soft" role="status">
        {busy ? 'Counting …' : ''}
      </span>
    </form>
  );
}

/** A choice of few, as pressed buttons. */
export function Choice<T extends string>({
  label,
  value,
  options,
  onChoose,
}: {
  label: string;
  value: T;
  options: readonly [T, string][];
  onChoose: (value: T) => void;
}) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(([one, text]) => (
        <button key={one} type="button" aria-pressed={one === value} onClick={() => onChoose(one)}>
          {text}
        </button>
      ))}
    </div>
  );
}

export function Fault({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <p class="fault" role="alert">
      {text}
    </p>
  );
}

/** Every figure's meaning, in the words of the answer. */
export function Means({ data, names = {} }: { data: About; names?: Record<string, string> }) {
  return (
    <details class="more means">
      <summary>What these figures mean</summary>
      <dl>
        {Object.entries(data.means).map(([name, words]) => (
          <div key={name}>
            <dt>{names[name] ?? spaced(name)}</dt>
            <dd>
              <Said text={words} />
            </dd>
          </div>
        ))}
      </dl>
      <p class="soft">
        {data.definition}, version {data.definitionVersion}; counted {when(data.asOf)}.
      </p>
    </details>
  );
}

/** Words of an answer; what stands in backticks is code. */
export function Said({ text }: { text: string }) {
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}

const spaced = (name: string): string =>
  name
    .replace(/([A-Z0-9]+)/g, ' $1')
    .toLowerCase()
    .replace(/^\w/, (letter) => letter.toUpperCase());

export function NothingYet({ what, properties = {} }: { what: string; properties?: Record<string, unknown> }) {
  const body = JSON.stringify({
    userId: 'ada',
    event: 'Demo Requested',
    properties: { channel: 'Email', ...properties },
  });
  return (
    <section class="empty">
      <h2>{what}</h2>
      <p>
        Nothing matches this range and segment. Widen them above, import a log (<code>npx cairn import FILE</code>), or
        send a touchpoint:
      </p>
      <pre tabIndex={0}>{`curl -u WRITE_KEY: -H 'content-type: application/json' ${location.origin}/v1/track \\
  -d '${body}'`}</pre>
    </section>
  );
}

/** "P2DT3H" → "2 d 3 h"; what there is not is a dash. */
export const spell = (iso: string | null): string => {
  const ms = parseDuration(iso);
  return ms === null ? '–' : ms < 1_000 ? 'at once' : duration(ms);
};
export const share = (value: number | null): string =>
  value === null ? '–' : `${(value * 100).toFixed(value < 0.1 && value > 0 ? 1 : 0)} %`;
export const count = (value: number): string => value.toLocaleString();
