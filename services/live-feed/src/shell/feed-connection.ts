/**
 * One web socket connection: its token, its subscriptions, its commands one after the other (so a push never comes before the reply to
 * its `subscribe`). Knows the protocol and no socket: it is given a transport.
 *
 * A class for the same reason as `ConnectionWriter`: what ten thousand idle connections share should be there once.
 */
import { randomBytes } from 'node:crypto';
import { formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { mayDo, type HearsOfTokens } from '@cairn/service-kit/authorise.ts';
import type { Grant } from '@cairn/service-kit/control-mirror.ts';
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
import { type CommandRate, commandRate, takeCommand } from './command-rate.ts';
import type { ConnectionWriter, Standing } from './connection-writer.ts';
import { type Feed, type Subscribed, subscribedText } from './feed.ts';
import type { Session } from './sessions.ts';

/** Shared by all connections of a server. */
export interface ConnectionDeps {
  feed: Feed;
  clock: Clock;
  control: HearsOfTokens;
  logger: Logger;
  epochOf: (workspace: string) => string;
}

/** What a connection asks of its socket. */
export interface ConnectionTransport {
  /** Closes, and cuts what does not close. */
  closeFor(closing: Closing): void;
  ping(): void;
}

/** `leave` is not the whole answer to `subscribe`: that would keep its snapshot in memory as long as the subscription stands. */
type Subscribing = Standing & { leave: Subscribed['leave'] };

/** How often a reader that does not take its replies is looked at before it is given the next one. */
const LOOK_AGAIN_MS = 25;
const NO_COMMANDS: Command[] = [];

export class FeedConnection implements Session {
  grant: Grant | null = null;
  private readonly deps: ConnectionDeps;
  private readonly transport: ConnectionTransport;
  private readonly writer: Pick<ConnectionWriter<unknown>, 'reply' | 'push' | 'isFull'>;
  private readonly connectedAt: number;
  private channels: Map<string, Subscribing> | null = null;
  private commands: Command[] = NO_COMMANDS;
  private rate: CommandRate | null = null;
  private working = false;
  private closed = false;
  /** Closes once what was taken before is answered. */
  private ending: Closing | null = null;
  private pingedAt: number;
  private answered = true;

  constructor(
    deps: ConnectionDeps,
    transport: ConnectionTransport,
    writer: Pick<ConnectionWriter<unknown>, 'reply' | 'push' | 'isFull'>,
  ) {
    this.deps = deps;
    this.transport = transport;
    this.writer = writer;
    this.connectedAt = this.pingedAt = deps.clock.monotonic();
  }

  received(text: string): void {
    if (this.closed || this.ending) return;
    const parsed = parseCommands(text);
    if ('fault' in parsed) return this.close(parsed.fault);
    const now = this.deps.clock.monotonic();
    this.rate ??= commandRate(now);
    if (this.commands === NO_COMMANDS) this.commands = [];
    for (const command of parsed.commands) {
      const verdict = takeCommand(this.rate, now);
      // A reader that asks on without reading would have its questions kept without bound.
      if (this.commands.length >= LIMITS.commandsWaiting) return this.close(CLOSE.tooManyRequests);
      if (verdict === 'close') {
        this.ending = CLOSE.tooManyRequests;
        break;
      }
      this.commands.push(
        verdict === 'ok' ? command : { id: command.id, method: 'refused', error: ERRORS.tooManyRequests },
      );
    }
    void this.work();
  }

  /** A token that came with the upgrade. */
  authenticate(token: string): void {
    const { control } = this.deps;
    if (control.grantOf(token, -Infinity)) return this.authenticateKnown(token);
    // What the client sends meanwhile waits.
    this.working = true;
    void control.heard().then(() => {
      this.working = false;
      if (!this.closed) this.authenticateKnown(token);
      void this.work();
    });
  }

  private authenticateKnown(token: string): void {
    const found = this.grantFor(token);
    if ('code' in found) this.close(closingFor(found));
    else this.grant = found;
  }

  ponged(): void {
    this.answered = true;
  }

  close(closing: Closing): void {
    if (this.closed) return;
    this.ended();
    this.transport.closeFor(closing);
  }

  sweep(monotonic: number): void {
    if (!this.grant && monotonic - this.connectedAt >= LIMITS.authenticateWithinMs)
      return this.close(CLOSE.notAuthenticated);
    const since = monotonic - this.pingedAt;
    if (!this.answered && since >= LIMITS.pongWithinMs) return this.close(CLOSE.noPong);
    if (!this.answered || since < LIMITS.pingEveryMs) return;
    this.pingedAt = monotonic;
    this.answered = false;
    this.transport.ping();
  }

  /** The transport is gone: lets go of everything. */
  ended(): void {
    this.closed = true;
    this.commands = NO_COMMANDS;
    for (const state of this.channels?.values() ?? []) {
      state.live = false;
      state.leave();
    }
    this.channels = null;
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    while (this.commands.length && !this.closed) {
      if (this.writer.isFull()) {
        if (this.ending) break;
        await this.deps.clock.sleep(LOOK_AGAIN_MS);
        continue;
      }
      const command = this.commands.shift()!;
      try {
        await this.carryOut(command);
      } catch (error) {
        this.deps.logger.error({ event: 'feed.command-failed', err: error, method: command.method });
        this.refuse(command.id, ERRORS.internal);
      }
    }
    this.commands = NO_COMMANDS;
    this.working = false;
    if (this.ending) this.close(this.ending);
  }

  private carryOut(command: Command): Promise<void> | void {
    if (command.method === 'refused') return this.refuse(command.id, command.error);
    if (command.method === 'authenticate') return this.authenticateBy(command.id, command.token);
    if (!this.grant) return this.refuse(command.id, ERRORS.unauthorised);
    if (command.method === 'unsubscribe') return this.unsubscribe(command.id, command.channel);
    return this.subscribe(command, this.grant);
  }

  private refuse(id: number, error: FeedError): void {
    this.writer.reply(errorText(id, error));
  }

  /** Also again on an open connection: a fresh token instead of the one that will expire. */
  private async authenticateBy(id: number, token: string): Promise<void> {
    if (!this.deps.control.grantOf(token, -Infinity)) await this.deps.control.heard();
    if (this.closed) return;
    const found = this.grantFor(token);
    if ('code' in found) {
      this.refuse(id, found);
      return this.close(closingFor(found));
    }
    // Its channels belong to the workspace that it has.
    if (this.grant && this.grant.workspace !== found.workspace) return this.refuse(id, ERRORS.permissionDenied);
    this.grant = found;
    const { expiresAt, workspace } = found;
    const session = randomBytes(9).toString('base64url');
    const epoch = this.deps.epochOf(workspace);
    this.writer.reply(replyText(id, JSON.stringify({ session, expiresAt: formatInstantOrNull(expiresAt), epoch })));
  }

  private grantFor(token: string): Grant | FeedError {
    const { control, clock } = this.deps;
    const grant = control.grantOf(token, clock.now());
    if (grant) return grant;
    // Known, but its time is over: the client may come back with a fresh one.
    return control.grantOf(token, -Infinity) ? ERRORS.tokenExpired : ERRORS.unauthorised;
  }

  private async subscribe(command: Extract<Command, { method: 'subscribe' }>, grant: Grant): Promise<void> {
    const { id, cursor } = command;
    if (!mayDo(grant, 'read')) return this.refuse(id, ERRORS.permissionDenied);
    const channel = parseChannel(command.channel);
    if (!channel) return this.refuse(id, ERRORS.unknownChannel);
    const channels = (this.channels ??= new Map());
    if (channels.has(channel.name)) return this.refuse(id, ERRORS.alreadySubscribed);
    if (channels.size >= LIMITS.channelsPerConnection) return this.refuse(id, ERRORS.limitExceeded);
    const filter = command.filter === null || channel.kind !== 'board' ? null : parseFilter(command.filter);
    if (command.filter !== null && !filter) return this.refuse(id, ERRORS.badRequest);
    const { workspace } = grant;
    const epoch = this.deps.epochOf(workspace);
    const projection = { channel, filter };
    const answer = await this.deps.feed.subscribe({ workspace, epoch, projection, cursor, withSnapshot: true });
    if ('code' in answer) return this.refuse(id, answer);
    if (this.closed) return answer.leave();
    const state: Subscribing = { live: true, leave: answer.leave };
    channels.set(channel.name, state);
    this.writer.reply(replyText(id, subscribedText(channel.name, answer)));
    const { writer } = this;
    answer.start((batch) => writer.push(batch, state));
  }

  private unsubscribe(id: number, name: string): void {
    const state = this.channels?.get(name);
    if (!state) return this.refuse(id, ERRORS.unknownChannel);
    state.live = false;
    state.leave();
    this.channels?.delete(name);
    this.writer.reply(replyText(id, '{}'));
  }
}

function closingFor(error: FeedError): Closing {
  return error.code === ERRORS.tokenExpired.code ? CLOSE.tokenExpired : CLOSE.invalidToken;
}
