import { createHash } from 'node:crypto';
import { idOf } from '@cairn/contracts/ids.ts';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { LogRecord } from '@cairn/log/log.ts';

/**
 * Decides what is written of an input that made its handler throw, so that someone can find out why, and replay it. Never throws
 * itself: a dead letter that cannot be written would stop the partition that it is there to keep going.
 */
export const DEAD_LETTERS = 'dead-letters';

/** Of what came; as the schema says. */
export const MAX_RAW_LENGTH = 64 * 1024;
/** An error's text may quote its input. */
const MAX_ERROR_LENGTH = 4_096;

export interface Failure {
  task: string;
  inbox: string;
  partition: number;
  /** The record that failed, or the one whose log time fired the timer. */
  offset: bigint;
  /** The `now` that the handler was given. */
  now: number;
  error: unknown;
  /** Of the state under the input's key, as it met it. */
  stateValue: unknown;
  input:
    | { type: 'record'; record: LogRecord; message: unknown }
    | { type: 'timer'; key: string; purpose: string; dueAt: number };
  reason: 'handler-failed' | 'malformed-json';
}

export function deadLetterOf(failure: Failure): DeadLetter {
  const { task, inbox, partition, offset, input } = failure;
  const timer = input.type === 'timer' ? [input.key, input.purpose, input.dueAt] : [];
  const key = input.type === 'timer' ? input.key : input.record.key;
  const message = input.type === 'record' ? input.message : null;
  return {
    type: 'dead-letter',
    id: idOf('dl', task, inbox, partition, String(offset), ...timer),
    workspace: workspaceOf(message, key),
    at: failure.now,
    reason: failure.reason,
    messageId: messageIdOf(message),
    raw: rawOf(input).slice(0, MAX_RAW_LENGTH),
    service: task,
    error: textOf(failure.error).slice(0, MAX_ERROR_LENGTH),
    position: { topic: inbox, partition, offset: String(offset), stateVersion: versionOf(failure.stateValue) },
  };
}

/** The message says it; else the key, which starts with it (`workspace`, `workspace/subject`). */
function workspaceOf(message: unknown, key: string): string {
  const named = fieldOf(message, 'workspace');
  if (typeof named === 'string' && named !== '') return named;
  return key.split('/', 1)[0]!;
}

function messageIdOf(message: unknown): string | null {
  const own = fieldOf(message, 'messageId') ?? fieldOf(fieldOf(message, 'touchpoint'), 'messageId');
  return typeof own === 'string' ? own : null;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function rawOf(input: Failure['input']): string {
  if (input.type === 'timer')
    return JSON.stringify({ type: 'timer', key: input.key, purpose: input.purpose, dueAt: input.dueAt });
  return input.record.value === null ? '' : new TextDecoder().decode(input.record.value);
}

/** Without the stack: it names files of one machine, and a replay elsewhere must write the same bytes. `onParked` gets the stack. */
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return 'an error without text';
  }
}

/** A hash of the value, null where there was none: tells whether a replay meets the same state. */
function versionOf(value: unknown): string | null {
  try {
    const text = value === undefined ? undefined : JSON.stringify(value);
    return text === undefined ? null : createHash('sha256').update(text).digest('hex').slice(0, 16);
  } catch {
    return null;
  }
}
