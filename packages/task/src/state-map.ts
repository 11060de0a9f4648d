import { decodeJson } from '@cairn/contracts/json.ts';
import { compareKeys } from '@cairn/log/key-order.ts';
import type { StateChange, StateReader } from '@cairn/log/log.ts';
import type { StateEntryInMemory, StoredForm, TaskState } from './task.ts';

/**
 * The state that handlers see: the committed state with the changes of the cycle under way laid over it. Values stay bytes until
 * they are touched, and are serialised once per key and cycle. Parsed values outlive the cycle in a bounded cache.
 * Never survives a fault: whoever holds one throws it away and takes the partition again.
 */
export interface StateMap extends TaskState {
  /** null removes the key and its timers. `entry`: of the key, as `entry` gave it out. */
  setValue(key: string, value: unknown, entry?: StateEntryInMemory): void;
  setTimer(key: string, purpose: string, dueAt: number | null): void;
  /** Writes the key again as it is, so that the log puts its timers in their true places. */
  touch(key: string): void;
  /** Every key touched in this cycle, serialised. Throws where a value is no JSON or too large. */
  changes(): StateChange[];
  /** The cycle is durable and folded into the reader: keep what was parsed, within bounds. */
  committed(): void;
  /** Forgets everything that is not committed, and the cache. */
  reset(): void;
}

/** State keys from here on belong to the task itself (pending effects). */
export const RESERVED_PREFIX = '~';

/** The topics take records of up to 10 MiB; a value that could never be committed must fail where its cause is known. */
export const MAX_VALUE_BYTES = 8_000_000;
/** LMDB keeps a timer's purpose within its key. */
export const MAX_PURPOSE_BYTES = 255;

/** Keys known to be absent, at most twice as many: settings that a workspace never made are asked for with every touchpoint. */
const ABSENT_KEPT = 1_000;

const NO_TIMERS: Readonly<Record<string, number>> = Object.freeze({});
/** What a cached entry costs beside its value: map slots, objects, the key, and what a handler notes beside it. */
const OVERHEAD_BYTES = 300;

const AS_IT_IS: StoredForm = { write: (value) => value, read: (value) => value };

interface Slot {
  key: string;
  /** undefined: absent. */
  value: unknown;
  timers: Readonly<Record<string, number>>;
  /** As committed. */
  timersBefore: Readonly<Record<string, number>>;
  /** Of the value as last serialised or read. */
  bytes: number;
  valueChanged: boolean;
  changed: boolean;
  /** In which it was last among the young ones. */
  generation: number;
  /** The handler's. */
  memo: unknown;
}

export function createStateMap(reader: StateReader, cacheBytes: number, stored: StoredForm = AS_IT_IS): StateMap {
  // Two generations: a hit in the old one moves the slot to the young one; when the young one is half the budget, the old one goes.
  let young = new Map<string, Slot>();
  let old = new Map<string, Slot>();
  let youngBytes = 0;
  let generation = 0;
  let changed: Slot[] = [];
  let absent = new Set<string>();
  let absentBefore = new Set<string>();
  let notes = new Map<string, unknown>();

  /** undefined: absent. */
  function find(key: string): Slot | undefined {
    const known = young.get(key);
    if (known) return known;
    const kept = old.get(key);
    if (kept) {
      old.delete(key);
      return keep(kept);
    }
    if (absent.has(key) || absentBefore.has(key)) return undefined;
    const entry = reader.get(key);
    if (!entry) {
      if (absent.size >= ABSENT_KEPT) {
        absentBefore = absent;
        absent = new Set();
      }
      absent.add(key);
      return undefined;
    }
    const { value, timers } = entry;
    const parsed = value ? stored.read(decodeJson(value)) : undefined;
    return keep(newSlot(key, parsed, timers, value?.length ?? 0));
  }

  function keep(slot: Slot): Slot {
    slot.generation = generation;
    young.set(slot.key, slot);
    youngBytes += slot.bytes + OVERHEAD_BYTES;
    return slot;
  }

  /** For writing. */
  function slotOf(key: string): Slot {
    const found = find(key);
    if (found) return found;
    absent.delete(key);
    absentBefore.delete(key);
    return keep(newSlot(key, undefined, NO_TIMERS, 0));
  }

  function mark(slot: Slot): void {
    if (slot.changed) return;
    slot.changed = true;
    changed.push(slot);
  }

  return {
    get: <T>(key: string) => find(key)?.value as T | undefined,
    timers: (key) => find(key)?.timers ?? NO_TIMERS,
    entry(key) {
      const slot = find(key);
      return slot?.value === undefined ? undefined : slot;
    },
    get notes() {
      return notes;
    },
    keys(prefix) {
      const keys = new Set<string>();
      for (const [key, entry] of reader.entries(prefix)) if (entry.value) keys.add(key);
      for (const slot of changed) {
        if (!slot.key.startsWith(prefix)) continue;
        if (slot.value === undefined) keys.delete(slot.key);
        else keys.add(slot.key);
      }
      const own = prefix.startsWith(RESERVED_PREFIX);
      return [...keys].filter((key) => own || !key.startsWith(RESERVED_PREFIX)).sort(compareKeys);
    },
    setValue(key, value, entry) {
      const given = entry as Slot | undefined;
      // What is no longer among the young ones may have been forgotten: written there, the value would be lost.
      const slot = given?.generation === generation ? given : slotOf(key);
      mark(slot);
      slot.valueChanged = true;
      slot.value = value === null ? undefined : value;
      if (value === null) slot.timers = NO_TIMERS;
    },
    setTimer(key, purpose, dueAt) {
      const slot = slotOf(key);
      if (dueAt === null) {
        if (slot.timers[purpose] === undefined) return;
        const { [purpose]: _gone, ...rest } = slot.timers;
        slot.timers = rest;
      } else slot.timers = { ...slot.timers, [purpose]: dueAt };
      mark(slot);
    },
    touch: (key) => mark(slotOf(key)),
    changes: () =>
      changed.map((slot) => {
        const value = slot.valueChanged
          ? serialise(`state of ${slot.key}`, stored.write(slot.value))
          : (reader.get(slot.key)?.value ?? null);
        youngBytes += (value?.length ?? 0) - slot.bytes;
        slot.bytes = value?.length ?? 0;
        return { key: slot.key, value, timers: slot.timers, timersBefore: slot.timersBefore };
      }),
    committed() {
      for (const slot of changed) {
        slot.changed = slot.valueChanged = false;
        slot.timersBefore = slot.timers;
      }
      changed = [];
      if (youngBytes * 2 <= cacheBytes) return;
      old = youngBytes > cacheBytes ? new Map<string, Slot>() : young;
      young = new Map();
      youngBytes = 0;
      generation++;
      // Whoever goes to an entry by a note does not move it to the young ones: from here on it may be forgotten.
      notes = new Map();
    },
    reset() {
      young = new Map();
      old = new Map();
      youngBytes = 0;
      generation++;
      notes = new Map();
      changed = [];
      absent = new Set();
      absentBefore = new Set();
    },
  };
}

function newSlot(key: string, value: unknown, timers: Slot['timers'], bytes: number): Slot {
  return {
    key,
    value,
    timers,
    timersBefore: timers,
    bytes,
    valueChanged: false,
    changed: false,
    generation: -1,
    memo: undefined,
  };
}

/** JSON bytes of a plain value (bytes stay as they are); null for undefined. Throws, with the name of what it is, where it is no JSON or too large. */
export function serialise(what: string, value: unknown): Uint8Array | null {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return checkSize(what, value);
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`${what} is no JSON: ${typeof value}`);
  return checkSize(what, Buffer.from(text));
}

function checkSize(what: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_VALUE_BYTES)
    throw new RangeError(`${what} has ${bytes.length} bytes, over the limit of ${MAX_VALUE_BYTES}`);
  return bytes;
}
