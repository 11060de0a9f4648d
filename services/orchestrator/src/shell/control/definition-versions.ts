/** A definition's versions as people see them: who put each live and when, its text as it was written. Reads the mirror, decides nothing. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { DefinitionPut, DefinitionVersion } from '@cairn/contracts/generated/control.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';

type Versions = Pick<ControlMirror, 'definitions' | 'definitionVersions'>;

/** The newest first; the live one always among them. Empty: there is no such definition. */
export function versionsOf(control: Versions, workspace: string, name: string): DefinitionVersion[] {
  const live = control.definitions(workspace).find((one) => one.name === name);
  if (!live) return [];
  // One that is kept and not live yet was never told of: its put was cut short.
  const kept = control.definitionVersions(workspace, name).filter(({ version }) => version < live.version);
  return [versionOf(live), ...kept];
}

/** What is kept of a put when the next one takes its place. */
export function versionOf(put: DefinitionPut): DefinitionVersion {
  const { workspace, name, version, by, at, restoredFrom } = put;
  const source = sourceOf(put);
  const restored = restoredFrom === undefined ? {} : { restoredFrom };
  return { type: 'definition.version', workspace, name, version, source, by, at, ...restored };
}

/** As it was written; of one that was put before texts were kept: as it was loaded, which is YAML, too. */
export function sourceOf({ source, definition }: Pick<DefinitionPut, 'source' | 'definition'>): string {
  return source ?? `${JSON.stringify(definition, null, 2)}\n`;
}

export function shownVersion({ name, version, by, at, restoredFrom }: DefinitionVersion, live: number): object {
  return { name, version, live: version === live, by, at: formatInstant(at), restoredFrom: restoredFrom ?? null };
}
