import type { ControlFile } from '@cairn/contracts/generated/control.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { controlKey } from '@cairn/service-kit/control-mirror.ts';
import { EXTERNAL_HEADER } from './digest.ts';
import { endpointOf } from './endpoint.ts';
import type { World } from './world.ts';

/** The journey that every simulated buyer is on; the limits are those of `STALL_AFTER_MS`. */
const DEFINITION = `
cairn: journey-definition/1
name: sim
unit: account
stages:
  - name: new
    stall: { after: 2 hours }
  - name: engaged
    enter: { event: Demo Requested }
    stall: { after: 1 hour }
outcomes:
  won: { enter: { event: Deal Won } }
`;

/** Writes what an administrator would have set up before the first call: a definition and an endpoint for each workspace. */
export function setUp({ disk, clock }: World, workspaces: readonly string[]): void {
  const loaded = loadDefinition(DEFINITION);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const definition = { ...loaded.definition };
  const at = clock.now();
  for (const workspace of workspaces) {
    const changes: ControlFile[] = [
      { type: 'definition.put', workspace, name: 'sim', version: 1, definition, by: 'simulation', at },
      endpointOf(workspace, at),
    ];
    disk.append(
      changes.map((change) => ({
        topic: 'control',
        partition: 0,
        key: controlKey(change),
        value: encodeJson(change),
        headers: { [EXTERNAL_HEADER]: '1' },
      })),
      at,
    );
  }
}
