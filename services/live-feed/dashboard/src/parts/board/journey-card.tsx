/** One journey on the board: who, how far, how quiet, and what is open about it. */
import type { Signal } from '@preact/signals';
import { plural, points, words } from '../../format.ts';
import { type Journey, nameOf } from '../../types.ts';
import { Pace } from '../pace.tsx';

export function JourneyCard({ journey }: { journey: Signal<Journey> }) {
  const value = journey.value;
  const { id, unit, account, people, score, status, owner: ownedBy, alerts } = value;
  const opened = alerts.filter((alert) => alert.state !== 'resolved');
  // A stalled card says why it is stalled, whatever else is open.
  const open = (status === 'stalled' && opened.find(({ kind }) => kind === 'stall')) || opened[0];
  return (
    <article class={`card ${status}`}>
      <a href={`#/journeys/${id}`}>
        <strong title={nameOf(value)}>{nameOf(value)}</strong>
        <span class="score">
          <span class="visually-hidden">Score </span>
          {points(score.total)}
          {score.qualification && <span class="qualification">{score.qualification.toUpperCase()}</span>}
        </span>
      </a>
      <p class="who" title={value.account?.domain ?? undefined}>
        {unit === 'account' ? plural(people.length, 'buyer') : 'Person'}
        {account?.domain && account.domain !== nameOf(value) && ` · ${account.domain}`}
        {ownedBy && ` · ${ownedBy}`}
      </p>
      <Pace journey={value} />
      {status === 'stalled' ? (
        <p class="mark">
          <span aria-hidden="true">■</span> Stalled{open?.kind === 'stall' ? `: ${open.reason.text}` : ''}
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
