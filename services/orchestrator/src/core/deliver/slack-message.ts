/** What a person reads in Slack: one message per fact, as blocks with a plain text beside them for notifications. Pure. */

/** Slack's own limits, in characters. */
const HEADER_MAX = 150;
const SECTION_MAX = 3_000;

const TITLES: Readonly<Record<string, string>> = {
  'alert.opened': 'needs attention',
  'alert.acknowledged': 'was acknowledged',
  'alert.snoozed': 'was snoozed',
  'alert.escalated': 'was escalated',
  'alert.resolved': 'is moving again',
  'journey.stage_changed': 'entered a new stage',
  'journey.qualified': 'qualified',
  'journey.won': 'was won',
  'journey.lost': 'was lost',
  'action.requested': 'next best action',
  'action.withdrawn': 'action withdrawn',
  'endpoint.disabled': 'endpoint disabled',
  'delivery.exhausted': 'delivery given up',
};

/** The body of an incoming webhook of Slack. */
export function slackMessage(type: string, data: Record<string, unknown>): Record<string, unknown> {
  const journey = recordOf(data['journey']);
  const name = textOf(journey['name']) ?? textOf(recordOf(data['account'])['name']) ?? textOf(data['name']);
  const title = [name, TITLES[type] ?? type].filter(Boolean).join(' ');
  const reason = textOf(recordOf(data['reason'])['text']) ?? textOf(data['message']);
  const action = textOf(recordOf(data['nextBestAction'])['title']) ?? textOf(data['title']);
  const facts = [textOf(data['stage']) ?? textOf(journey['stage']), textOf(data['kind']), textOf(data['owner'])].filter(
    Boolean,
  );
  const lines = [reason, action && `*Next:* ${action}`].filter((line): line is string => Boolean(line));
  return {
    text: escapeText([title, reason].filter(Boolean).join(': ').slice(0, SECTION_MAX)),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title.slice(0, HEADER_MAX) } },
      ...(lines.length > 0
        ? [{ type: 'section', text: { type: 'mrkdwn', text: lines.map(escapeText).join('\n').slice(0, SECTION_MAX) } }]
        : []),
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: [type, ...facts].map((fact) => escapeText(fact!)).join(' · ') }],
      },
    ],
  };
}

/** Slack reads these three as mark-up, so that a buyer's name could mention a whole channel. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
