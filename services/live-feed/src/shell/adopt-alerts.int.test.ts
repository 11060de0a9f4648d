import { afterEach, beforeEach, expect, test } from 'vitest';
import { alert, alertFact } from '../testkit/facts.ts';
import { type FeedWorld, createFeedWorld } from '../testkit/feed-world.ts';

let world: FeedWorld;
beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'reader');
});
afterEach(() => world.end());

test('a view that is built anew has alerts that are open and older than their topic, and no resolved ones', async () => {
  const open = alert('w1', 'acme', 'alr_old');
  const newer = alert('w1', 'beta', 'alr_beta');
  await world.change('w1', 'acme', {
    alerts: [open, alert('w1', 'acme', 'alr_over', { state: 'resolved' })],
  });
  // Its topic says more than its journey.
  await world.change('w1', 'beta', { alerts: [newer] });
  await world.alert(alertFact({ ...newer, state: 'acknowledged' }, 'alert.acknowledged'));
  const node = await world.start();
  const listed = async (): Promise<string[]> => {
    const answer = await fetch(`${node.url}/api/alerts`, { headers: { authorization: 'Bearer reader' } });
    const { items } = (await answer.json()) as { items: { id: string; state: string }[] };
    return items.map(({ id, state }) => `${id} ${state}`).sort();
  };
  await expect.poll(listed).toEqual(['alr_beta acknowledged', 'alr_old open']);
});
