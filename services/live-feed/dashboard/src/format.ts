/** Plain words for times and figures. Times are shown in the viewer's zone. */
const UNITS: readonly [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** 93_600_000 → "1 d 2 h"; under a second "0 s". */
export function duration(ms: number): string {
  const index = UNITS.findIndex(([size]) => ms >= size);
  if (index < 0) return '0 s';
  const [size, name] = UNITS[index]!;
  const whole = Math.floor(ms / size);
  const next = UNITS[index + 1];
  const rest = next && whole < 10 ? Math.floor((ms - whole * size) / next[0]) : 0;
  return `${whole} ${name}${rest && next ? ` ${rest} ${next[1]}` : ''}`;
}

/** "P3DT2H" → ms; null for what is no ISO-8601 duration. */
export function parseDuration(text: string | null): number | null {
  const match = text && /^P(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(text);
  if (!match) return null;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = match.map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000;
}

const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const dayOnly = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const timeOnly = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const when = (iso: string): string => dayAndTime.format(new Date(iso));
export const day = (ms: number): string => dayOnly.format(new Date(ms));
export const time = (ms: number): string => timeOnly.format(new Date(ms));
export const points = (value: number): string => value.toFixed(value >= 100 ? 0 : 1);
export const percent = (share: number): string => `${Math.round(share * 100)} %`;
export const words = (name: string): string =>
  name.replaceAll('-', ' ').replace(/^\w/, (letter) => letter.toUpperCase());
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
