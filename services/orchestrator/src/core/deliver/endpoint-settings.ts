import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import { readAuth } from './endpoint-auth.ts';
import type { AuthInput } from './endpoint-auth.ts';
import { CONCURRENCY_MAX } from './endpoint-load.ts';
import { PRESETS } from './presets.ts';
import { parseSchedule } from './schedule.ts';
import { PATTERNS_MAX, isTypePattern } from './type-patterns.ts';
import { checkFilter } from './webhook-filter.ts';
import { readTarget } from './webhook-target.ts';

/** Reads what a person sends to make or change an endpoint. Every fault names its field and repeats no value: it may be a secret. */
export type EndpointInput = Partial<
  Pick<
    Endpoint,
    | 'url'
    | 'types'
    | 'preset'
    | 'fifo'
    | 'rateLimit'
    | 'concurrency'
    | 'schedule'
    | 'state'
    | 'payload'
    | 'filter'
    | 'template'
  >
> & {
  secret?: string;
  auth?: AuthInput | null;
  /** As given, not sealed yet. */
  headers?: Record<string, string>;
};

export interface Fault {
  path: string;
  message: string;
}

export interface SettingsContext {
  allow: readonly string[];
  defaultSchedule: readonly number[];
  reservedHeaders: ReadonlySet<string>;
}

/** Deliveries per second: over it a limit limits nothing. */
const RATE_MAX = 10_000;
const RATE_MIN = 0.001;
const HEADERS_MAX = 20;
const HEADER_VALUE_MAX = 4_096;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

/** Fields that are absent stay as they are; unknown ones are left alone. */
export function readEndpointInput(body: unknown, context: SettingsContext): { input: EndpointInput; faults: Fault[] } {
  const faults: Fault[] = [];
  const input: EndpointInput = {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return { input, faults: [{ path: '', message: 'must be a JSON object' }] };
  const given = body as Record<string, unknown>;
  const fault = (path: string, message: string): void => void faults.push({ path, message });

  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    switch (name) {
      case 'url':
        if (typeof value !== 'string') fault(name, 'must be text');
        else {
          const target = readTarget(value, context.allow);
          if (target.ok) input.url = target.url.href;
          else fault(name, target.fault);
        }
        break;
      case 'types':
        if (!Array.isArray(value) || value.length === 0 || value.length > PATTERNS_MAX)
          fault(name, `must be a list of 1 to ${PATTERNS_MAX} type patterns`);
        else if (!value.every((type) => typeof type === 'string' && isTypePattern(type)))
          fault(name, 'must hold type patterns such as alert.opened, alert.* or *');
        else input.types = [...new Set(value as string[])];
        break;
      case 'secret':
        if (typeof value === 'string') input.secret = value;
        else if (value !== null) fault(name, 'must be text');
        break;
      case 'preset':
        if (value === null || (typeof value === 'string' && Object.hasOwn(PRESETS, value))) input.preset = value;
        else fault(name, `must be one of ${Object.keys(PRESETS).join(', ')}`);
        break;
      case 'fifo':
        if (typeof value === 'boolean') input.fifo = value;
        else fault(name, 'must be true or false');
        break;
      case 'rateLimit':
        if (value === null || (typeof value === 'number' && value >= RATE_MIN && value <= RATE_MAX))
          input.rateLimit = value;
        else fault(name, `must be a number of deliveries per second from ${RATE_MIN} to ${RATE_MAX}, or null`);
        break;
      case 'concurrency':
        if (
          value === null ||
          (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= CONCURRENCY_MAX)
        )
          input.concurrency = value as number | null;
        else fault(name, `must be a whole number from 1 to ${CONCURRENCY_MAX}, or null`);
        break;
      case 'schedule':
        if (value === null) input.schedule = [...context.defaultSchedule];
        else if (typeof value !== 'string') fault(name, 'must be text such as 5s,5m');
        else
          try {
            input.schedule = parseSchedule(value);
          } catch (error) {
            fault(name, (error as Error).message);
          }
        break;
      case 'state':
        if (value === 'enabled' || value === 'disabled') input.state = value;
        else fault(name, 'must be enabled or disabled');
        break;
      case 'payload':
        if (value === 'full' || value === 'thin') input.payload = value;
        else fault(name, 'must be full or thin');
        break;
      case 'filter': {
        const found = value === null ? [] : checkFilter(value);
        faults.push(...found);
        if (found.length === 0) input.filter = value as NonNullable<Endpoint['filter']> | null;
        break;
      }
      case 'template':
        if (value === null || typeof value === 'string') input.template = value;
        else fault(name, 'must be a JSONata expression');
        break;
      case 'auth': {
        const auth = readAuth(value, context.allow, fault);
        if (auth !== undefined) input.auth = auth;
        break;
      }
      case 'headers':
        readHeaders(value, context.reservedHeaders, input, fault);
        break;
    }
  }
  return { input, faults };
}

function readHeaders(
  value: unknown,
  reserved: ReadonlySet<string>,
  input: EndpointInput,
  fault: (path: string, message: string) => void,
): void {
  if (value === null) {
    input.headers = {};
    return;
  }
  if (typeof value !== 'object' || Array.isArray(value))
    return fault('headers', 'must be an object of names and texts');
  const entries = Object.entries(value);
  if (entries.length > HEADERS_MAX) return fault('headers', `must hold at most ${HEADERS_MAX}`);
  const headers: Record<string, string> = {};
  for (const [name, text] of entries) {
    if (!HEADER_NAME.test(name)) fault('headers', 'holds a name that is no header name');
    else if (reserved.has(name.toLowerCase())) fault(`headers.${name}`, 'is set by Cairn');
    // Visible ASCII, spaces and tabs: a line break would start a header of its own.
    else if (typeof text !== 'string' || text.length > HEADER_VALUE_MAX || !/^[\t\x20-\x7e]*$/.test(text))
      fault(`headers.${name}`, `must be one line of plain text, at most ${HEADER_VALUE_MAX} characters`);
    else headers[name] = text;
  }
  input.headers = headers;
}

/** Durations as the schedule's text has them: `5s,5m,2h`. */
export function formatSchedule(schedule: readonly number[]): string {
  return schedule.map(formatShort).join(',');
}

function formatShort(ms: number): string {
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const)
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}
