/**
 * Touchpoints as they come, of all journeys. The feed tells which journeys moved; their newest touchpoints are then asked for, a few journeys at a
 * time, so on a busy day this is a sample, and says so.
 */
import { useEffect } from 'preact/hooks';
import { signal } from '@preact/signals';
import { api } from '../api.ts';
import { time, when, words } from '../format.ts';
import { journeys, now, onBoardChange, ops } from '../store.ts';
import { type TouchpointItem, nameOf } from '../types.ts';

const LOOK_EVERY_MS = 500;
const JOURNEYS_A_LOOK = 4;
const OF_EACH = 5;
const KEPT = 200;
const DAY_MS = 86_400_000;
const JOURNEYS_AT_FIRST = 8;
/** Journeys that wait for their turn. */
const WAITING_MAX = 40;

interface Row extends TouchpointItem {
  journeyId: string;
}

const rows = signal<readonly Row[]>([]);
const paused = signal(false);
const skipped = signal(0);
const text = signal('');

function follow(): () => void {
  // What came last stands there already: an empty page says nothing.
  const waiting = new Set(
    [...journeys.values()]
      .map((journey) => journey.peek())
      .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))
      .slice(0, JOURNEYS_AT_FIRST)
      .map(({ id }) => id),
  );
  const stopListening = onBoardChange(({ id }) => {
    if (paused.value) return;
    if (waiting.size >= WAITING_MAX && !waiting.has(id)) skipped.value++;
    else waiting.add(id);
  });
  const look = async (): Promise<void> => {
    const turn = [...waiting].slice(0, JOURNEYS_A_LOOK);
    for (const id of turn) waiting.delete(id);
    const pages = await Promise.all(
      turn.map(async (journeyId) => {
        const path = `/api/journeys/${encodeURIComponent(journeyId)}/touchpoints?limit=${OF_EACH}`;
        const { items } = await api<{ items: TouchpointItem[] }>('GET', path);
        return items.map((item): Row => ({ ...item, journeyId }));
      }),
    );
    const known = new Set(rows.value.map(({ id }) => id));
    // A visitor's touch is on the journey that was absorbed, and on the one that goes on.
    const fresh = [
      ...new Map(
        pages
          .flat()
          .filter(({ id }) => !known.has(id))
          .map((row) => [row.id, row]),
      ).values(),
    ];
    if (fresh.length === 0) return;
    rows.value = [...fresh, ...rows.value].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1)).slice(0, KEPT);
  };
  const timer = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
  return () => {
    stopListening();
    clearInterval(timer);
  };
}

export function LiveTailPage() {
  useEffect(follow, []);
  const needle = text.value.trim().toLowerCase();
  const shown = rows.value.filter(
    (row) =>
      !needle ||
      `${row.event ?? ''} ${row.type} ${row.channel ?? ''} ${nameIn(row)} ${JSON.stringify(row.properties)}`
        .toLowerCase()
        .includes(needle),
  );
  return (
    <>
      <div class="toolbar">
        <h1>Live tail</h1>
        <p class="figures">{ops.value && <>{Math.round(ops.value.admittedPerSecond)} touchpoints/s come in</>}</p>
      </div>
      <div class="filters">
        <label>
          <span class="visually-hidden">Search</span>
          <input
            type="search"
            placeholder="Event, name, property"
            value={text.value}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <button type="button" class="end" aria-pressed={paused.value} onClick={() => (paused.value = !paused.value)}>
          {paused.value ? 'Resume' : 'Pause'}
        </button>
      </div>
      {skipped.value > 0 && <p class="note">So much happens that this is a sample of it.</p>}
      {rows.value.length === 0 ? (
        <section class="empty">
          <h2>Waiting for the next touchpoint</h2>
          <p>Send one and watch it arrive here:</p>
          <pre>{`curl -u WRITE_KEY: -H 'content-type: application/json' ${location.origin}/v1/track \\
  -d '{"userId":"ada","event":"Pricing Viewed"}'`}</pre>
        </section>
      ) : (
        <div class="scroll-x" tabIndex={0} role="region" aria-label="Touchpoints as they come">
          <table class="sheet">
            <thead>
              <tr>
                <th scope="col">Received</th>
                <th scope="col">Journey</th>
                <th scope="col">What</th>
                <th scope="col">Direction</th>
                <th scope="col">Channel</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={row.id}>
                  <td class="nowrap">{received(row.receivedAt)}</td>
                  <td>
                    <a href={`#/journeys/${row.journeyId}`}>{nameIn(row)}</a>
                  </td>
                  <td>
                    <details>
                      <summary>{row.event ?? words(row.type)}</summary>
                      <pre>{JSON.stringify(row, null, 2)}</pre>
                    </details>
                  </td>
                  <td>{words(row.direction)}</td>
                  <td>{row.channel ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

/** What came today in seconds, the rest with its day. */
function received(at: string): string {
  return now.value - Date.parse(at) < DAY_MS ? time(Date.parse(at)) : when(at);
}

function nameIn({ journeyId }: Row): string {
  const journey = journeys.get(journeyId)?.value;
  return journey ? nameOf(journey) : journeyId;
}
