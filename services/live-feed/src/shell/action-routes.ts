/**
 * Next best actions over HTTP: the list, the report, and what people and platforms say of them: `POST /api/actions/:id/{result,accept,snooze,dismiss}`.
 * Appends a command to the inbox of the action's subject and answers with the action as the orchestrator made it. Decides nothing about actions.
 */
import { randomBytes } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import type {
  Action,
  ActionCommand,
  ActionFact,
  ActionFile,
  ActionRefused,
} from '@cairn/contracts/generated/action.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { Answers } from '@cairn/service-kit/await-answer.ts';
import { sendResource } from '@cairn/service-kit/etag.ts';
import { ProblemError, notFound } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { actionReport } from '../core/action-report.ts';
import { bodyOf, readUntil } from './alert-command-routes.ts';
import { BUDGET_A_TURN, inTurns } from './in-turns.ts';
import { badRequest, listAnswer, readPage, readTexts, textOf } from './paging.ts';
import type { View } from './view.ts';

export interface ActionRouteDeps {
  ports: Pick<Ports, 'log' | 'clock' | 'control'>;
  view: View;
  answers: Answers<ActionFact | ActionRefused>;
}

/** The orchestrator answers within a commit cycle; beyond this it is away. */
const ANSWER_WITHIN_MS = 5_000;
const NOTE_CHARS_MAX = 2_000;
const OUTCOMES = ['done', 'failed', 'declined'] as const;
const STATES = [
  'chosen',
  'requested',
  'accepted',
  'snoozed',
  'done',
  'failed',
  'declined',
  'expired',
  'suppressed',
  'superseded',
  'withdrawn',
];

/** Which command a record of `actions` answers. */
export function pickActionAnswer(message: unknown): { commandId: string; fact: ActionFact | ActionRefused } | null {
  const fact = message as ActionFile;
  if (fact.type === 'action.refused') return { commandId: fact.commandId, fact };
  if (fact.type === 'action.command' || fact.type === 'policy.totals' || !fact.commandId) return null;
  return { commandId: fact.commandId, fact };
}

export function addActionRoutes(app: Express, { ports, view, answers }: ActionRouteDeps): void {
  const { log, clock } = ports;

  app.get('/api/actions', async (request, response) => {
    const { workspace } = authorise(ports, request, 'read');
    const page = readPage(request);
    const filter = {
      state: readTexts(request, 'state', STATES),
      name: readTexts(request, 'name'),
      journeyId: textOf(request, 'journeyId'),
    };
    await view.store.settle();
    const { found, next } = await inTurns(page.limit, page.from, (from, limit) => {
      const { ids, next: after } = view.actions.list(workspace, filter, { from, limit, budget: BUDGET_A_TURN });
      return {
        found: ids.map((id) => view.actions.get(workspace, id)).filter((one) => one !== undefined),
        next: after,
      };
    });
    response.json(listAnswer(found, next));
  });

  app.get('/api/actions/report', async (request, response) => {
    const { workspace } = authorise(ports, request, 'read');
    const definition = textOf(request, 'definition');
    await view.store.settle();
    const items = actionReport(view.actions.totals(workspace, definition));
    response.json({ items, next: null });
  });

  app.get('/api/actions/:id', (request, response) => {
    const { workspace } = authorise(ports, request, 'read');
    const action = view.actions.get(workspace, request.params.id);
    if (!action) throw notFound('action');
    sendResource(request, response, action);
  });

  async function command(
    request: Request,
    response: Response,
    details: (body: Record<string, unknown>) => Pick<ActionCommand, 'command'> & Partial<ActionCommand>,
  ): Promise<void> {
    const grant = authorise(ports, request, 'act');
    const { workspace } = grant;
    const action = view.actions.get(workspace, String(request.params.id));
    if (!action) throw notFound('action');
    const commandId = `cmd_${randomBytes(16).toString('base64url')}`;
    const message: ActionCommand = {
      type: 'action.command',
      workspace,
      commandId,
      actionId: action.id,
      journeyId: action.journeyId,
      outcome: null,
      note: null,
      until: null,
      by: grant.name,
      at: clock.now(),
      ...details(bodyOf(request)),
    };
    // A retry of what was said already is answered, not refused.
    if (isSaid(message, action)) return void response.json(action);
    const key = keyOf.subject(workspace, action.subject.id);
    const partition = partitionOf(key, log.partitions('journey-inbox'));
    const answered = answers.of(commandId, ANSWER_WITHIN_MS);
    await log.append([{ topic: 'journey-inbox', partition, key, value: encodeJson(message) }]);
    const fact = (await answered).at(-1);
    if (fact?.type === 'action.refused') {
      // The same may have been said in parallel, a moment before.
      await view.store.settle();
      const after = view.actions.get(workspace, action.id);
      if (after && isSaid(message, after)) return void response.json(after);
      throw new ProblemError({
        status: 409,
        code: fact.code,
        title: 'The action does not allow this',
        detail: fact.message,
      });
    }
    response.json(fact?.action);
  }

  app.post('/api/actions/:id/result', (request, response) =>
    command(request, response, (body) => ({
      command: 'result',
      outcome: readOutcome(body.outcome),
      note: readNote(body.note),
    })),
  );
  app.post('/api/actions/:id/accept', (request, response) => command(request, response, () => ({ command: 'accept' })));
  app.post('/api/actions/:id/dismiss', (request, response) =>
    command(request, response, ({ note }) => ({ command: 'dismiss', outcome: 'declined', note: readNote(note) })),
  );
  app.post('/api/actions/:id/snooze', (request, response) =>
    command(request, response, ({ until }) => ({ command: 'snooze', until: readUntil(until, clock.now()) })),
  );
}

function isSaid({ command, outcome }: ActionCommand, action: Pick<Action, 'state' | 'outcome'>): boolean {
  return (outcome !== null && action.outcome === outcome) || (command === 'accept' && action.state === 'accepted');
}

function readOutcome(outcome: unknown): ActionCommand['outcome'] {
  const found = OUTCOMES.find((one) => one === outcome);
  if (!found) throw badRequest(`outcome must be one of ${OUTCOMES.join(', ')}`);
  return found;
}

function readNote(note: unknown): string | null {
  if (note === undefined || note === null) return null;
  if (typeof note !== 'string') throw badRequest('note must be a text');
  return note.slice(0, NOTE_CHARS_MAX);
}
