/** What a machine sent in the buyer's name: an out-of-office note is no return. Decides by what the touchpoint says of itself. */
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { eventPattern } from './event-pattern.ts';

const isMachine = eventPattern(
  /\b(auto[- ]?reply|auto[- ]?responder|out[- ]of[- ]office|vacation reply|email bounced|mail delivery failed)\b/i,
);
const SUBJECT =
  /^\s*(re:\s*)?(automatic reply|auto(matische)?[- ]?(reply|antwort|response)|out of (the )?office|abwesenheits|autorespuesta|risposta automatica|réponse automatique|odpowiedź automatyczna|undeliverable|delivery status notification)/i;
/** RFC 3834's header, and what mail tools call it. */
const FLAGS: ReadonlySet<string> = new Set([
  'autoReply',
  'auto_reply',
  'autoreply',
  'isAutoReply',
  'is_auto_reply',
  'automatic',
  'autoSubmitted',
  'auto_submitted',
  'auto-submitted',
  'outOfOffice',
  'out_of_office',
  'ooo',
  'bounce',
]);

export function isAutoReply({ event, properties }: Pick<Touchpoint, 'event' | 'properties'>): boolean {
  if (event === null) return false;
  if (isMachine(event)) return true;
  // A touchpoint has a few properties, and there are thirteen names.
  for (const name in properties) {
    if (!FLAGS.has(name)) continue;
    const value = properties[name];
    if (value === true || value === 'true' || value === 'auto-replied' || value === 'auto-generated') return true;
  }
  const { subject } = properties;
  return typeof subject === 'string' && SUBJECT.test(subject);
}
