/** A compiled definition from YAML, for tests; throws its faults. */
import { compileDefinition, type CompiledDefinition } from '../core/definition/compile-definition.ts';
import { loadDefinition } from '../core/definition/load-definition.ts';

export function definitionOf(yaml: string, version = 1): CompiledDefinition {
  const loaded = loadDefinition(`cairn: journey-definition/1\nname: test\nunit: account\n${yaml}`);
  if (loaded.ok) return compileDefinition(loaded.definition, version);
  throw new Error(loaded.faults.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}
