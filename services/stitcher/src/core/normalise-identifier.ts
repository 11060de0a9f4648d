import { composedText, emailText, trimmedText } from '@cairn/contracts/identifier-text.ts';
import { parsePhoneNumberFromString, isSupportedCountry } from 'libphonenumber-js/min';
import { identifierKey, namespaceOf, valueOf } from './identifier-key.ts';

/**
 * Brings a raw identifier into the one form that is compared, kept and answered. Never guesses: plus-addresses and gmail dots are
 * not folded, a phone number without a known country is no identifier.
 */

/** UTF-16 units. LMDB keys hold 1,978 bytes: 512 units are at most 1,536 bytes and leave room for the key's prefix. */
export const MAX_IDENTIFIER_LENGTH = 512;

/** The normalised value; null when the raw value is none of its namespace. Numbers equal their decimal text. `country`: ISO 3166 alpha-2. */
export function normaliseIdentifier(namespace: string, raw: unknown, country: string | null): string | null {
  const text = textOf(raw);
  return text === null ? null : normaliseText(namespace, text, country);
}

/** As `normaliseIdentifier`, of a text that is trimmed already. */
export function normaliseText(namespace: string, text: string, country: string | null): string | null {
  switch (namespace) {
    case 'email':
      return emailText(text);
    case 'phone':
      return normalisePhone(text, country);
    default:
      return text === '' ? null : composedText(text);
  }
}

/** What was given, as text, trimmed; null for what can be no identifier. */
export function textOf(raw: unknown): string | null {
  if (typeof raw === 'string') return trimmedText(raw);
  if (typeof raw === 'bigint' || (typeof raw === 'number' && Number.isFinite(raw))) return digitsOf(raw);
  return null;
}

/** 1e21 must not become "1e+21". */
function digitsOf(number: number | bigint): string {
  return typeof number === 'number' && Number.isInteger(number) ? BigInt(number).toString() : String(number);
}

function normalisePhone(text: string, country: string | null): string | null {
  // E.164 as it was normalised before (ingest does it too): nothing to parse, but a length to hold.
  const known = country && isSupportedCountry(country) ? country : undefined;
  if (known === undefined && !/^(\+|00)/.test(text)) return null;
  const parsed = parsePhoneNumberFromString(text.startsWith('00') && !known ? `+${text.slice(2)}` : text, known);
  if (!parsed?.isPossible()) return null;
  // E.164 allows 15 digits; longer ones are typing errors that would still differ from each other.
  return parsed.number.length <= 16 ? parsed.number : null;
}

/** A key as a person typed it, in the form that is kept; unchanged where it is no identifier. */
export function normalisedKey(key: string): string {
  const namespace = namespaceOf(key);
  const value = normaliseIdentifier(namespace, valueOf(key), null);
  return value === null ? key : identifierKey(namespace, value);
}
