/**
 * The epoch of a workspace's cursors: made of what the log says of the workspace's beginning, so it is the same on every node and after
 * every restart, and another one with a new data directory.
 */
import { idOf } from '@cairn/contracts/ids.ts';
import { NO_ORIGIN } from './view-store.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';

/** Which log this is: its first workspace. A view of another one is worthless. */
export function originOf(control: Pick<ControlMirror, 'workspaces'>): string {
  const [first] = [...control.workspaces()].sort(
    (a, b) => a.createdAt - b.createdAt || (a.workspace < b.workspace ? -1 : 1),
  );
  return first ? idOf('o', first.workspace, first.createdAt) : NO_ORIGIN;
}

export function createEpochOf(control: Pick<ControlMirror, 'workspace'>): (workspace: string) => string {
  const known = new Map<string, string>();
  return function epochOf(workspace) {
    const kept = known.get(workspace);
    if (kept) return kept;
    const found = control.workspace(workspace);
    const epoch = idOf('e', workspace, found?.createdAt ?? 0).slice(2, 12);
    if (found) known.set(workspace, epoch);
    return epoch;
  };
}
