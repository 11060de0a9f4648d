import { isFoundIn } from './blocked-patterns.ts';
import type { StitchSettings } from './settings.ts';

/**
 * Values that name nobody in particular. One of them as an identifier would join strangers into one person, the field's worst
 * failure, so they are dropped from the touchpoint (the touchpoint itself stays).
 */
const BLOCKED = new Set([
  '',
  '-1',
  'null',
  'undefined',
  '[object object]',
  'anonymous',
  'guest',
  'unknown',
  'invalid',
  'not set',
  'not_set',
  '(not set)',
  'distinct_id',
  'distinctid',
  'id',
  'email',
  'true',
  'false',
  'not_authenticated',
  'nan',
  'none',
  'nil',
  'n/a',
  'test@test.com',
]);

/** Zeros and dashes: 0, 000, ---, and the all-zero UUID that phones give without tracking permission. */
const ZEROS_AND_DASHES = /^[0-]+$/;
const BLOCKED_MAILBOX = /^(no-?reply|do-?not-?reply|guest|mailer-daemon|postmaster)$/;

/** `value` is normalised. */
export function isBlocked(settings: StitchSettings, namespace: string, value: string): boolean {
  // Every entry of the list is short; long values (uuids, most e-mails) are passed with one comparison.
  if (value.length <= 17 && BLOCKED.has(value.toLowerCase())) return true;
  const first = value.charCodeAt(0);
  // A template that wrote the quotes along: what stands between them is what was meant.
  const isQuoted = (first === 34 || first === 39 || first === 96) && value.charCodeAt(value.length - 1) === first;
  if (isQuoted && value.length > 1 && isBlocked(settings, namespace, value.slice(1, -1).trim())) return true;
  if ((first === 48 || first === 45) && ZEROS_AND_DASHES.test(value)) return true;
  if (namespace === 'email' && BLOCKED_MAILBOX.test(mailboxOf(value))) return true;
  if (namespace === 'phone' && ZEROS_AND_DASHES.test(value.slice(1))) return true;
  if (settings.blockedValues.length > 0 && isAmong(settings.blockedValues, value)) return true;
  const { blockedPatterns } = settings;
  return blockedPatterns !== undefined && blockedPatterns.length > 0 && isFoundIn(blockedPatterns, value);
}

function isAmong(values: readonly string[], value: string): boolean {
  const lower = value.toLowerCase();
  return values.some((blocked) => blocked.toLowerCase() === lower);
}

const ROLES = new Set(
  (
    'info sales support contact hello office admin administrator billing accounts accounting finance invoice invoices ' +
    'marketing press media jobs careers hr recruiting help helpdesk service customerservice team mail enquiries inquiries ' +
    'orders purchasing procurement reception legal privacy security webmaster hostmaster abuse feedback newsletter news ' +
    'biuro kontakt buero office kundenservice vertrieb ventas ventes commercial comercial'
  ).split(' '),
);

/** A mailbox that several people read: it says which company, not which person. */
export function isRoleMailbox(email: string): boolean {
  return ROLES.has(mailboxOf(email));
}

/** Before the @, without a plus-tag. */
function mailboxOf(email: string): string {
  const mailbox = email.slice(0, email.lastIndexOf('@'));
  const plus = mailbox.indexOf('+');
  return plus > 0 ? mailbox.slice(0, plus) : mailbox;
}
