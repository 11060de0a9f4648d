import { expect, test } from 'vitest';
import { startRunningDeliverer } from '../../testkit/running-deliverer.ts';
import { hang, startScriptedReceiver, status } from '../../testkit/scripted-receiver.ts';

const MESSAGES = 10_000;
const AT_ONCE = 500;

test('ten thousand messages for an endpoint that hangs: another endpoint gets its message while they wait', async () => {
  const receiver = await startScriptedReceiver((request, socket) =>
    (request.path === '/hangs' ? hang : status(200))(request, socket),
  );
  const cairn = await startRunningDeliverer({ webhookAllow: [receiver.hostPort] });
  try {
    const hanging = await cairn.endpoint({ url: receiver.url.replace('/hook', '/hangs'), types: ['alert.opened'] });
    const other = await cairn.endpoint({ url: receiver.url, types: ['journey.won'] });
    for (let n = 0; n < MESSAGES; n += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => cairn.happen({ factId: `fact_${n + i}` })));
    await cairn.happen({ factId: 'won', type: 'journey.won' });
    await cairn.delivery(other.id, (one) => one.state === 'delivered');
    // Its eight are still under way, so none of the others cost the other endpoint anything.
    expect(receiver.requests.filter(({ path }) => path === '/hangs')).toHaveLength(8);
    const { body } = await cairn.call('GET', `/api/endpoints/${hanging.id}/health`);
    expect(body).toMatchObject({ sending: 8, attempts: 0 });
    // As of the last fact, which was told before its own message stood in the queue.
    expect(body.waiting).toBe(MESSAGES - 9);
  } finally {
    await cairn.stop();
    await receiver.close();
  }
}, 60_000);
