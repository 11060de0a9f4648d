/** The filters of the board, and its pause. */
import { words } from '../../format.ts';
import { boardSubscription, stageOrder } from '../../store.ts';
import {
  clearFilters,
  definition,
  definitions,
  filtered,
  minScore,
  owner,
  owners,
  paused,
  shownDefinition,
  stage,
  stalledOnly,
  text,
} from './board-state.ts';

export function BoardFilters() {
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
        <button type="button" class="quiet" onClick={clearFilters}>
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
