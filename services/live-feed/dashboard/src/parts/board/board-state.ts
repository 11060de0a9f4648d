/**
 * What the board shows: its filters, and the columns that follow from them and from the journeys of the feed. Where there are more journeys than a
 * board holds, the server filters and counts. It draws nothing.
 */
import { computed, effect, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { api } from '../../api.ts';
import { boardSubscription, boardTruncated, journeyIds, journeys, standing, stageOrder } from '../../store.ts';
import type { Journey } from '../../types.ts';

/** Typing settles before the server is asked. */
const ASK_AFTER_MS = 300;
const COUNT_EVERY_MS = 5_000;

export const text = signal('');
export const stalledOnly = signal(false);
export const owner = signal('');
export const stage = signal('');
export const minScore = signal('');
export const definition = signal<string | null>(null);
export const paused = signal(false);
/** Of a board that is larger than what is shown: column → journeys. */
const counted = signal<ReadonlyMap<string, number> | null>(null);

export const definitions = computed(() => {
  void journeyIds.value;
  return [
    ...new Set([...stageOrder.value.keys(), ...[...journeys.values()].map((one) => one.peek().definition)]),
  ].sort();
});
/** The first by name that has journeys. */
export const shownDefinition = computed(() => {
  void journeyIds.value;
  const used = new Set([...journeys.values()].map((one) => one.peek().definition));
  return definition.value ?? definitions.value.find((name) => used.has(name)) ?? definitions.value[0] ?? null;
});
export const owners = computed(() => {
  void standing.value;
  return [...new Set([...journeys.values()].flatMap((one) => one.peek().owner ?? []))].sort();
});
export const filtered = computed(() =>
  Boolean(text.value || stalledOnly.value || owner.value || stage.value || minScore.value),
);

export interface Column {
  name: string;
  journeys: Signal<Journey>[];
}

/** Stage → journeys, stalled ones first, then by score. */
export const columns = computed<Column[]>(() => {
  void standing.value;
  void journeyIds.value;
  const name = shownDefinition.value;
  const byStage = new Map<string, Signal<Journey>[]>((stageOrder.value.get(name ?? '') ?? []).map((one) => [one, []]));
  const won: Signal<Journey>[] = [];
  const lost: Signal<Journey>[] = [];
  const needle = text.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const least = minScore.value === '' ? null : Number(minScore.value);
  for (const journey of journeys.values()) {
    const value = journey.peek();
    if (value.definition !== name) continue;
    if (stalledOnly.value && value.status !== 'stalled') continue;
    if (owner.value && value.owner !== owner.value) continue;
    if (least !== null && value.score.total < least) continue;
    if (needle.length && !needle.every((word) => searchable(value).includes(word))) continue;
    if (value.status === 'won') won.push(journey);
    else if (value.status === 'lost') lost.push(journey);
    else {
      if (!byStage.has(value.stage)) byStage.set(value.stage, []);
      byStage.get(value.stage)!.push(journey);
    }
  }
  const all: Column[] = [...byStage].map(([one, list]) => ({ name: one, journeys: list }));
  if (won.length) all.push({ name: 'won', journeys: won });
  if (lost.length) all.push({ name: 'lost', journeys: lost });
  for (const column of all) column.journeys.sort((a, b) => rank(b.peek()) - rank(a.peek()));
  return stage.value ? all.filter((column) => column.name === stage.value) : all;
});

const rank = (journey: Journey): number => (journey.status === 'stalled' ? 1e6 : 0) + journey.score.total;
const searchable = (journey: Journey): string =>
  `${journey.name ?? ''} ${journey.account?.domain ?? ''} ${journey.owner ?? ''} ${journey.people.map((person) => `${person.name ?? ''} ${person.email ?? ''}`).join(' ')}`.toLowerCase();

/** A board of more journeys than are shown: the server filters and counts. */
let asking: ReturnType<typeof setTimeout> | undefined;
let asked = '';
effect(() => {
  const filter = {
    ...(text.value.trim() ? { text: text.value.trim() } : {}),
    ...(stalledOnly.value ? { status: ['stalled'] } : {}),
    ...(owner.value ? { owner: [owner.value] } : {}),
    ...(minScore.value ? { minScore: Number(minScore.value) } : {}),
  };
  const wanted = JSON.stringify(filter);
  if ((!boardTruncated.value && asked === '') || wanted === asked) return;
  clearTimeout(asking);
  asking = setTimeout(() => {
    asked = wanted === '{}' ? '' : wanted;
    boardSubscription.refilter(asked ? filter : undefined);
  }, ASK_AFTER_MS);
});
effect(() => {
  if (!boardTruncated.value) {
    counted.value = null;
    return;
  }
  const count = async (): Promise<void> => {
    const query = asked ? `?${new URLSearchParams(flat(JSON.parse(asked) as Record<string, unknown>))}` : '';
    const { items } = await api<{ items: { definition: string; stage: string; status: string; journeys: number }[] }>(
      'GET',
      `/api/board${query}`,
    );
    const sums = new Map<string, number>();
    for (const item of items) {
      const column = item.status === 'won' || item.status === 'lost' ? item.status : item.stage;
      sums.set(`${item.definition}/${column}`, (sums.get(`${item.definition}/${column}`) ?? 0) + item.journeys);
    }
    counted.value = sums;
  };
  void count().catch(() => {});
  const timer = setInterval(() => void count().catch(() => {}), COUNT_EVERY_MS);
  return () => clearInterval(timer);
});
const flat = (filter: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]));

export const stalledIn = ({ journeys: list }: Column): number =>
  list.filter((journey) => journey.peek().status === 'stalled').length;
export const countOf = ({ name, journeys: list }: Column): number =>
  counted.value?.get(`${shownDefinition.value}/${name}`) ?? list.length;

export function clearFilters(): void {
  text.value = owner.value = stage.value = minScore.value = '';
  stalledOnly.value = false;
}
