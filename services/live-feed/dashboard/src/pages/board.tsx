/** Where every buyer stands: a column a stage, stalled ones first, moving as things happen. */
import { computed, effect, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { api } from '../api.ts';
import { plural, points, words } from '../format.ts';
import { Pace } from '../parts/pace.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import {
  boardReady,
  boardSubscription,
  boardTruncated,
  feedState,
  journeyIds,
  journeys,
  ops,
  standing,
  stageOrder,
  stagesKnown,
} from '../store.ts';
import { type Journey, nameOf } from '../types.ts';

const CARD_HEIGHT = 118;
const CARD_GAP = 9;
/** Typing settles before the server is asked. */
const ASK_AFTER_MS = 300;
const COUNT_EVERY_MS = 5_000;

const text = signal('');
const stalledOnly = signal(false);
const owner = signal('');
const stage = signal('');
const minScore = signal('');
const definition = signal<string | null>(null);
const paused = signal(false);
/** Of a board that is larger than what is shown: column → journeys. */
const counted = signal<ReadonlyMap<string, number> | null>(null);

const definitions = computed(() => {
  void journeyIds.value;
  return [
    ...new Set([...stageOrder.value.keys(), ...[...journeys.values()].map((one) => one.peek().definition)]),
  ].sort();
});
/** The first by name that has journeys. */
const shownDefinition = computed(() => {
  void journeyIds.value;
  const used = new Set([...journeys.values()].map((one) => one.peek().definition));
  return definition.value ?? definitions.value.find((name) => used.has(name)) ?? definitions.value[0] ?? null;
});
const owners = computed(() => {
  void standing.value;
  return [...new Set([...journeys.values()].flatMap((one) => one.peek().owner ?? []))].sort();
});
const filtered = computed(() =>
  Boolean(text.value || stalledOnly.value || owner.value || stage.value || minScore.value),
);

interface Column {
  name: string;
  journeys: Signal<Journey>[];
}

/** Stage → journeys, stalled ones first, then by score. */
const columns = computed<Column[]>(() => {
  void standing.value;
  void journeyIds.value;
  const name = shownDefinition.value;
  const byStage = new Map<string, Signal<Journey>[]>((stageOrder.value.get(name ?? '') ?? []).map((one) => [one, []]));
  const won: Signal<Journey>[] = [];
  const lost: Signal<Journey>[] = [];
  const needle = text.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const least = minScore.value === '' ? null : Number(minScore.value);
  for (const journey of journeys.values()) {
    const value = journey.peek();
    if (value.definition !== name) continue;
    if (stalledOnly.value && value.status !== 'stalled') continue;
    if (owner.value && value.owner !== owner.value) continue;
    if (least !== null && value.score.total < least) continue;
    if (needle.length && !needle.every((word) => searchable(value).includes(word))) continue;
    if (value.status === 'won') won.push(journey);
    else if (value.status === 'lost') lost.push(journey);
    else {
      if (!byStage.has(value.stage)) byStage.set(value.stage, []);
      byStage.get(value.stage)!.push(journey);
    }
  }
  const all: Column[] = [...byStage].map(([one, list]) => ({ name: one, journeys: list }));
  if (won.length) all.push({ name: 'won', journeys: won });
  if (lost.length) all.push({ name: 'lost', journeys: lost });
  for (const column of all) column.journeys.sort((a, b) => rank(b.peek()) - rank(a.peek()));
  return stage.value ? all.filter((column) => column.name === stage.value) : all;
});

const rank = (journey: Journey): number => (journey.status === 'stalled' ? 1e6 : 0) + journey.score.total;
const searchable = (journey: Journey): string =>
  `${journey.name ?? ''} ${journey.account?.domain ?? ''} ${journey.owner ?? ''} ${journey.people.map((person) => `${person.name ?? ''} ${person.email ?? ''}`).join(' ')}`.toLowerCase();

/** A board of more journeys than are shown: the server filters and counts. */
let asking: ReturnType<typeof setTimeout> | undefined;
let asked = '';
effect(() => {
  const filter = {
    ...(text.value.trim() ? { text: text.value.trim() } : {}),
    ...(stalledOnly.value ? { status: ['stalled'] } : {}),
    ...(owner.value ? { owner: [owner.value] } : {}),
    ...(minScore.value ? { minScore: Number(minScore.value) } : {}),
  };
  const wanted = JSON.stringify(filter);
  if ((!boardTruncated.value && asked === '') || wanted === asked) return;
  clearTimeout(asking);
  asking = setTimeout(() => {
    asked = wanted === '{}' ? '' : wanted;
    boardSubscription.refilter(asked ? filter : undefined);
  }, ASK_AFTER_MS);
});
effect(() => {
  if (!boardTruncated.value) {
    counted.value = null;
    return;
  }
  const count = async (): Promise<void> => {
    const query = asked ? `?${new URLSearchParams(flat(JSON.parse(asked) as Record<string, unknown>))}` : '';
    const { items } = await api<{ items: { definition: string; stage: string; status: string; journeys: number }[] }>(
      'GET',
      `/api/board${query}`,
    );
    const sums = new Map<string, number>();
    for (const item of items) {
      const column = item.status === 'won' || item.status === 'lost' ? item.status : item.stage;
      sums.set(`${item.definition}/${column}`, (sums.get(`${item.definition}/${column}`) ?? 0) + item.journeys);
    }
    counted.value = sums;
  };
  void count().catch(() => {});
  const timer = setInterval(() => void count().catch(() => {}), COUNT_EVERY_MS);
  return () => clearInterval(timer);
});
const flat = (filter: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]));

export function Board() {
  const total = journeyIds.value.length;
  const stalled = columns.value.reduce((sum, column) => sum + stalledIn(column), 0);
  return (
    <>
      <div class="toolbar">
        <h1>Board</h1>
        <p class="figures" aria-live="off">
          {plural(total, 'journey')}
          {boardTruncated.value && ' shown'} · <span class={stalled ? 'warn' : ''}>{stalled} stalled</span>
          {ops.value && <> · {Math.round(ops.value.admittedPerSecond)} touchpoints/s</>}
        </p>
      </div>
      <Filters />
      {boardTruncated.value && (
        <p class="note">
          There are more journeys than one board can hold. It shows those that entered their stage last; the counts are
          of all. Filter to see others.
        </p>
      )}
      {paused.value && <p class="note">Paused: what happens meanwhile is kept and shown when you resume.</p>}
      {!boardReady.value || !stagesKnown.value ? (
        <p class="loading">{feedState.value === 'closed' ? '' : 'Loading the board …'}</p>
      ) : total === 0 && !filtered.value ? (
        <Empty />
      ) : (
        <>
          <nav class="stages" aria-label="Stages">
            {columns.value.map((column) => (
              <button
                type="button"
                key={column.name}
                onClick={() =>
                  document
                    .getElementById(`column-${column.name}`)
                    ?.scrollIntoView({ behavior: 'smooth', inline: 'start', block: 'nearest' })
                }
              >
                {words(column.name)} <span class="count">{countOf(column)}</span>
              </button>
            ))}
          </nav>
          <div class="board">
            {columns.value.map((column) => (
              <ColumnView key={column.name} column={column} />
            ))}
          </div>
        </>
      )}
    </>
  );
}

function Filters() {
  return (
    <div class="filters" role="search" aria-label="Filter the board">
      {definitions.value.length > 1 && (
        <label>
          Definition{' '}
          <select
            value={shownDefinition.value ?? ''}
            onChange={(event) => (definition.value = event.currentTarget.value)}
          >
            {definitions.value.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <label>
        <span class="visually-hidden">Search</span>
        <input
          type="search"
          placeholder="Name, domain, person"
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </label>
      <label>
        Stage{' '}
        <select value={stage.value} onChange={(event) => (stage.value = event.currentTarget.value)}>
          <option value="">All</option>
          {[...(stageOrder.value.get(shownDefinition.value ?? '') ?? []), 'won', 'lost'].map((name) => (
            <option key={name} value={name}>
              {words(name)}
            </option>
          ))}
        </select>
      </label>
      {(owners.value.length > 0 || owner.value) && (
        <label>
          Owner{' '}
          <select value={owner.value} onChange={(event) => (owner.value = event.currentTarget.value)}>
            <option value="">All</option>
            {[...new Set([...owners.value, ...(owner.value ? [owner.value] : [])])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <label>
        Score from{' '}
        <input
          type="number"
          class="short"
          min="0"
          value={minScore.value}
          onInput={(event) => (minScore.value = event.currentTarget.value)}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={stalledOnly.value}
          onChange={(event) => (stalledOnly.value = event.currentTarget.checked)}
        />{' '}
        Stalled only
      </label>
      {filtered.value && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            text.value = owner.value = stage.value = minScore.value = '';
            stalledOnly.value = false;
          }}
        >
          Clear
        </button>
      )}
      <button
        type="button"
        class="end"
        aria-pressed={paused.value}
        onClick={() => {
          paused.value = !paused.value;
          if (paused.value) boardSubscription.pause();
          else boardSubscription.resume();
        }}
      >
        {paused.value ? 'Resume' : 'Pause'}
      </button>
    </div>
  );
}

const stalledIn = ({ journeys: list }: Column): number =>
  list.filter((journey) => journey.peek().status === 'stalled').length;
const countOf = ({ name, journeys: list }: Column): number =>
  counted.value?.get(`${shownDefinition.value}/${name}`) ?? list.length;

function ColumnView({ column }: { column: Column }) {
  const { name, journeys: list } = column;
  const stalled = stalledIn(column);
  return (
    <section
      class={`column ${name === 'won' || name === 'lost' ? name : ''} ${list.length ? '' : 'bare'}`}
      aria-label={words(name)}
      id={`column-${name}`}
    >
      <h2>
        {words(name)} <span class="count">{countOf(column)}</span>
        {stalled > 0 && <span class="stalled-count">{stalled} stalled</span>}
      </h2>
      {list.length === 0 && <p class="nobody">Nobody here now</p>}
      <VirtualList
        items={list}
        keyOf={(journey) => journey.peek().id}
        estimate={CARD_HEIGHT}
        gap={CARD_GAP}
        label={`Journeys in ${words(name)}`}
      >
        {(journey) => <Card journey={journey} />}
      </VirtualList>
    </section>
  );
}

function Card({ journey }: { journey: Signal<Journey> }) {
  const value = journey.value;
  const { id, unit, account, people, score, status, owner: ownedBy, alerts } = value;
  const open = alerts.find((alert) => alert.state !== 'resolved');
  return (
    <article class={`card ${status}`}>
      <a href={`#/journeys/${id}`}>
        <strong>{nameOf(value)}</strong>
        <span class="score">
          <span class="visually-hidden">Score </span>
          {points(score.total)}
          {score.qualification && <span class="qualification">{score.qualification.toUpperCase()}</span>}
        </span>
      </a>
      <p class="who">
        {unit === 'account' ? plural(people.length, 'buyer') : 'Person'}
        {account?.domain && account.domain !== nameOf(value) && ` · ${account.domain}`}
        {ownedBy && ` · ${ownedBy}`}
      </p>
      <Pace journey={value} />
      {status === 'stalled' ? (
        <p class="mark">
          <span aria-hidden="true">■</span> Stalled{open ? `: ${open.reason.text}` : ''}
        </p>
      ) : (
        open && (
          <p class="mark">
            <span aria-hidden="true">▲</span> {words(open.kind)}: {open.reason.text}
          </p>
        )
      )}
    </article>
  );
}

function Empty() {
  return (
    <section class="empty">
      <h2>No journeys yet</h2>
      <p>Send a first touchpoint, with the write key that the first start printed:</p>
      <pre>{`curl -u WRITE_KEY: -H 'content-type: application/json' ${location.origin}/v1/track \\
  -d '{"userId":"ada","event":"Demo Requested","context":{"traits":{"email":"ada@acme.example"}}}'`}</pre>
      <p>
        Or watch made-up buyers: <code>npm run demo</code>. To load what you have: <code>npx cairn import FILE</code>.
      </p>
    </section>
  );
}
