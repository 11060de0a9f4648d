/**
 * Which addresses a webhook may never reach: everything that is not plain public unicast. Takes addresses as `URL` or a resolver
 * spells them (canonical); decimal, hex, octal and short spellings are made canonical by `URL` before.
 */

/** IANA's IPv4 special-purpose registry, multicast and class E. */
const FORBIDDEN_V4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** Of IPv6 only global unicast is allowed (so mapped, compatible, NAT64, unique-local, link-local, multicast are not) … */
const GLOBAL_UNICAST_V6: [string, number] = ['2000::', 3];
/** … without its special parts: protocol assignments (Teredo, ORCHID, benchmarking), documentation, 6to4, AS112. */
const FORBIDDEN_V6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

/** True also for what is no address at all. */
export function isForbiddenAddress(address: string): boolean {
  const v4 = parseV4(address);
  if (v4 !== null) return FORBIDDEN_V4.some(([base, bits]) => sameBits(v4, parseV4(base)!, bits, 32));
  const v6 = parseV6(address);
  if (v6 === null) return true;
  const within = ([base, bits]: readonly [string, number]): boolean => sameBits(v6, parseV6(base)!, bits, 128);
  return !within(GLOBAL_UNICAST_V6) || FORBIDDEN_V6.some(within);
}

export function isAddress(text: string): boolean {
  return parseV4(text) !== null || parseV6(text) !== null;
}

function sameBits(a: bigint, b: bigint, bits: number, width: number): boolean {
  const shift = BigInt(width - bits);
  return a >> shift === b >> shift;
}

/** Four decimal numbers, nothing shorter. */
function parseV4(text: string): bigint | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null;
  const parts = text.split('.').map(Number);
  if (parts.some((part) => part > 255)) return null;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

/** With or without `::`, a zone, or an IPv4 tail. */
function parseV6(text: string): bigint | null {
  const [plain = '', zone] = text.split('%');
  if (!plain.includes(':') || (zone !== undefined && zone === '')) return null;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  const v4 = tail ? parseV4(tail[2]!) : null;
  if (tail && v4 === null) return null;
  const head = tail ? `${tail[1]}${(v4! >> 16n).toString(16)}:${(v4! & 0xffffn).toString(16)}` : plain;
  const halves = head.split('::');
  if (halves.length > 2) return null;
  const groups = (half: string | undefined): string[] => (half ? half.split(':') : []);
  const before = groups(halves[0]);
  const after = groups(halves[1]);
  const missing = 8 - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...before, ...Array<string>(Math.max(0, missing)).fill('0'), ...after];
  if (all.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}
