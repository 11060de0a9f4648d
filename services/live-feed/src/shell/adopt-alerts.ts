/**
 * Once a view was built anew: alerts that are open and whose facts are older than the topic keeps them are taken from their journeys, which say what
 * is open. Resolved ones of that age are in the history.
 */
import type { View } from './view.ts';

/** Some 4 ms of decoding; then others have their turn. */
const JOURNEYS_A_TURN = 100;

/** Resolves to how many were missing. */
export async function adoptAlerts(view: Pick<View, 'journeys' | 'alerts' | 'store'>): Promise<number> {
  await view.store.flush();
  let adopted = 0;
  for (let from: string | null = null; ;) {
    const page = view.journeys.page(from, JOURNEYS_A_TURN);
    for (const { workspace, journey } of page.journeys)
      for (const alert of journey.alerts)
        if (alert.state !== 'resolved' && !view.alerts.get(workspace, alert.id)) {
          view.alerts.apply({ workspace, alert });
          adopted++;
        }
    from = page.next;
    if (from === null) return adopted;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
