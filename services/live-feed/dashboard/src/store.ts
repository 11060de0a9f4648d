/** What all pages share: one connection to the live feed, the journeys and alerts it keeps current, and the server's time. */
import { batch, computed, signal, type Signal } from '@preact/signals';
import { createFeedClient, type FeedState } from '@cairn/feed-client/feed-client.ts';
import { api } from './api.ts';
import type { Alert, Journey, OpsSample } from './types.ts';

export const feedState = signal<FeedState>('connecting');
export const feedReason = signal<string | null>(null);
/** One signal a journey: a change re-renders one card. `journeyIds` changes only when one comes or goes. */
export const journeys = new Map<string, Signal<Journey>>();
export const journeyIds = signal<readonly string[]>([]);
/** Rises with every change of a journey's stage or status, for what depends on where they stand. */
export const standing = signal(0);
export const alerts = signal<ReadonlyMap<string, Alert>>(new Map());
export const ops = signal<OpsSample | null>(null);
/** Five minutes of it, oldest first. */
export const opsLog = signal<readonly (OpsSample & { at: number })[]>([]);
const OPS_KEPT = 300;
export const boardReady = signal(false);
/** There are more journeys than a snapshot holds: filters are then asked of the server. */
export const boardTruncated = signal(false);
export const lastUpdateAt = signal<number | null>(null);
/** The server's clock less ours: the demo's runs ahead of it. */
const skewMs = signal(0);
const tick = signal(Date.now());
setInterval(() => (tick.value = Date.now()), 1_000);
/** Now, by the server's clock, to the second. */
export const now = computed(() => tick.value + skewMs.value);

export const stageOrder = signal<ReadonlyMap<string, readonly string[]>>(new Map());

const protocol = location.protocol === 'https:' ? 'wss' : 'ws';
export const feed = createFeedClient({ url: `${protocol}://${location.host}/live` });
feed.onState((state) => {
  feedState.value = state;
  feedReason.value = feed.reason;
});

/** Called with each change of the board. */
const changed = new Set<(journey: Journey) => void>();
export function onBoardChange(listener: (journey: Journey) => void): () => void {
  changed.add(listener);
  return () => changed.delete(listener);
}

function drop(id: string): void {
  if (!journeys.delete(id)) return;
  journeyIds.value = journeyIds.value.filter((other) => other !== id);
  standing.value++;
}

/** Its person was erased: nothing of them stays on the screen. */
function forget(id: string): void {
  batch(() => {
    drop(id);
    alerts.value = new Map([...alerts.value].filter(([, { journeyId }]) => journeyId !== id));
  });
}

function put(journey: Journey): void {
  const known = journeys.get(journey.id);
  if (journey.status === 'absorbed') return drop(journey.id);
  if (!known) {
    journeys.set(journey.id, signal(journey));
    journeyIds.value = [...journeyIds.value, journey.id];
    standing.value++;
    return;
  }
  const before = known.value;
  if (journey.seq < before.seq) return;
  known.value = journey;
  if (before.stage !== journey.stage || before.status !== journey.status || before.owner !== journey.owner)
    standing.value++;
}

export const boardSubscription = feed.subscribe('board', {
  onSnapshot(items, _cursor, truncated) {
    batch(() => {
      boardTruncated.value = truncated;
      journeys.clear();
      for (const item of items as unknown as Journey[])
        if (item.status !== 'absorbed') journeys.set(item.id, signal(item));
      journeyIds.value = [...journeys.keys()];
      standing.value++;
      boardReady.value = true;
      lastUpdateAt.value = Date.now();
    });
  },
  onMessage(message) {
    lastUpdateAt.value = Date.now();
    if (message.type === 'journey.erased') return forget((message.data as unknown as Journey).id);
    if (message.type !== 'journey.changed') return;
    const { left } = message as { left?: boolean };
    batch(() => (left ? drop((message.data as unknown as Journey).id) : put(message.data as unknown as Journey)));
    for (const listener of changed) listener(message.data as unknown as Journey);
  },
});

feed.subscribe('alerts', {
  onSnapshot(items) {
    alerts.value = new Map((items as unknown as Alert[]).map((alert) => [alert.id, alert]));
  },
  onMessage(message) {
    const alert = message.data as unknown as Alert;
    const next = new Map(alerts.value);
    if (alert.state === 'resolved') next.delete(alert.id);
    else next.set(alert.id, alert);
    alerts.value = next;
  },
});

feed.subscribe('ops', {
  onSnapshot(items) {
    ops.value = (items[0] as unknown as OpsSample | undefined) ?? null;
  },
  onMessage(message) {
    ops.value = message.data as unknown as OpsSample;
    opsLog.value = [...opsLog.value.slice(1 - OPS_KEPT), { at: Date.parse(message.at), ...ops.value }];
    skewMs.value = Date.parse(message.at) - Date.now();
    lastUpdateAt.value = Date.now();
  },
});

interface DefinitionItem {
  name: string;
  title?: string | null;
  definition?: { stages?: { name: string }[] };
}

/** Asked for, whatever came of it: the board's columns stand where they will stay. */
export const stagesKnown = signal(false);

/** Stages in the definition's order; a stage that only journeys know comes last. */
export async function loadStages(): Promise<void> {
  const page = await api<{ items: DefinitionItem[] }>('GET', '/api/definitions').catch(() => ({ items: [] }));
  stageOrder.value = new Map(
    page.items.map((item) => [item.name, (item.definition?.stages ?? []).map((stage) => stage.name)]),
  );
}
void loadStages().finally(() => (stagesKnown.value = true));
