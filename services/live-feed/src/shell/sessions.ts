/**
 * Everyone who is connected, and the one ticker that watches over them: tokens that expire or are withdrawn, connections that never
 * authenticate, peers that no longer answer a ping. One timer for all: ten thousand idle sockets hold none of their own.
 */
import type { ControlFile } from '@cairn/contracts/generated/control.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { mayDo } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror, Grant } from '@cairn/service-kit/control-mirror.ts';
import { CLOSE, type Closing } from '../core/feed-protocol.ts';

/** One connection, of whatever transport. */
export interface Session {
  grant: Grant | null;
  close(closing: Closing): void;
  /** Every `SWEEP_EVERY_MS`. Takes a monotonic reading: the demo's clock runs fast, connections do not. */
  sweep(monotonic: number): void;
}

export interface Sessions {
  add(session: Session): void;
  remove(session: Session): void;
  count: () => number;
  countOf: (workspace: string) => number;
  all(): Iterable<Session>;
  stop(): void;
}

/** A token that expires is noticed within this time. */
const SWEEP_EVERY_MS = 1_000;

export function createSessions(clock: Clock, control: Pick<ControlMirror, 'onChange'>): Sessions {
  const sessions = new Set<Session>();

  const stopSweep = clock.every(SWEEP_EVERY_MS, () => {
    const now = clock.now();
    const monotonic = clock.monotonic();
    for (const session of sessions) {
      const { grant } = session;
      if (grant && grant.expiresAt !== null && grant.expiresAt <= now) session.close(CLOSE.tokenExpired);
      else session.sweep(monotonic);
    }
  });

  const stopWatch = control.onChange((change: ControlFile) => {
    if (change.type !== 'token.withdrawn' && change.type !== 'token.put') return;
    for (const session of sessions) {
      const { grant } = session;
      if (grant?.tokenId !== change.id || grant.workspace !== change.workspace) continue;
      const now = change.type === 'token.put' && grantAfter(grant, change);
      if (now && mayDo(now, 'read')) session.grant = now;
      else session.close(CLOSE.permissionWithdrawn);
    }
  });

  return {
    add: (session) => void sessions.add(session),
    remove: (session) => void sessions.delete(session),
    count: () => sessions.size,
    countOf(workspace) {
      let own = 0;
      for (const { grant } of sessions) if (grant?.workspace === workspace) own++;
      return own;
    },
    all: () => sessions,
    stop() {
      stopSweep();
      stopWatch();
    },
  };
}

function grantAfter(grant: Grant, { scopes, expiresAt, name }: Extract<ControlFile, { type: 'token.put' }>): Grant {
  return { ...grant, name, scopes: new Set(scopes), expiresAt };
}
