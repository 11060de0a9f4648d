/**
 * How a text is written before it is compared as an identifier: the same for what is stitched and for what is looked up. Decides nothing
 * about whether it names anybody.
 */

/** Marks that nobody sees: soft hyphen, zero-width spaces and joiners, direction marks, byte order mark. They come along when an id is copied from a page. */
const INVISIBLE = /[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/;
const ALL_INVISIBLE = new RegExp(INVISIBLE, 'g');
const UNSEEN = new RegExp(`\\s|${INVISIBLE.source}`);
const ASCII = /^[\x00-\x7f]*$/;

/** Without white space and invisible marks around it; those within it stay. Almost every text ends in ASCII, and is done after one trim. */
export function trimmedText(text: string): string {
  const trimmed = text.trim();
  let start = 0;
  let end = trimmed.length;
  while (start < end && isUnseen(trimmed.charCodeAt(start))) start++;
  while (end > start && isUnseen(trimmed.charCodeAt(end - 1))) end--;
  return start === 0 && end === trimmed.length ? trimmed : trimmed.slice(start, end);
}

/** White space, too: between marks it is met where `trim` did not come. */
function isUnseen(code: number): boolean {
  if (code < 0xa0) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return UNSEEN.test(String.fromCharCode(code));
}

/** NFC. ASCII, which is almost everything, is composed already; asking costs half of composing. */
export const composedText = (text: string): string => (ASCII.test(text) ? text : text.normalize('NFC'));

/** Lower case, the domain as it stands in the DNS (`xn--…`); null for what is no address. Plus-addresses and gmail dots are not folded. */
export function emailText(text: string): string | null {
  if (ASCII.test(text)) return addressOf(text.toLowerCase());
  const email = addressOf(text.replace(ALL_INVISIBLE, '').normalize('NFC').toLowerCase());
  if (email === null) return null;
  const at = email.indexOf('@');
  const domain = domainInDns(email.slice(at + 1));
  return domain === null ? null : `${email.slice(0, at)}@${domain}`;
}

function addressOf(email: string): string | null {
  const at = email.indexOf('@');
  return at > 0 && at < email.length - 1 && email.indexOf('@', at + 1) < 0 && !/\s/.test(email) ? email : null;
}

/** By UTS 46, as browsers and mail servers do it. A URL's parser would take a slash, a colon or a question mark for the host's end. */
function domainInDns(domain: string): string | null {
  if (ASCII.test(domain)) return domain;
  if (/[/?#:\\%[\]]/.test(domain)) return null;
  const url = URL.parse(`http://${domain}/`);
  return url === null || url.hostname === '' ? null : url.hostname;
}
