/**
 * What people do with alerts: `POST /api/alerts/:id/{acknowledge,snooze,resolve}`. Appends a command to the inbox of the alert's subject and answers
 * with the alert as the orchestrator made it. Decides nothing about alerts.
 */
import { randomBytes } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import type { AlertCommand, AlertFact, AlertFile, CommandRefused } from '@cairn/contracts/generated/alert.ts';
import { parseIsoTime } from '@cairn/clock/calendar.ts';
import { parseDuration } from '@cairn/contracts/duration.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { Answers } from '@cairn/service-kit/await-answer.ts';
import { ProblemError, notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { badRequest } from './paging.ts';
import type { View } from './view.ts';

export interface AlertCommandDeps {
  ports: Pick<Ports, 'log' | 'clock' | 'control'>;
  view: View;
  answers: Answers<AlertFact | CommandRefused>;
}

/** The orchestrator answers within a commit cycle; beyond this it is away. */
const ANSWER_WITHIN_MS = 5_000;
/** Whoever wants it gone for longer resolves it. */
const SNOOZE_MAX_MS = 366 * 86_400_000;
const VERDICTS = ['real', 'not-a-stall', 'already-handled'] as const;

/** Which command a record of `alerts` answers. */
export function pickAlertAnswer(message: unknown): { commandId: string; fact: AlertFact | CommandRefused } | null {
  const fact = message as AlertFile;
  if (fact.type === 'command.refused') return { commandId: fact.commandId, fact };
  if (fact.type === 'alert.command' || !fact.commandId) return null;
  return { commandId: fact.commandId, fact };
}

export function addAlertCommandRoutes(app: Express, { ports, view, answers }: AlertCommandDeps): void {
  const { log, clock } = ports;

  async function command(
    request: Request,
    response: Response,
    details: (body: Record<string, unknown>) => Pick<AlertCommand, 'command' | 'until' | 'verdict'>,
  ): Promise<void> {
    const grant = authorise(ports, request, 'act');
    const alert = view.alerts.get(grant.workspace, String(request.params.id));
    if (!alert) throw notFound('alert');
    const { workspace } = grant;
    const commandId = `cmd_${randomBytes(16).toString('base64url')}`;
    const message: AlertCommand = {
      type: 'alert.command',
      workspace,
      commandId,
      alertId: alert.id,
      journeyId: alert.journeyId,
      ...details(bodyOf(request)),
      by: grant.name,
      at: clock.now(),
    };
    const key = keyOf.subject(workspace, alert.subject.id);
    const partition = partitionOf(key, log.partitions('journey-inbox'));
    const answered = answers.of(commandId, ANSWER_WITHIN_MS);
    await log.append([{ topic: 'journey-inbox', partition, key, value: encodeJson(message) }]);
    const fact = (await answered).at(-1);
    if (fact?.type === 'command.refused')
      throw new ProblemError({
        status: 409,
        code: fact.code,
        title: 'The alert does not allow this',
        detail: fact.message,
      });
    response.json(fact?.alert);
  }

  app.post('/api/alerts/:id/acknowledge', (request, response) =>
    command(request, response, () => ({ command: 'acknowledge', until: null, verdict: null })),
  );
  app.post('/api/alerts/:id/snooze', (request, response) =>
    command(request, response, ({ until }) => ({
      command: 'snooze',
      until: until === 'activity' ? null : readUntil(until, clock.now()),
      verdict: null,
    })),
  );
  app.post('/api/alerts/:id/resolve', (request, response) =>
    command(request, response, ({ verdict }) => ({ command: 'resolve', until: null, verdict: readVerdict(verdict) })),
  );
}

export function bodyOf(request: Request): Record<string, unknown> {
  const body: unknown = request.body ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('the body must be an object');
  return body as Record<string, unknown>;
}

/** A time, or a duration from now. */
export function readUntil(until: unknown, now: number): number {
  if (typeof until !== 'string' || until === '') throw badRequest('until must be a time (ISO-8601) or a duration');
  const duration = parseDuration(until);
  const at = duration && 'ms' in duration ? now + duration.ms : parseIsoTime(until);
  if (at === null) throw badRequest('until must be a time (ISO-8601) or a duration');
  if (at <= now) throw badRequest('until must lie ahead');
  if (at - now > SNOOZE_MAX_MS) throw badRequest('until must lie within a year');
  return at;
}

function readVerdict(verdict: unknown): AlertCommand['verdict'] {
  if (verdict === undefined || verdict === null) return null;
  const found = VERDICTS.find((one) => one === verdict);
  if (!found) throw badRequest(`verdict must be one of ${VERDICTS.join(', ')}`);
  return found;
}
