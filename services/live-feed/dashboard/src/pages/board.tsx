import { computed, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { boardReady, boardSubscription, journeyIds, journeys, now, ops, standing, stageOrder } from '../store.ts';
import { duration, parseDuration, points, words } from '../format.ts';
import type { Journey } from '../types.ts';

/** A column shows this many cards at first: 1,000 cards in one column stay smooth, and nobody reads further without a filter. */
const CARDS_AT_FIRST = 60;

const text = signal('');
const stalledOnly = signal(false);
const definition = signal<string | null>(null);
const paused = signal(false);

const definitions = computed(() => {
  void journeyIds.value;
  return [...new Set([...journeys.values()].map((journey) => journey.peek().definition))].sort();
});
const shownDefinition = computed(() => definition.value ?? definitions.value[0] ?? null);

/** Stage → journeys, stalled ones first, then by score. */
const columns = computed(() => {
  void standing.value;
  void journeyIds.value;
  const name = shownDefinition.value;
  const order = [...(stageOrder.value.get(name ?? '') ?? [])];
  const byStage = new Map<string, Signal<Journey>[]>(order.map((stage) => [stage, []]));
  const won: Signal<Journey>[] = [];
  const lost: Signal<Journey>[] = [];
  const needle = text.value.trim().toLowerCase();
  for (const journey of journeys.values()) {
    const value = journey.peek();
    if (value.definition !== name) continue;
    if (stalledOnly.value && value.status !== 'stalled') continue;
    if (needle && !searchable(value).includes(needle)) continue;
    if (value.status === 'won') won.push(journey);
    else if (value.status === 'lost') lost.push(journey);
    else {
      if (!byStage.has(value.stage)) byStage.set(value.stage, []);
      byStage.get(value.stage)!.push(journey);
    }
  }
  const all: [string, Signal<Journey>[]][] = [...byStage];
  if (won.length) all.push(['won', won]);
  if (lost.length) all.push(['lost', lost]);
  for (const [, list] of all) list.sort((a, b) => rank(b.peek()) - rank(a.peek()));
  return all;
});

const rank = (journey: Journey): number => (journey.status === 'stalled' ? 1e6 : 0) + journey.score.total;
const searchable = (journey: Journey): string =>
  `${journey.name ?? ''} ${journey.account?.domain ?? ''} ${journey.owner ?? ''} ${journey.people.map((person) => `${person.name ?? ''} ${person.email ?? ''}`).join(' ')}`.toLowerCase();

export function Board() {
  const total = journeyIds.value.length;
  return (
    <>
      <div class="toolbar">
        <h1>Board</h1>
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
        <label class="check">
          <input
            type="checkbox"
            checked={stalledOnly.value}
            onChange={(event) => (stalledOnly.value = event.currentTarget.checked)}
          />{' '}
          Stalled only
        </label>
        <button
          type="button"
          aria-pressed={paused.value}
          onClick={() => {
            paused.value = !paused.value;
            if (paused.value) boardSubscription.pause();
            else boardSubscription.resume();
          }}
        >
          {paused.value ? 'Resume' : 'Pause'}
        </button>
        <p class="figures">
          {total} journeys
          {ops.value && <> · {Math.round(ops.value.admittedPerSecond)} touchpoints/s</>}
        </p>
      </div>
      {!boardReady.value ? (
        <p class="loading">Loading the board …</p>
      ) : total === 0 ? (
        <Empty />
      ) : (
        <div class="board">
          {columns.value.map(([stage, list]) => (
            <Column key={stage} stage={stage} journeys={list} />
          ))}
        </div>
      )}
    </>
  );
}

const expanded = signal<ReadonlySet<string>>(new Set());

function Column({ stage, journeys: list }: { stage: string; journeys: Signal<Journey>[] }) {
  const all = expanded.value.has(stage);
  const shown = all ? list : list.slice(0, CARDS_AT_FIRST);
  const stalled = list.filter((journey) => journey.peek().status === 'stalled').length;
  return (
    <section class={`column ${stage === 'won' || stage === 'lost' ? stage : ''}`} aria-label={words(stage)}>
      <h2>
        {words(stage)} <span class="count">{list.length}</span>
        {stalled > 0 && <span class="stalled-count">{stalled} stalled</span>}
      </h2>
      <ul>
        {shown.map((journey) => (
          <Card key={journey.peek().id} journey={journey} />
        ))}
      </ul>
      {list.length > shown.length && (
        <button type="button" onClick={() => (expanded.value = new Set([...expanded.value, stage]))}>
          Show {list.length - shown.length} more
        </button>
      )}
    </section>
  );
}

function Card({ journey }: { journey: Signal<Journey> }) {
  const { id, name, unit, account, people, score, status, owner, alerts } = journey.value;
  const open = alerts.find((alert) => alert.state !== 'resolved');
  return (
    <li class={`card ${status}`}>
      <a href={`#/journeys/${id}`}>
        <strong>{name ?? account?.domain ?? people[0]?.name ?? people[0]?.email ?? 'Anonymous visitor'}</strong>
        <span class="score" title="Score: engagement and fit">
          {points(score.total)}
          {score.qualification && <abbr class="qualification">{score.qualification.toUpperCase()}</abbr>}
        </span>
      </a>
      <p class="who">
        {unit === 'account' ? `${people.length} ${people.length === 1 ? 'buyer' : 'buyers'}` : 'Person'}
        {account?.domain && ` · ${account.domain}`}
        {owner && ` · ${owner}`}
      </p>
      <Pace journey={journey.value} />
      {status === 'stalled' && (
        <p class="mark">
          <span aria-hidden="true">■</span> Stalled{open ? `: ${open.reason.text}` : ''}
        </p>
      )}
    </li>
  );
}

/** Silence against what is normal here: full when the journey stalls. */
export function Pace({ journey }: { journey: Journey }) {
  const { lastInboundAt, stallsAt, normalPause } = journey.pace;
  if (!lastInboundAt || journey.status === 'won' || journey.status === 'lost') return null;
  const silent = Math.max(0, now.value - Date.parse(lastInboundAt));
  const limit = stallsAt ? Date.parse(stallsAt) - Date.parse(lastInboundAt) : parseDuration(normalPause);
  const share = limit && limit > 0 ? Math.min(1, silent / limit) : null;
  return (
    <div class="pace">
      {share !== null && (
        <div class={`bar ${share >= 1 ? 'over' : share > 0.7 ? 'near' : ''}`}>
          <span style={{ width: `${Math.round(share * 100)}%` }} />
        </div>
      )}
      <p>
        Silent for {duration(silent)}
        {limit ? ` of ${duration(limit)}` : ''}
      </p>
    </div>
  );
}

function Empty() {
  const url = location.origin;
  return (
    <section class="empty">
      <h2>No journeys yet</h2>
      <p>Send a first touchpoint, with the write key that the first start printed:</p>
      <pre>{`curl -u WRITE_KEY: -H 'content-type: application/json' ${url}/v1/track \\
  -d '{"userId":"ada","event":"Demo Requested","context":{"traits":{"email":"ada@acme.example"}}}'`}</pre>
      <p>
        Or watch made-up buyers: <code>npm run demo</code>. To load what you have: <code>npx cairn import FILE</code>.
      </p>
    </section>
  );
}
