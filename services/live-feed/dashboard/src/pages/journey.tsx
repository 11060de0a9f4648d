import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { api, apiAll } from '../api.ts';
import { feed } from '../store.ts';
import { duration, points, when, words } from '../format.ts';
import { Timeline } from '../parts/timeline.tsx';
import { Pace } from './board.tsx';
import type { Journey, TouchpointItem } from '../types.ts';

/** The newest touchpoints that the page loads; a longer history is paged through the API. */
const TOUCHPOINTS_SHOWN = 500;

/** One journey: where it stands and why, its people, and everything that happened, by person, moving live. */
export function JourneyPage({ id }: { id: string }) {
  const journey = useSignal<Journey | null>(null);
  const touchpoints = useSignal<TouchpointItem[]>([]);
  const fault = useSignal<string | null>(null);

  useEffect(() => {
    let current = true;
    const channel = `journey:${id}`;
    const load = async (): Promise<void> => {
      const items = await apiAll<TouchpointItem>(`/api/journeys/${id}/touchpoints`, TOUCHPOINTS_SHOWN);
      if (!current) return;
      const known = new Map([...items, ...touchpoints.value].map((item) => [item.id, item]));
      touchpoints.value = [...known.values()].sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1));
    };
    const subscription = feed.subscribe(channel, {
      onSnapshot([item]) {
        journey.value = (item as unknown as Journey | undefined) ?? null;
        load().catch((error: Error) => (fault.value = error.message));
      },
      onMessage(message) {
        if (message.type === 'touchpoint') {
          const item = message.data as unknown as TouchpointItem;
          if (!touchpoints.value.some((other) => other.id === item.id))
            touchpoints.value = [item, ...touchpoints.value];
        } else journey.value = message.data as unknown as Journey;
      },
      onRefused(error) {
        api<Journey>('GET', `/api/journeys/${id}`).then(
          (found) => (journey.value = found),
          () => (fault.value = error.message),
        );
      },
    });
    return () => {
      current = false;
      subscription.unsubscribe();
    };
  }, [id]);

  if (fault.value && !journey.value)
    return (
      <section class="empty">
        <h1>No such journey</h1>
        <p>{fault.value}</p>
        <a href="#/board">Board</a>
      </section>
    );
  if (!journey.value) return <p class="loading">Loading the journey …</p>;
  const value = journey.value;
  return (
    <article class="journey">
      <Header journey={value} />
      <div class="facts">
        <Score journey={value} />
        <section aria-label="Pace">
          <h2>Pace</h2>
          <Pace journey={value} />
          <dl>
            <dt>Last reply</dt>
            <dd>{value.pace.lastInboundAt ? when(value.pace.lastInboundAt) : 'none yet'}</dd>
            <dt>Our last touch</dt>
            <dd>{value.pace.lastOutboundAt ? when(value.pace.lastOutboundAt) : 'none yet'}</dd>
            <dt>Stalls at</dt>
            <dd>{value.pace.stallsAt ? when(value.pace.stallsAt) : 'no limit in this stage'}</dd>
          </dl>
        </section>
        <People journey={value} />
      </div>
      <h2>Timeline</h2>
      <Timeline journey={value} touchpoints={touchpoints.value} />
      <Touchpoints journey={value} touchpoints={touchpoints.value} />
    </article>
  );
}

function Header({ journey }: { journey: Journey }) {
  const open = journey.alerts.filter((alert) => alert.state !== 'resolved');
  return (
    <header class="journey-head">
      <h1>{journey.name ?? journey.people[0]?.email ?? 'Anonymous visitor'}</h1>
      <p>
        <span class={`status ${journey.status}`}>{words(journey.status)}</span> in{' '}
        <strong>{words(journey.stage)}</strong> since {when(journey.stageSince)} · {journey.definition} v
        {journey.definitionVersion} · {journey.touchpoints} touchpoints
      </p>
      {open.map((alert) => (
        <p class="mark" key={alert.id}>
          <span aria-hidden="true">■</span> {words(alert.kind)}: {alert.reason.text}
        </p>
      ))}
    </header>
  );
}

function Score({ journey }: { journey: Journey }) {
  const { engagement, fit, total, qualification, reasons } = journey.score;
  return (
    <section aria-label="Score">
      <h2>
        Score {points(total)} {qualification && <span class="qualification">{qualification.toUpperCase()}</span>}
      </h2>
      <p>
        Engagement {points(engagement)} + fit {points(fit)}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Reason</th>
            <th scope="col">Points</th>
          </tr>
        </thead>
        <tbody>
          {reasons.map((reason) => (
            <tr key={reason.name}>
              <td>{reason.name}</td>
              <td class="number">{points(reason.points)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function People({ journey }: { journey: Journey }) {
  return (
    <section aria-label="People">
      <h2>People</h2>
      <ul class="people">
        {journey.people.map((person) => (
          <li key={person.id}>
            <strong>{person.name ?? person.email ?? 'Anonymous'}</strong>
            {person.roles.map((role) => (
              <span class="role" key={role}>
                {words(role)}
              </span>
            ))}
            <p>
              {person.touchpoints} touchpoints
              {person.lastInboundAt && ` · last ${when(person.lastInboundAt)}`}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Touchpoints({ journey, touchpoints }: { journey: Journey; touchpoints: TouchpointItem[] }) {
  const names = new Map(journey.people.map((person) => [person.id, person.name ?? person.email ?? 'Anonymous']));
  return (
    <>
      <h2>Touchpoints</h2>
      <table class="touchpoints">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Direction</th>
            <th scope="col">Channel</th>
            <th scope="col">Arrived after</th>
          </tr>
        </thead>
        <tbody>
          {touchpoints.slice(0, 200).map((item) => (
            <tr key={item.id} class={item.direction}>
              <td>{when(item.timestamp)}</td>
              <td>{item.personId ? (names.get(item.personId) ?? 'Former member') : '–'}</td>
              <td>{item.event ?? words(item.type)}</td>
              <td>{words(item.direction)}</td>
              <td>{item.channel ?? '–'}</td>
              <td>{duration(Math.max(0, Date.parse(item.receivedAt) - Date.parse(item.timestamp)))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
