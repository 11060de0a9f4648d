/** Where every buyer stands: a column a stage, stalled ones first, moving as things happen. */
import { plural, words } from '../format.ts';
import { BoardFilters } from '../parts/board/board-filters.tsx';
import { type Column, columns, countOf, filtered, paused, stalledIn } from '../parts/board/board-state.ts';
import { JourneyCard } from '../parts/board/journey-card.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { boardReady, boardTruncated, feedState, journeyIds, ops, stagesKnown } from '../store.ts';

const CARD_HEIGHT = 118;
const CARD_GAP = 9;

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
      <BoardFilters />
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
        {(journey) => <JourneyCard journey={journey} />}
      </VirtualList>
    </section>
  );
}

function Empty() {
  return (
    <section class="empty">
      <h2>No journeys yet</h2>
      <p>Send a first touchpoint, with the write key that the first start printed:</p>
      <pre>{`curl -u WRITE_KEY: -H 'content-type: application/json' \\
  ${location.origin}/v1/track \\
  -d '{"userId":"ada","event":"Demo Requested","context":{"traits":{"email":"ada@acme.example"}}}'`}</pre>
      <p>
        Or watch made-up buyers: <code>npm run demo</code>. To load what you have: <code>npx cairn import FILE</code>.
      </p>
    </section>
  );
}
