import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/**
 * Makes what clients send comparable: values that say nothing are removed, e-mail and phone get one spelling. Never invents: what
 * cannot be read stays as it came. Never changes its input; what needs no cleaning is returned as it is, not copied.
 */
export type Plain = Record<string, unknown>;

/** 32 levels: no SDK nests deeper than five; deeper input exists to exhaust a stack somewhere down the line. */
export const DEPTH_MAX = 32;

const WHITE_SPACE = [
  ...'\t\n\v\f\r \u00a0\ufeff\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
].map((space) => space.charCodeAt(0));
const SAYS_NOTHING = new Set(['null', 'undefined', 'nan', '[object object]', '(null)', '"undefined"', '"null"']);
const LONGEST_NOTHING = 15;
/** This runs over every text of every touchpoint: nearly all are let through by their first character. */
const MAY_START_NOTHING = new Set([...'nNuU[("'].map((first) => first.charCodeAt(0)).concat(WHITE_SPACE));

/** An empty text, or what a program writes for a value that it does not have. */
export function isNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'string') return false;
  if (value !== '' && !MAY_START_NOTHING.has(value.charCodeAt(0))) return false;
  if (value.length > LONGEST_NOTHING) return value.length < 1_000 && value.trim() === '';
  const plain = value.trim().toLowerCase();
  return plain === '' || SAYS_NOTHING.has(plain);
}

/** The object without values that say nothing, at every depth; null when it is nested too deep. */
export function cleanObject(value: Plain, depth = 1): Plain | null {
  let cleaned: Plain | null = null;
  for (const key in value) {
    const before = value[key];
    let after = before;
    let drop = false;
    if (typeof before === 'string') drop = isNothing(before);
    else if (typeof before === 'object' && before !== null) {
      if (depth >= DEPTH_MAX) return null;
      after = Array.isArray(before) ? cleanArray(before, depth + 1) : cleanObject(before as Plain, depth + 1);
      if (after === null) return null;
    } else drop = before === null || before === undefined;
    // `__proto__` as a key of JSON is data here, and a trap for whoever copies the object.
    if (key === '__proto__') drop = true;
    if (!cleaned && (drop || after !== before)) cleaned = copyBefore(value, key);
    if (cleaned && !drop) cleaned[key] = after;
  }
  return cleaned ?? value;
}

/** Places in a list mean something: its members are cleaned, none is removed. */
function cleanArray(value: unknown[], depth: number): unknown[] | null {
  let cleaned: unknown[] | null = null;
  for (let i = 0; i < value.length; i++) {
    const before = value[i];
    if (typeof before !== 'object' || before === null) continue;
    if (depth >= DEPTH_MAX) return null;
    const after = Array.isArray(before) ? cleanArray(before, depth + 1) : cleanObject(before as Plain, depth + 1);
    if (after === null) return null;
    if (after !== before) {
      cleaned ??= value.slice();
      cleaned[i] = after;
    }
  }
  return cleaned ?? value;
}

function copyBefore(value: Plain, until: string): Plain {
  const copy: Plain = {};
  for (const key in value) {
    if (key === until) break;
    copy[key] = value[key];
  }
  return copy;
}

/** Traits with `email` and `phone` in one spelling. */
export function normaliseTraits(traits: Plain): Plain {
  const { email, phone } = traits;
  const plainEmail = typeof email === 'string' ? normaliseEmail(email) : email;
  const plainPhone = typeof phone === 'string' ? (normalisePhone(phone, countryOf(traits)) ?? phone) : phone;
  if (plainEmail === email && plainPhone === phone) return traits;
  const normalised = { ...traits };
  if (plainEmail !== email) normalised.email = plainEmail;
  if (plainPhone !== phone) normalised.phone = plainPhone;
  return normalised;
}

/** Lower case without surrounding space or `mailto:`. Dots and +tags stay: that they do not matter is true for one provider only. */
export function normaliseEmail(email: string): string {
  return email
    .trim()
    .replace(/^mailto:/i, '')
    .normalize('NFC')
    .toLowerCase();
}

/** E.164 where the number says its country or `country` (ISO 3166, two letters) is given; null when it cannot be told, or is no possible number. */
export function normalisePhone(phone: string, country: string | null): string | null {
  if (phone.length > 40) return null;
  const known = country !== null && isSupportedCountry(country) ? country : undefined;
  const text = phone.trim();
  const parsed = parsePhoneNumberFromString(text.startsWith('00') ? `+${text.slice(2)}` : text, known);
  return parsed?.isPossible() ? parsed.number : null;
}

/** The country a person's own traits name. A locale is no country: en-US is spoken everywhere. */
function countryOf(traits: Plain): string | null {
  const address = traits.address;
  const named = typeof address === 'object' && address !== null ? (address as Plain).country : traits.country;
  const given = traits.countryCode ?? named;
  return typeof given === 'string' && /^[A-Za-z]{2}$/.test(given) ? given.toUpperCase() : null;
}
