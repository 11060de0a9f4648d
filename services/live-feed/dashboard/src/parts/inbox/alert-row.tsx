/** One alert of the inbox: who, why, and what can be done about it; the marked one shows what was seen last. */
import { duration, when, words } from '../../format.ts';
import { journeys, now } from '../../store.ts';
import { type Alert, nameOf } from '../../types.ts';
import { NextBestAction, readAction } from '../next-action.tsx';
import { act, asking, chosen, current, meant, SNOOZES, toggle, until } from './inbox.ts';
import { verdictLabel, VERDICTS } from './verdicts.ts';

export function AlertRow({ alert }: { alert: Alert }) {
  const journey = journeys.get(alert.journeyId)?.value;
  const quiet = journey?.people.find((person) => person.id === alert.reason.quietPersonId);
  const asked = asking.value?.id === alert.id ? asking.value.what : null;
  const isCurrent = current.value === alert.id;
  const action = readAction(alert.nextBestAction);
  return (
    <li
      class={`alert ${alert.state} ${isCurrent ? 'current' : ''}`}
      id={alert.id}
      tabIndex={-1}
      onFocusIn={() => (current.value = alert.id)}
    >
      <label class="choose">
        <span class="visually-hidden">Choose</span>
        <input type="checkbox" checked={chosen.value.has(alert.id)} onChange={() => toggle(alert.id)} />
      </label>
      <div class="what">
        <a href={`#/journeys/${alert.journeyId}`}>
          <strong>{journey ? nameOf(journey) : 'Journey'}</strong>
        </a>
        <span class="kind">{words(alert.kind)}</span>
        <span class={`state ${alert.state}`}>{words(alert.state)}</span>
        {alert.verdict && <span class="state">{verdictLabel(alert.verdict, alert.kind)}</span>}
        <p class="reason">{alert.reason.text}</p>
        <p class="since">
          {quiet && <>Quiet: {quiet.name ?? quiet.email ?? 'anonymous'} · </>}
          In {words(alert.stage)} · opened {when(alert.openedAt)} (
          {duration(Math.max(0, now.value - Date.parse(alert.openedAt)))} ago)
          {alert.owner && ` · ${alert.owner}`}
          {alert.state === 'snoozed' &&
            ` · until ${alert.snoozedUntil ? when(alert.snoozedUntil) : 'the buyer does something'}`}
          {alert.resolvedBy && ` · resolved by ${alert.resolvedBy}`}
        </p>
        {isCurrent && <Details alert={alert} />}
        {isCurrent && action && <NextBestAction action={action} />}
      </div>
      {alert.state !== 'resolved' && (
        <div class="controls">
          {asked === null && alert.state === 'open' && (
            <button
              type="button"
              class={isCurrent ? 'primary' : ''}
              onClick={() => void act([alert.id], 'acknowledge')}
            >
              Acknowledge
            </button>
          )}
          {asked === null && (
            <>
              <button type="button" onClick={() => (asking.value = { id: alert.id, what: 'snooze' })}>
                Snooze
              </button>
              <button type="button" onClick={() => (asking.value = { id: alert.id, what: 'resolve' })}>
                Resolve
              </button>
            </>
          )}
          {asked === 'snooze' && (
            <div role="group" aria-label="Snooze for" class="controls">
              {SNOOZES.map(([label, ms], index) => (
                <button
                  type="button"
                  key={label}
                  autoFocus={index === 0}
                  onClick={() => void act(meant(alert.id), 'snooze', { until: until(ms) })}
                >
                  {label}
                </button>
              ))}
              <button type="button" onClick={() => void act(meant(alert.id), 'snooze', { until: 'activity' })}>
                Until activity
              </button>
              <Back />
            </div>
          )}
          {asked === 'resolve' && (
            <div role="group" aria-label="Resolve as" class="controls">
              {VERDICTS.map((verdict, index) => (
                <button
                  type="button"
                  key={verdict}
                  autoFocus={index === 0}
                  onClick={() => void act(meant(alert.id), 'resolve', { verdict })}
                >
                  {verdictLabel(verdict, alert.kind)}
                </button>
              ))}
              <Back />
            </div>
          )}
        </div>
      )}
    </li>
  );
}

const Back = () => (
  <button type="button" class="quiet" onClick={() => (asking.value = null)}>
    Cancel
  </button>
);

/** What was seen last, and what became of the alert. */
function Details({ alert }: { alert: Alert }) {
  const last = alert.reason.lastTouchpoints;
  return (
    <dl class="details">
      {last.length > 0 && (
        <>
          <dt>Last seen</dt>
          <dd>
            {last.slice(0, 3).map((item) => (
              <span key={item.id}>
                {item.event ?? words(item.type)} ({words(item.direction)}), {when(item.timestamp)}
                <br />
              </span>
            ))}
          </dd>
        </>
      )}
      <dt>History</dt>
      <dd>
        {alert.history.map((step) => (
          <span key={`${step.at}${step.state}`}>
            {words(step.state)} {step.by && `by ${step.by}`}, {when(step.at)}
            <br />
          </span>
        ))}
      </dd>
    </dl>
  );
}
