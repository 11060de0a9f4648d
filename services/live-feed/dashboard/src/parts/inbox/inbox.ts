/**
 * The alert inbox without its looks: which alerts are listed, which are chosen, what the keys do, and the commands that go to the server. It draws
 * nothing, and changes no alert itself: what became of a command comes back through the feed.
 */
import { computed, signal } from '@preact/signals';
import { api } from '../../api.ts';
import { plural } from '../../format.ts';
import { alerts, now } from '../../store.ts';
import type { Alert } from '../../types.ts';

export const DAY_MS = 86_400_000;
export const SNOOZES = [
  ['1 day', DAY_MS],
  ['3 days', 3 * DAY_MS],
  ['1 week', 7 * DAY_MS],
] as const;
const ME = 'cairn.me';

export const fault = signal<string | null>(null);
export const said = signal('');
export const show = signal<'all' | 'open' | 'acknowledged' | 'snoozed' | 'resolved'>('all');
export const me = signal(readMe());
export const mine = signal(false);
export const chosen = signal<ReadonlySet<string>>(new Set());
export const current = signal<string | null>(null);
/** Which row asks for a time or a verdict. */
export const asking = signal<{ id: string; what: 'snooze' | 'resolve' } | null>(null);
export const resolved = signal<readonly Alert[]>([]);

export const listed = computed(() => {
  const source = show.value === 'resolved' ? resolved.value : [...alerts.value.values()];
  return source
    .filter((alert) => show.value === 'all' || alert.state === show.value)
    .filter((alert) => !mine.value || (me.value !== '' && alert.owner === me.value))
    .sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open') || (a.openedAt < b.openedAt ? 1 : -1));
});
export const owners = computed(() =>
  [...new Set([...alerts.value.values()].flatMap((alert) => alert.owner ?? []))].sort(),
);

export async function actOnAlert(
  id: string,
  command: 'acknowledge' | 'snooze' | 'resolve',
  body: Record<string, unknown> = {},
): Promise<void> {
  await api('POST', `/api/alerts/${encodeURIComponent(id)}/${command}`, body);
}

export async function act(
  ids: readonly string[],
  command: 'acknowledge' | 'snooze' | 'resolve',
  body: Record<string, unknown> = {},
): Promise<void> {
  fault.value = null;
  asking.value = null;
  const results = await Promise.allSettled(ids.map((id) => actOnAlert(id, command, body)));
  const failed = results.filter((result) => result.status === 'rejected');
  if (failed.length) fault.value = (failed[0]!.reason as Error).message;
  const done = results.length - failed.length;
  if (done) said.value = `${plural(done, 'alert')} ${DONE[command]}`;
  chosen.value = new Set([...chosen.value].filter((id) => !ids.includes(id)));
}
const DONE = { acknowledge: 'acknowledged', snooze: 'snoozed', resolve: 'resolved' };

/** What a key is for: the chosen ones, or the one that is marked. */
export const targets = (): string[] => (chosen.value.size ? [...chosen.value] : current.value ? [current.value] : []);

/** Asks at the marked alert; where it is none of the chosen ones, at the first of those, so that the question is seen where it is answered. */
function ask(what: 'snooze' | 'resolve'): void {
  const all = targets();
  const id = current.value && all.includes(current.value) ? current.value : all[0];
  if (!id) return;
  current.value = id;
  asking.value = { id, what };
}

/** A key or a button of one alert is for all chosen ones when that alert is among them. */
export const meant = (id: string): string[] => (chosen.value.has(id) ? [...chosen.value] : [id]);

export function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  // A checkbox takes no letters: whoever has just chosen an alert goes on with the keys.
  const types = target.matches('input:not([type=checkbox]), select, textarea');
  if (event.ctrlKey || event.metaKey || event.altKey || types) return;
  const at = listed.value.findIndex(({ id }) => id === current.value);
  const step = (by: number): void => {
    const next = listed.value[Math.min(Math.max(at + by, 0), listed.value.length - 1)];
    if (!next) return;
    current.value = next.id;
    document.getElementById(next.id)?.scrollIntoView({ block: 'nearest' });
    document.getElementById(next.id)?.focus({ preventScroll: true });
  };
  const keys: Record<string, () => void> = {
    j: () => step(1),
    k: () => step(-1),
    x: () => current.value && toggle(current.value),
    a: () =>
      void act(
        targets().filter((id) => alerts.value.get(id)?.state === 'open'),
        'acknowledge',
      ),
    s: () => ask('snooze'),
    r: () => ask('resolve'),
    Escape: () => (asking.value = null),
  };
  const found = keys[event.key];
  if (!found || listed.value.length === 0) return;
  event.preventDefault();
  found();
}

export function toggle(id: string): void {
  const next = new Set(chosen.value);
  if (!next.delete(id)) next.add(id);
  chosen.value = next;
}

export const until = (ms: number): string => new Date(now.value + ms).toISOString();

function readMe(): string {
  try {
    return localStorage.getItem(ME) ?? '';
  } catch {
    return '';
  }
}

export function sayWhoIAm(name: string): void {
  me.value = name;
  localStorage.setItem(ME, name);
}
