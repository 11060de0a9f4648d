/**
 * Prints each alert as it opens and closes, through restarts and lost connections: `node examples/live-feed/watch-alerts.ts URL TOKEN`
 * (a token with scope read). Ctrl-C ends it.
 */
import { createFeedClient } from '@cairn/feed-client/feed-client.ts';

const [url = 'http://127.0.0.1:8080', token = process.env.CAIRN_TOKEN] = process.argv.slice(2);
if (!token) throw new Error('a token is needed: node examples/live-feed/watch-alerts.ts URL TOKEN');

interface Alert {
  id: string;
  state: string;
  kind: string;
  reason: { text: string };
}

const feed = createFeedClient({ url: `${url.replace(/^http/, 'ws')}/live`, token });
feed.onState((state) => {
  console.log(`-- ${state}`);
  if (state === 'closed') console.log(`-- ${feed.reason}`);
});
feed.subscribe('alerts', {
  onSnapshot(items) {
    console.log(`-- ${items.length} unresolved`);
  },
  onMessage({ type, data }) {
    const alert = data as unknown as Alert;
    console.log(`${type} ${alert.kind} ${alert.id}: ${alert.reason.text}`);
  },
});
