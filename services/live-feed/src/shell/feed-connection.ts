/**
 * One web socket connection: its token, its subscriptions, its commands one after the other (so a push never comes before the reply to
 * its `subscribe`). Knows the protocol and no socket: it is given a transport.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { mayDo } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror, Grant } from '@cairn/service-kit/control-mirror.ts';
import { formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { Logger } from 'pino';
import { parseFilter } from '../core/board-filter.ts';
import {
  CLOSE,
  type Closing,
  type Command,
  ERRORS,
  type FeedError,
  LIMITS,
  errorText,
  parseChannel,
  parseCommands,
  replyText,
} from '../core/feed-protocol.ts';
import { type CommandRate, createCommandRate } from './command-rate.ts';
import type { ConnectionWriter } from './connection-writer.ts';
import type { Feed, Subscribed } from './feed.ts';
import { missedOf } from './frame-batch.ts';
import type { Session } from './sessions.ts';

export interface FeedConnection extends Session {
  received(text: string): void;
  /** A token that came with the upgrade. */
  authenticate(token: string): void;
  /** The transport is gone: lets go of everything. */
  ended(): void;
}

export interface ConnectionDeps {
  feed: Feed;
  clock: Clock;
  control: Pick<ControlMirror, 'grantOf'>;
  logger: Logger;
  writer: ConnectionWriter;
  epochOf: (workspace: string) => string;
  sessionId: string;
  /** Closes the transport, once. */
  closeTransport(closing: Closing): void;
  /** Told with every sweep, for pings. */
  sweepTransport(monotonic: number): void;
}

/** A connection that has been closed; replies to what it still asks are dropped. */
export function createFeedConnection(deps: ConnectionDeps): FeedConnection {
  const { feed, clock, control, writer, epochOf } = deps;
  const channels = new Map<string, { live: boolean; leave: Subscribed['leave'] }>();
  const commands: Command[] = [];
  const connectedAt = clock.monotonic();
  let rate: CommandRate | null = null;
  let working = false;
  let closed = false;

  const connection: FeedConnection = {
    grant: null,
    received(text) {
      if (closed) return;
      const parsed = parseCommands(text);
      if ('fault' in parsed) return connection.close(parsed.fault);
      const now = clock.monotonic();
      rate ??= createCommandRate(now);
      for (const command of parsed.commands) {
        const verdict = rate.take(now);
        if (verdict === 'close') return connection.close(CLOSE.tooManyRequests);
        commands.push(
          verdict === 'ok' ? command : { id: command.id, method: 'refused', error: ERRORS.tooManyRequests },
        );
      }
      void work();
    },
    authenticate(token) {
      const found = grantFor(token);
      if ('code' in found) connection.close(closingFor(found));
      else connection.grant = found;
    },
    close(closing) {
      if (closed) return;
      closed = true;
      letGo();
      deps.closeTransport(closing);
    },
    sweep(monotonic) {
      if (!connection.grant && monotonic - connectedAt >= LIMITS.authenticateWithinMs)
        return connection.close(CLOSE.notAuthenticated);
      deps.sweepTransport(monotonic);
    },
    ended() {
      closed = true;
      letGo();
    },
  };
  return connection;

  async function work(): Promise<void> {
    if (working) return;
    working = true;
    while (commands.length && !closed) {
      const command = commands.shift()!;
      try {
        await carryOut(command);
      } catch (error) {
        deps.logger.error({ event: 'feed.command-failed', err: error, method: command.method });
        writer.reply(errorText(command.id, ERRORS.internal));
      }
    }
    working = false;
  }

  function carryOut(command: Command): Promise<void> | void {
    if (command.method === 'refused') return writer.reply(errorText(command.id, command.error));
    if (command.method === 'authenticate') return authenticateBy(command.id, command.token);
    if (!connection.grant) return writer.reply(errorText(command.id, ERRORS.unauthorised));
    if (command.method === 'unsubscribe') return unsubscribe(command.id, command.channel);
    return subscribe(command, connection.grant);
  }

  /** Also again on an open connection: a fresh token instead of the one that will expire. */
  function authenticateBy(id: number, token: string): void {
    const found = grantFor(token);
    if ('code' in found) {
      writer.reply(errorText(id, found));
      return connection.close(closingFor(found));
    }
    // Its channels belong to the workspace that it has.
    if (connection.grant && connection.grant.workspace !== found.workspace)
      return writer.reply(errorText(id, ERRORS.permissionDenied));
    connection.grant = found;
    const { expiresAt, workspace } = found;
    const epoch = epochOf(workspace);
    writer.reply(replyText(id, { session: deps.sessionId, expiresAt: formatInstantOrNull(expiresAt), epoch }));
  }

  function grantFor(token: string): Grant | FeedError {
    const grant = control.grantOf(token, clock.now());
    if (grant) return grant;
    // Known, but its time is over: the client may come back with a fresh one.
    return control.grantOf(token, -Infinity) ? ERRORS.tokenExpired : ERRORS.unauthorised;
  }

  async function subscribe(command: Extract<Command, { method: 'subscribe' }>, grant: Grant): Promise<void> {
    const refuse = (error: FeedError): void => writer.reply(errorText(command.id, error));
    if (!mayDo(grant, 'read')) return refuse(ERRORS.permissionDenied);
    const channel = parseChannel(command.channel);
    if (!channel) return refuse(ERRORS.unknownChannel);
    if (channels.has(channel.name)) return refuse(ERRORS.alreadySubscribed);
    if (channels.size >= LIMITS.channelsPerConnection) return refuse(ERRORS.limitExceeded);
    const filter = command.filter === null ? null : channel.kind === 'board' ? parseFilter(command.filter) : null;
    if (command.filter !== null && !filter) return refuse(ERRORS.badRequest);
    const { workspace } = grant;
    const state = { live: true, leave: (): void => {} };
    channels.set(channel.name, state);
    const answer = await feed
      .subscribe({
        workspace,
        epoch: epochOf(workspace),
        projection: { channel, filter },
        cursor: command.cursor,
        withSnapshot: true,
      })
      .catch((error: unknown) => {
        channels.delete(channel.name);
        throw error;
      });
    if ('code' in answer) {
      channels.delete(channel.name);
      return refuse(answer);
    }
    if (closed) return answer.leave();
    // Not the answer itself: it would keep its snapshot in memory as long as the subscription stands.
    state.leave = answer.leave;
    const { cursor, recovered, missed, snapshot, truncated } = answer;
    writer.reply(
      replyText(command.id, {
        channel: channel.name,
        cursor,
        recovered,
        ...(recovered ? { missed: missed.map(missedOf) } : { snapshot }),
        ...(truncated ? { truncated } : {}),
      }),
    );
    const live = (): boolean => state.live;
    answer.start((batch) => writer.push(batch, live));
  }

  function unsubscribe(id: number, name: string): void {
    const state = channels.get(name);
    if (!state) return writer.reply(errorText(id, ERRORS.unknownChannel));
    state.live = false;
    state.leave();
    channels.delete(name);
    writer.reply(replyText(id, {}));
  }

  function letGo(): void {
    commands.length = 0;
    for (const state of channels.values()) {
      state.live = false;
      state.leave();
    }
    channels.clear();
  }
}

function closingFor(error: FeedError): Closing {
  return error.code === ERRORS.tokenExpired.code ? CLOSE.tokenExpired : CLOSE.invalidToken;
}
