/** What buyers of two thousand accounts do, as JSON lines without a mapping: the file that replay and dry run are measured with. */
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { formatInstant } from '@cairn/clock/calendar.ts';

const ACCOUNTS = 2_000;
const PEOPLE = 8_000;
const STARTED_AT = Date.UTC(2026, 0, 5);
const SPACING_MS = 30_000;
const PATHS = ['/', '/pricing', '/blog/how-to', '/docs/api', '/customers/acme', '/careers'];
const EVENTS = ['Email Sent', 'Webinar Attended', 'Demo Requested', 'Email Replied', 'Meeting Held', 'Proposal Viewed'];

export function makeLines(touchpoints: number): string {
  const random = seededRandom(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const lines: string[] = [];
  for (let i = 0; i < touchpoints; i++) {
    const person = Math.floor(random() * PEOPLE);
    const account = person % ACCOUNTS;
    const isPage = random() < 0.7;
    lines.push(
      JSON.stringify({
        type: isPage ? 'page' : 'track',
        ...(isPage ? {} : { event: pick(EVENTS) }),
        userId: `user-${person}`,
        messageId: `0b1e4c2a-0000-4000-8000-${String(i).padStart(12, '0')}`,
        timestamp: formatInstant(STARTED_AT + i * SPACING_MS),
        properties: isPage
          ? { path: pick(PATHS), title: 'A page', url: 'https://example.com/page' }
          : { source: 'crm', plan: 'team' },
        context: { groupId: `account-${account}`, channel: pick(['web', 'email', 'phone']) },
      }),
    );
  }
  return `${lines.join('\n')}\n`;
}
