/** One journey: where it stands and why, what to do next, its people, and everything that happened, moving live. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { api, apiAll } from '../api.ts';
import { feed } from '../store.ts';
import { duration, percent, plural, points, when, words } from '../format.ts';
import { CsvButton } from '../parts/csv.tsx';
import { AccountScore } from '../parts/account-score.tsx';
import { actOnAlert } from '../parts/inbox/inbox.ts';
import { NextBestAction, readAction } from '../parts/next-action.tsx';
import { Pace } from '../parts/pace.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { type Alert, type Journey, type TouchpointItem, nameOf } from '../types.ts';

/** The newest touchpoints that the page loads; a longer history is paged through the API. */
const TOUCHPOINTS_SHOWN = 500;
const ROWS_AT_FIRST = 50;

export function JourneyPage({ id }: { id: string }) {
  const journey = useSignal<Journey | null>(null);
  const touchpoints = useSignal<TouchpointItem[]>([]);
  const alerts = useSignal<Alert[]>([]);
  const fault = useSignal<string | null>(null);
  const attempts = useSignal(0);

  useEffect(() => {
    let current = true;
    const load = async (): Promise<void> => {
      const path = `/api/journeys/${encodeURIComponent(id)}`;
      const items = await apiAll<TouchpointItem>(`${path}/touchpoints`, TOUCHPOINTS_SHOWN);
      if (!current) return;
      const known = new Map([...items, ...touchpoints.value].map((item) => [item.id, item]));
      touchpoints.value = [...known.values()].sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1));
    };
    let seen = '';
    /** Also the resolved ones: they are on the timeline. */
    const loadAlerts = async (): Promise<void> => {
      const found = await apiAll<Alert>(`/api/alerts?journeyId=${encodeURIComponent(id)}`, 100);
      if (current) alerts.value = found;
    };
    const show = (next: Journey | null): void => {
      journey.value = next;
      const now = JSON.stringify(next?.alerts.map((alert) => [alert.id, alert.state]));
      if (now === seen) return;
      seen = now;
      loadAlerts().catch(() => {});
    };
    const subscription = feed.subscribe(`journey:${id}`, {
      onSnapshot([item]) {
        show((item as unknown as Journey | undefined) ?? null);
        load().then(
          () => (fault.value = null),
          (error: Error) => (fault.value = error.message),
        );
      },
      onMessage(message) {
        if (message.type === 'touchpoint') {
          const item = message.data as unknown as TouchpointItem;
          if (!touchpoints.value.some((other) => other.id === item.id))
            touchpoints.value = [item, ...touchpoints.value];
        } else show(message.data as unknown as Journey);
      },
      onRefused(error) {
        api<Journey>('GET', `/api/journeys/${encodeURIComponent(id)}`).then(show, () => (fault.value = error.message));
      },
    });
    return () => {
      current = false;
      subscription.unsubscribe();
    };
  }, [id, attempts.value]);

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
  const action = readAction(value.nextBestAction);
  return (
    <article class="journey">
      <Header journey={value} />
      {action && <NextBestAction action={action} />}
      <div class="facts">
        <Score journey={value} />
        <AccountScore journey={value} />
        <PaceFacts journey={value} />
        <People journey={value} />
      </div>
      <h2>Timeline</h2>
      {fault.value && (
        <p class="fault" role="alert">
          The touchpoints could not be read: {fault.value}{' '}
          <button type="button" onClick={() => attempts.value++}>
            Try again
          </button>
        </p>
      )}
      <Timeline journey={value} touchpoints={touchpoints.value} alerts={alerts.value} />
      <Stages journey={value} />
      <Touchpoints journey={value} touchpoints={touchpoints.value} />
    </article>
  );
}

function Header({ journey }: { journey: Journey }) {
  const fault = useSignal<string | null>(null);
  const open = journey.alerts.filter((alert) => alert.state !== 'resolved');
  return (
    <header class="journey-head">
      <p class="crumbs">
        <a href="#/board">Board</a> / {words(journey.stage)}
      </p>
      <h1>{nameOf(journey)}</h1>
      <p>
        <span class={`status ${journey.status}`}>{words(journey.status)}</span> in{' '}
        <strong>{words(journey.stage)}</strong> since {when(journey.stageSince)} ·{' '}
        {plural(journey.touchpoints, 'touchpoint')} · {journey.owner ? `owner ${journey.owner}` : 'no owner'} ·{' '}
        <a href={`#/definitions/${journey.definition}`}>
          {journey.definition} v{journey.definitionVersion}
        </a>
      </p>
      {journey.absorbedInto && (
        <p class="banner">
          It became one with another: <a href={`#/journeys/${journey.absorbedInto}`}>the journey that goes on</a>.
        </p>
      )}
      {open.map((alert) => (
        <div class="mark banner" key={alert.id}>
          <span>
            <span aria-hidden="true">■</span> {words(alert.kind)}: {alert.reason.text}
            {alert.state !== 'open' && ` (${words(alert.state)})`}
          </span>
          <span class="controls">
            {alert.state === 'open' && (
              <button
                type="button"
                onClick={() =>
                  void actOnAlert(alert.id, 'acknowledge').catch((error: Error) => (fault.value = error.message))
                }
              >
                Acknowledge
              </button>
            )}
            <a href={`#/alerts?alert=${alert.id}`}>Open in Alerts</a>
          </span>
        </div>
      ))}
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
    </header>
  );
}

function Score({ journey }: { journey: Journey }) {
  const { engagement, fit, total, qualification, reasons, winProbability } = journey.score;
  const most = Math.max(1, ...reasons.map((reason) => Math.abs(reason.points)));
  return (
    <section aria-label="Score">
      <h2>
        Score {points(total)} {qualification && <span class="qualification">{qualification.toUpperCase()}</span>}
      </h2>
      <p class="soft">
        Engagement {points(engagement)} + fit {points(fit)}
        {winProbability !== null && ` · ${percent(winProbability)} to be won`}
      </p>
      {reasons.length === 0 ? (
        <p class="soft">Nothing has scored yet.</p>
      ) : (
        <table class="bars">
          <caption class="visually-hidden">What the score is made of</caption>
          <thead>
            <tr>
              <th scope="col">Reason</th>
              <th scope="col" class="number">
                Points
              </th>
            </tr>
          </thead>
          <tbody>
            {[...reasons]
              .sort((a, b) => b.points - a.points)
              .map((reason) => (
                <tr key={reason.name}>
                  <td>
                    {reason.name}
                    <span class="share" style={{ width: `${(Math.abs(reason.points) / most) * 100}%` }} />
                  </td>
                  <td class="number">{points(reason.points)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function PaceFacts({ journey }: { journey: Journey }) {
  const { lastInboundAt, lastOutboundAt, stallsAt, stallProbability, basis } = journey.pace;
  return (
    <section aria-label="Pace">
      <h2>Pace</h2>
      <Pace journey={journey} />
      <dl>
        <dt>Last reply</dt>
        <dd>{lastInboundAt ? when(lastInboundAt) : 'none yet'}</dd>
        <dt>Our last touch</dt>
        <dd>{lastOutboundAt ? when(lastOutboundAt) : 'none yet'}</dd>
        <dt>Stalls at</dt>
        <dd>{stallsAt ? when(stallsAt) : 'no limit in this stage'}</dd>
        {stallProbability !== null && (
          <>
            <dt>Stall probability</dt>
            <dd>{percent(stallProbability)}</dd>
          </>
        )}
        {basis && (
          <>
            <dt>Limit</dt>
            <dd>{basis === 'fixed' ? 'fixed in the definition' : 'learned from journeys like this'}</dd>
          </>
        )}
      </dl>
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
            <a href={`#/people/${encodeURIComponent(person.id)}`}>
              <strong>{person.name ?? person.email ?? 'Anonymous'}</strong>
            </a>
            {person.roles.map((role) => (
              <span class="role" key={role}>
                {words(role)}
              </span>
            ))}
            <p>
              {plural(person.touchpoints, 'touchpoint')}
              {person.lastInboundAt ? ` · last ${when(person.lastInboundAt)}` : ' · not heard from'}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Stages({ journey }: { journey: Journey }) {
  return (
    <details class="more">
      <summary>Stages ({journey.stages.length})</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Entered</th>
            <th scope="col">Left</th>
            <th scope="col">Stayed</th>
          </tr>
        </thead>
        <tbody>
          {journey.stages.map((visit) => (
            <tr key={`${visit.stage}${visit.enteredAt}`}>
              <td>{words(visit.stage)}</td>
              <td>{when(visit.enteredAt)}</td>
              <td>{visit.leftAt ? when(visit.leftAt) : 'is there now'}</td>
              <td>
                {visit.leftAt ? duration(Math.max(0, Date.parse(visit.leftAt) - Date.parse(visit.enteredAt))) : '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Touchpoints({ journey, touchpoints }: { journey: Journey; touchpoints: TouchpointItem[] }) {
  const all = useSignal(false);
  const names = new Map(journey.people.map((person) => [person.id, person.name ?? person.email ?? 'Anonymous']));
  const who = (item: TouchpointItem): string => (item.personId ? (names.get(item.personId) ?? 'Former member') : '–');
  const shown = all.value ? touchpoints : touchpoints.slice(0, ROWS_AT_FIRST);
  return (
    <section aria-label="Touchpoints">
      <div class="section-head">
        <h2>Touchpoints</h2>
        <CsvButton
          name={`touchpoints-${journey.id}`}
          head={['timestamp', 'who', 'event', 'direction', 'channel', 'messageId', 'properties']}
          rows={() =>
            touchpoints.map((item) => [
              item.timestamp,
              who(item),
              item.event ?? item.type,
              item.direction,
              item.channel,
              item.messageId,
              JSON.stringify(item.properties),
            ])
          }
        />
      </div>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Touchpoints, as a table">
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
            {shown.map((item) => (
              <tr key={item.id} class={item.direction}>
                <td>{when(item.timestamp)}</td>
                <td>{who(item)}</td>
                <td>
                  <details>
                    <summary>{item.event ?? words(item.type)}</summary>
                    <pre>{JSON.stringify(item, null, 2)}</pre>
                  </details>
                </td>
                <td>{words(item.direction)}</td>
                <td>{item.channel ?? '–'}</td>
                <td>{duration(Math.max(0, Date.parse(item.receivedAt) - Date.parse(item.timestamp)))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {touchpoints.length > shown.length && (
        <button type="button" onClick={() => (all.value = true)}>
          Show {touchpoints.length - shown.length} more
        </button>
      )}
    </section>
  );
}
