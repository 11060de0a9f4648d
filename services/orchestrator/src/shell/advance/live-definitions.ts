/**
 * The definitions and endpoints of each workspace as the inbox told of them, in the task's state; definitions compiled once a
 * version. What is compiled is remembered here, but only the state decides which version holds.
 */
import type { DefinitionPut, Endpoint, EndpointPut, EndpointRemoved } from '@cairn/contracts/generated/control.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { compileDefinition, type CompiledDefinition } from '../../core/definition/compile-definition.ts';
import { loadDefinition } from '../../core/definition/load-definition.ts';
import { startAdoption } from './adoption-groups.ts';
import { advanceKeys } from './advance-keys.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';

export interface LiveDefinitions {
  /** All of a workspace, in the order of their names. */
  of(work: DeliverWork, workspace: string): readonly CompiledDefinition[];
  put(work: DeliverWork, change: DefinitionPut, now: number): void;
  /** As it was: for plays that began with it. Null: not kept any more. */
  versionOf(work: DeliverWork, workspace: string, name: string, version: number): CompiledDefinition | null;
}

type Index = Readonly<Record<string, { version: number; at: number }>>;

/** Compiled definitions hold caches of calendars; a process that serves more workspaces compiles again now and then. */
const COMPILED_MAX = 1_000;
/** A play that runs for longer than ten changes of its definition goes on by the newest. */
const VERSIONS_KEPT = 10;

export function createLiveDefinitions(): LiveDefinitions {
  const compiled = new Map<string, { version: number; at: number; definition: CompiledDefinition }>();
  const lists = new Map<string, { index: Index; list: readonly CompiledDefinition[] }>();

  function compiledOf(
    work: DeliverWork,
    workspace: string,
    name: string,
    version: number,
    at: number,
  ): CompiledDefinition {
    const key = advanceKeys.definition(workspace, name);
    const known = compiled.get(key);
    if (known && known.version === version && known.at === at) return known.definition;
    const stored = work.get<DefinitionPut>(key);
    if (!stored) throw new Error(`definition ${name} of ${workspace} is in the index and not in the state`);
    const definition = compileDefinition(stored.definition as unknown as JourneyDefinition, version);
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    compiled.set(key, { version, at, definition });
    return definition;
  }

  function of(work: DeliverWork, workspace: string): readonly CompiledDefinition[] {
    const index = work.get<Index>(advanceKeys.definitions(workspace));
    if (!index) return [];
    const known = lists.get(workspace);
    if (known?.index === index) return known.list;
    const list = Object.keys(index)
      .sort()
      .map((name) => compiledOf(work, workspace, name, index[name]!.version, index[name]!.at));
    if (lists.size >= COMPILED_MAX) lists.clear();
    lists.set(workspace, { index, list });
    return list;
  }

  function versionOf(work: DeliverWork, workspace: string, name: string, version: number): CompiledDefinition | null {
    const key = advanceKeys.definitionVersion(workspace, name, version);
    const stored = work.get<DefinitionPut>(key);
    if (!stored) return null;
    const known = compiled.get(key);
    if (known?.at === stored.at) return known.definition;
    const definition = compileDefinition(stored.definition as unknown as JourneyDefinition, version);
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    compiled.set(key, { version, at: stored.at, definition });
    return definition;
  }

  return {
    of,
    versionOf,
    put(work, change, now) {
      const { workspace, name, version, at } = change;
      const index = work.get<Index>(advanceKeys.definitions(workspace)) ?? {};
      const known = index[name];
      // A restarted control task may tell of an older version again.
      if (known && (known.version > version || (known.version === version && known.at === at))) return;
      // One that cannot run would take every touchpoint of the workspace with it: it is parked, and the version before goes on.
      const loaded = loadDefinition(change.definition);
      if (!loaded.ok)
        throw new Error(loaded.faults.map(({ path, message }) => `${name} ${version}: ${path}: ${message}`).join('; '));
      const before = known ? work.get<DefinitionPut>(advanceKeys.definition(workspace, name)) : undefined;
      work.set(advanceKeys.definition(workspace, name), change);
      work.set(advanceKeys.definitions(workspace), { ...index, [name]: { version, at } });
      if (!before) return;
      work.set(advanceKeys.definitionVersion(workspace, name, before.version), before);
      work.set(advanceKeys.definitionVersion(workspace, name, before.version - VERSIONS_KEPT), null);
      startAdoption(work, workspace, name, now);
    },
  };
}

export function endpointsOf(work: DeliverWork, workspace: string): readonly Endpoint[] {
  return Object.values(work.get<Record<string, Endpoint>>(advanceKeys.endpoints(workspace)) ?? {});
}

export function putEndpoint(work: DeliverWork, change: EndpointPut | EndpointRemoved): void {
  const key = advanceKeys.endpoints(change.workspace);
  const before = work.get<Record<string, Endpoint>>(key) ?? {};
  if (change.type === 'endpoint.removed') {
    const { [change.id]: _removed, ...rest } = before;
    return work.set(key, rest);
  }
  const { endpoint } = change;
  const known = before[endpoint.id];
  if (known && known.version > endpoint.version) return;
  // What decides whether it is told is enough here; secrets stay with the deliverer.
  work.set(key, { ...before, [endpoint.id]: { ...endpoint, secrets: [], headers: {} } });
}
