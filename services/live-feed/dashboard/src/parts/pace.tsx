import { duration, parseDuration } from '../format.ts';
import { now } from '../store.ts';
import type { Journey } from '../types.ts';

/** Silence against what is normal here: full when the journey stalls. */
export function Pace({ journey }: { journey: Journey }) {
  const { lastInboundAt, stallsAt, normalPause } = journey.pace;
  if (journey.status === 'won' || journey.status === 'lost') return null;
  if (!lastInboundAt) return <p class="pace-text">Not heard from yet</p>;
  const silent = Math.max(0, now.value - Date.parse(lastInboundAt));
  const limit = stallsAt ? Date.parse(stallsAt) - Date.parse(lastInboundAt) : parseDuration(normalPause);
  const share = limit && limit > 0 ? Math.min(1, silent / limit) : null;
  const normal = parseDuration(normalPause);
  return (
    <div class="pace">
      {share !== null && (
        <div
          class={`bar ${share >= 1 ? 'over' : share > 0.7 ? 'near' : ''}`}
          role="meter"
          aria-label="Silence against its limit"
          aria-valuenow={Math.round(share * 100)}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <span style={{ width: `${Math.round(share * 100)}%` }} />
        </div>
      )}
      <p class="pace-text">
        Silent {duration(silent)}
        {normal ? ` · ${duration(normal)} is normal` : limit ? ` of ${duration(limit)}` : ''}
      </p>
    </div>
  );
}
