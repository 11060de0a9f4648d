import { randomBytes } from 'node:crypto';
import type { Express, Request, RequestHandler } from 'express';
import type { CommandAnswered, IdentityCommand, IdentityFile } from '@cairn/contracts/generated/identity.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { authorise, type Scope } from '@cairn/service-kit/authorise.ts';
import type { Answers } from '@cairn/service-kit/await-answer.ts';
import { ProblemError } from '@cairn/service-kit/problem.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { Refusal } from '../core/refusal.ts';
import { presentFact } from './present-facts.ts';

/**
 * What people order of identities: `POST /api/identity/{merge,split,erase,link,unlink}` and `GET|PUT /api/identity/settings`. Appends a command
 * to the workspace's partition of `touchpoints` and answers with the facts that followed, once they are committed. Decides nothing.
 */
export interface IdentityRoutesDeps {
  ports: Pick<Ports, 'log' | 'clock' | 'control'>;
  answers: Answers<CommandAnswered>;
}

/** The stitcher answers within a commit cycle; a backlog of touchpoints stands before the command. */
const ANSWER_WITHIN_MS = 15_000;
/** The history carries what was told in chunks of under a second. */
const COUNT_WITHIN_MS = 3_000;
/** More identifiers than a person may hold need not be named. */
const CUT_MAX = 1_000;

/** Who is whose changes everything that is told of people: an admin's. A membership is an everyday correction. */
const SCOPES: Readonly<Record<IdentityCommand['command'], Scope>> = {
  merge: 'admin',
  split: 'admin',
  erase: 'admin',
  configure: 'admin',
  link: 'act',
  unlink: 'act',
};

const STATUS: Readonly<Record<Refusal, number>> = {
  'unknown-person': 404,
  'erased-person': 410,
  'unknown-account': 404,
  'not-linked': 409,
  'cannot-merge-known': 409,
  'too-many-ids': 409,
  'too-many-merges': 409,
  'unknown-identifier': 422,
  'nothing-stays': 422,
  'nothing-to-cut': 422,
  'malformed-command': 422,
};

export const isIdentityPath = (path: string): boolean => /^\/api\/identity(\/|$)/.test(path);

export function pickIdentityAnswer(message: unknown): { commandId: string; fact: CommandAnswered } | null {
  const fact = message as IdentityFile | null;
  return fact?.type === 'command.answered' ? { commandId: fact.commandId, fact } : null;
}

export function addIdentityRoutes(app: Express, { ports, answers }: IdentityRoutesDeps): void {
  const { log, clock } = ports;

  /** Who may not gets no hint of what would be wrong with the body. */
  function route(
    command: IdentityCommand['command'],
    known: readonly string[] | null,
    read: (body: Record<string, unknown>) => IdentityCommand['params'],
  ): RequestHandler {
    return async function orderIdentity(request, response) {
      const isAsked = request.method === 'GET';
      const { workspace, tokenId } = authorise(ports, request, isAsked ? 'read' : SCOPES[command]);
      const params = read(isAsked ? {} : bodyOf(request, known));
      const commandId = `cmd_${randomBytes(16).toString('base64url')}`;
      const at = clock.now();
      const message: IdentityCommand = {
        type: 'identity.command',
        workspace,
        commandId,
        command,
        params,
        by: tokenId,
        at,
      };
      const key = keyOf.workspace(workspace);
      const partition = partitionOf(key, log.partitions('touchpoints'));
      const answered = answers.of(commandId, ANSWER_WITHIN_MS);
      const counted = isDryRun(message) ? answers.of(`${commandId}#touchpoints`, COUNT_WITHIN_MS).catch(() => []) : [];
      await log.append([{ topic: 'touchpoints', partition, key, value: encodeJson(message) }]);
      const answer = (await answered).at(-1)!;
      if (!answer.ok) throw refused(answer);
      const facts = isDryRun(message) ? withCount(answer.facts, await counted) : answer.facts;
      response.json(
        isAsked ? (facts[0] as { settings?: unknown }).settings : { commandId, facts: facts.map(presentFact) },
      );
    };
  }

  const readMember = ({ personId, accountId }: Record<string, unknown>): IdentityCommand['params'] => ({
    personId: idOf('personId', personId),
    accountId: idOf('accountId', accountId),
  });
  app.post(
    '/api/identity/merge',
    route('merge', ['from', 'into'], ({ from, into }) => ({ from: idOf('from', from), into: idOf('into', into) })),
  );
  app.post(
    '/api/identity/split',
    route('split', ['personId', 'cut'], ({ personId, cut }) => ({
      personId: idOf('personId', personId),
      cut: readCut(cut),
    })),
  );
  app.post(
    '/api/identity/erase',
    route('erase', ['personId', 'dryRun', 'suppress'], ({ personId, dryRun = false, suppress = false }) => {
      if (typeof dryRun !== 'boolean') throw invalid('dryRun', 'must be true or false');
      if (typeof suppress !== 'boolean') throw invalid('suppress', 'must be true or false');
      return { personId: idOf('personId', personId), dryRun, suppress };
    }),
  );
  app.post('/api/identity/link', route('link', ['personId', 'accountId'], readMember));
  app.post('/api/identity/unlink', route('unlink', ['personId', 'accountId'], readMember));
  // Without settings they are told as they are: by the one who goes by them, after everything that was ordered before.
  app.get(
    '/api/identity/settings',
    route('configure', null, () => ({})),
  );
  app.put(
    '/api/identity/settings',
    route('configure', null, (settings) => ({ settings })),
  );
}

const isDryRun = ({ command, params }: IdentityCommand): boolean => command === 'erase' && params.dryRun === true;

/** How many touchpoints there are the history alone knows; null where it did not answer in time. */
function withCount(facts: CommandAnswered['facts'], counted: readonly CommandAnswered[]): unknown[] {
  const { touchpoints = null } = (counted[0]?.facts[0] ?? {}) as { touchpoints?: number | null };
  return facts.map((fact) => ({ ...fact, touchpoints }));
}

function refused({ code, message }: CommandAnswered): ProblemError {
  return new ProblemError({
    status: STATUS[code as Refusal] ?? 409,
    code: code ?? 'refused',
    title: message ?? 'The command cannot be carried out',
  });
}

/** `known: null`: checked by whoever carries it out. */
function bodyOf(request: Request, known: readonly string[] | null): Record<string, unknown> {
  const body: unknown = request.body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('', 'must be an object');
  for (const name of Object.keys(body)) if (known && !known.includes(name)) throw invalid(name, 'is not known here');
  return body as Record<string, unknown>;
}

function idOf(path: string, id: unknown): string {
  if (typeof id !== 'string' || id === '' || id.length > 200) throw invalid(path, 'must be an id');
  return id;
}

function readCut(cut: unknown): { namespace: string; value: string }[] {
  if (!Array.isArray(cut) || cut.length === 0 || cut.length > CUT_MAX)
    throw invalid('cut', `must list 1 to ${CUT_MAX} identifiers`);
  return cut.map((entry: unknown, index) => {
    const { namespace, value } = (entry ?? {}) as { namespace?: unknown; value?: unknown };
    const isValue = typeof value === 'string' || typeof value === 'number';
    if (typeof namespace !== 'string' || namespace === '' || !isValue)
      throw invalid(`cut.${index}`, 'must be { namespace, value }');
    return { namespace, value: String(value) };
  });
}

function invalid(path: string, message: string): ProblemError {
  return new ProblemError({
    status: 422,
    code: 'malformed-command',
    title: 'The command cannot be read',
    errors: [{ path, message }],
  });
}
