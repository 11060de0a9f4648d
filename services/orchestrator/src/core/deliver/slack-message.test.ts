import { expect, test } from 'vitest';
import { slackMessage } from './slack-message.ts';

test('an alert is a header, its reason with the next best action, and where it stands', () => {
  const message = slackMessage('alert.opened', {
    kind: 'stall',
    stage: 'evaluation',
    owner: 'Ann',
    reason: { text: 'No reply for 6 business days; 2.1 is normal here' },
    nextBestAction: { title: 'Call Jo' },
    journey: { name: 'Acme' },
  });
  expect(message).toEqual({
    text: 'Acme needs attention: No reply for 6 business days; 2.1 is normal here',
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: 'Acme needs attention' } },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: 'No reply for 6 business days; 2.1 is normal here\n*Next:* Call Jo' },
      },
      { type: 'context', elements: [{ type: 'mrkdwn', text: 'alert.opened · evaluation · stall · Ann' }] },
    ],
  });
});

test('a buyer’s text mentions nobody', () => {
  const text = JSON.stringify(slackMessage('alert.opened', { reason: { text: '<!channel> & <@U1>' } }));
  expect(text).toContain('&lt;!channel&gt; &amp; &lt;@U1&gt;');
  expect(text).not.toContain('<!channel>');
});

test('what is too long for Slack is cut', () => {
  const { blocks } = slackMessage('alert.opened', {
    journey: { name: 'x'.repeat(500) },
    reason: { text: 'y'.repeat(9_000) },
  }) as {
    blocks: { text: { text: string } }[];
  };
  expect(blocks[0]!.text.text).toHaveLength(150);
  expect(blocks[1]!.text.text).toHaveLength(3_000);
});

test('data of any shape makes a message', () => {
  for (const data of [{}, { journey: 5, reason: null, nextBestAction: [], stage: {} }])
    expect(slackMessage('something.new', data)).toMatchObject({ text: 'something.new' });
});
