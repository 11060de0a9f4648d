import type { CommandAnswered, IdentityCommand, IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { StitchedFile, StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import type { GonePerson, GraphReader, IdNode, StitchOutput } from '../core/identity-graph.ts';
import type { PersonRecord } from '../core/person-record.ts';
import { runCommand } from '../core/run-command.ts';
import { DEFAULT_SETTINGS, type StitchSettings } from '../core/settings.ts';
import { stitchTouchpoint, type Stitched } from '../core/stitch-touchpoint.ts';
import { createMemoryGraph, type MemoryGraph } from './memory-graph.ts';
import { touchpointOf, type Call } from './touchpoint-of.ts';

export const WORKSPACE = 'acme';
export const STARTED_AT = Date.UTC(2026, 0, 5, 9);

/** One workspace's stitching in memory, every message checked against its schema (unless told not to: it takes its time). */
export interface StitchWorld {
  graph: MemoryGraph;
  send(call: Call): Stitched;
  stitch(touchpoint: Touchpoint): Stitched;
  order(command: IdentityCommand['command'], params: Record<string, unknown>): CommandAnswered;
  advance(ms: number): void;
  now(): number;
  /** Everything told so far, in order. */
  outputs: StitchOutput[];
  /** The stitched touchpoint of each call that was no duplicate. */
  stitched: StitchedTouchpoint[];
  node(key: string): IdNode | undefined;
  person(id: string): PersonRecord | GonePerson | undefined;
  people(): [string, PersonRecord][];
  facts<T extends IdentityFile['type']>(type: T): Extract<IdentityFile, { type: T }>[];
  notices<T extends StitchedFile['type']>(type: T): Extract<StitchedFile, { type: T }>[];
}

export function createStitchWorld(
  settings: Partial<StitchSettings> = {},
  /** `noted: false`: nothing is noted beside the graph, every key is looked up. */
  { workspace = WORKSPACE, checked = true, noted = true } = {},
): StitchWorld {
  const graph = createMemoryGraph();
  const seen: GraphReader = noted ? graph : { get: graph.get };
  const merged: StitchSettings = { ...DEFAULT_SETTINGS, ...settings };
  let now = STARTED_AT;
  let sent = 0;
  const outputs: StitchOutput[] = [];
  const stitched: StitchedTouchpoint[] = [];

  function take<T extends Pick<Stitched, 'changes' | 'outputs'>>(result: T): T {
    graph.apply(result.changes);
    for (const output of result.outputs) {
      if (checked) check(output);
      outputs.push(output);
      if (output.message?.type === 'touchpoint.stitched') stitched.push(output.message);
    }
    return result;
  }

  const person = (id: string): PersonRecord | GonePerson | undefined => graph.get(`w/${workspace}/person/${id}`);
  return {
    graph,
    outputs,
    stitched,
    stitch: (touchpoint) => take(stitchTouchpoint(seen, touchpoint, now, merged)),
    send: (call) => take(stitchTouchpoint(seen, touchpointOf(call, ++sent, workspace, STARTED_AT, now), now, merged)),
    order(command, params) {
      const commandId = `cmd-${++sent}`;
      const message: IdentityCommand = {
        type: 'identity.command',
        workspace,
        commandId,
        command,
        params,
        by: 'test',
        at: now,
      };
      const { outputs: told } = take(runCommand(seen, message, now, merged));
      return told.at(-1)!.message as CommandAnswered;
    },
    advance: (ms) => void (now += ms),
    now: () => now,
    node: (key) => graph.get(`w/${workspace}/id/${key}`),
    person,
    people: () =>
      graph.keys(`w/${workspace}/person/`).flatMap((key): [string, PersonRecord][] => {
        const record = graph.get<PersonRecord | GonePerson>(key)!;
        return 'into' in record ? [] : [[key.slice(key.lastIndexOf('/') + 1), record]];
      }),
    facts: <T extends IdentityFile['type']>(type: T) =>
      outputs.flatMap(({ message }) => (message?.type === type ? [message] : [])) as never,
    notices: <T extends StitchedFile['type']>(type: T) =>
      outputs.flatMap(({ to, message }) => (to === 'subject' && message.type === type ? [message] : [])) as never,
  };
}

function check(output: StitchOutput): void {
  if (output.message === null) return;
  const validate = validatorOf(output.to === 'subject' ? 'stitched' : 'identity');
  // Through JSON: what travels is what must be valid.
  if (!validate(JSON.parse(JSON.stringify(output.message))))
    throw new Error(`${output.message.type} breaks its schema: ${JSON.stringify(validate.errors)}`);
}
