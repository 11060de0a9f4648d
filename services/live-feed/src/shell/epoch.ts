/**
 * The epoch of a workspace's cursors: made of what the log says of the workspace's beginning, so it is the same on every node and after
 * every restart, and another one with a new data directory.
 */
import { idOf } from '@cairn/contracts/ids.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';

export function createEpochOf(control: Pick<ControlMirror, 'workspace'>): (workspace: string) => string {
  const known = new Map<string, string>();
  return function epochOf(workspace) {
    let epoch = known.get(workspace);
    if (!epoch) {
      const createdAt = control.workspace(workspace)?.createdAt ?? 0;
      epoch = idOf('e', workspace, createdAt).slice(2, 12);
      known.set(workspace, epoch);
    }
    return epoch;
  };
}
