import { Command, InvalidArgumentError } from 'commander';
import { callApi, type ApiOptions } from '../api-client.ts';

interface Identifier {
  namespace: string;
  value: string;
}

interface PersonAnswer {
  id: string;
  name: string | null;
  version: number;
  ids: (Identifier & { firstSeen: string; shared: boolean })[];
  accounts: { accountId: string; from: string; to: string | null; source: string }[];
  mergedFrom: string[];
  edges: { ids: Identifier[]; cause: string }[];
  merges: { at: string; from: string; into: string; edge: Identifier; cause: string }[];
  splits: { at: string; into: { personId: string; ids: Identifier[] }[]; cause: string }[];
  decisions: (Identifier & { at: string; decision: string; reason: string; cause: string })[];
}

type Fact = Record<string, unknown> & { type: string };
type Options = ApiOptions & { json?: boolean };

/** `cairn identity show|merge|split|erase|link|unlink`: who is one person and why, and setting it right. A person is named by its id or by `namespace:value`. */
export function identityCommand(): Command {
  const command = new Command('identity').description('who is one person and why; merge, split, erase, link');
  common(command.command('show'), 'read')
    .description('a person with its identifiers, what put them together, accounts, merges, splits and decisions')
    .argument('<person>', 'an id, or namespace:value')
    .action(async (name: string, options: Options) => {
      const person = await findPerson(options, name);
      if (options.json) console.log(JSON.stringify(person, null, 2));
      else for (const line of linesOf(person)) console.log(line);
    });
  common(command.command('merge'), 'admin')
    .description('make one person of two; the second lives on')
    .argument('<from>', 'an id, or namespace:value')
    .argument('<into>', 'an id, or namespace:value')
    .action(async (from: string, into: string, options: Options) => {
      const params = { from: await personId(options, from), into: await personId(options, into) };
      await order(options, 'merge', params);
    });
  common(command.command('split'), 'admin')
    .description('undo a wrong merge: the identifiers named leave, the journeys concerned are derived anew')
    .argument('<person>', 'an id, or namespace:value')
    .requiredOption('--cut <namespace:value...>', 'identifiers that leave together', collect)
    .action(async (name: string, options: Options & { cut: Identifier[] }) => {
      await order(options, 'split', { personId: await personId(options, name), cut: options.cut });
    });
  common(command.command('erase'), 'admin')
    .description('remove a person everywhere, for good')
    .argument('<person>', 'an id, or namespace:value')
    .option('--dry-run', 'only list what would go')
    .option('--suppress', 'never store touchpoints with these identifiers again')
    .action(async (name: string, options: Options & { dryRun?: boolean; suppress?: boolean }) => {
      const { dryRun = false, suppress = false } = options;
      await order(options, 'erase', { personId: await personId(options, name), dryRun, suppress });
    });
  for (const verb of ['link', 'unlink'] as const)
    common(command.command(verb), 'act')
      .description(
        verb === 'link' ? 'make a person a member of an account' : 'the person never belonged to the account',
      )
      .argument('<person>', 'an id, or namespace:value')
      .argument('<accountId>')
      .action(async (name: string, accountId: string, options: Options) => {
        await order(options, verb, { personId: await personId(options, name), accountId });
      });
  return command;
}

function common(command: Command, scope: string): Command {
  return command
    .option('--url <url>', 'where Cairn runs')
    .option('--token <token>', `a token with scope ${scope}`)
    .option('--json', 'print JSON');
}

function collect(text: string, before: Identifier[] = []): Identifier[] {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) throw new InvalidArgumentError('must be namespace:value');
  return [...before, { namespace: text.slice(0, colon), value: text.slice(colon + 1) }];
}

async function findPerson(options: Options, name: string): Promise<PersonAnswer> {
  const colon = name.indexOf(':');
  if (colon < 1) return callApi<PersonAnswer>(options, 'GET', `/api/people/${encodeURIComponent(name)}`);
  const query = new URLSearchParams({ namespace: name.slice(0, colon), value: name.slice(colon + 1) });
  return callApi<PersonAnswer>(options, 'GET', `/api/people?${query}`);
}

/** Ids go as they are: the command follows absorbed ones, and says of a wrong one what is wrong. */
async function personId(options: Options, name: string): Promise<string> {
  return name.includes(':') ? (await findPerson(options, name)).id : name;
}

async function order(options: Options, command: string, params: Record<string, unknown>): Promise<void> {
  const answer = await callApi<{ facts: Fact[] }>(options, 'POST', `/api/identity/${command}`, params);
  if (options.json) return console.log(JSON.stringify(answer, null, 2));
  if (answer.facts.length === 0) return console.log('nothing to change');
  for (const fact of answer.facts) console.log(inWords(fact));
}

function inWords(fact: Fact): string {
  switch (fact.type) {
    case 'person.changed': {
      const person = fact.person as { id: string; mergedInto: string | null; ids: Identifier[]; version: number };
      if (person.mergedInto !== null) return `${person.id} is now ${person.mergedInto}`;
      return `${person.id} (version ${person.version}): ${person.ids.map(keyOf).join(' ')}`;
    }
    case 'person.merged':
      return `merged ${String(fact.from)} into ${String(fact.into)}`;
    case 'person.split':
      return `split ${String(fact.personId)} into ${(fact.into as { personId: string }[]).map((part) => part.personId).join(' ')}`;
    case 'person.erased':
      return `erased ${[fact.personId, ...(fact.absorbed as string[])].join(' ')}`;
    case 'erase.dry-run':
      return [
        `would erase ${[fact.personId, ...(fact.absorbed as string[])].join(' ')}`,
        `  identifiers: ${(fact.ids as Identifier[]).map(keyOf).join(' ')}`,
        `  touchpoints: ${typeof fact.touchpoints === 'number' ? fact.touchpoints : 'not known, the history did not answer'}`,
      ].join('\n');
    default:
      return fact.type;
  }
}

function linesOf(person: PersonAnswer): string[] {
  return [
    `${person.id}  ${person.name ?? ''}  version ${person.version}`,
    ...person.ids.map((id) => `  ${keyOf(id)}  since ${id.firstSeen}${id.shared ? '  shared' : ''}`),
    ...person.edges.map(({ ids, cause }) => `  together: ${ids.map(keyOf).join(' ')}  by ${cause}`),
    ...person.accounts.map(
      ({ accountId, from, to, source }) => `  account ${accountId} (${source}) from ${from}${to ? ` to ${to}` : ''}`,
    ),
    ...person.merges.map(
      ({ at, from, into, edge, cause }) => `  ${at} merged ${from} into ${into} over ${keyOf(edge)}  by ${cause}`,
    ),
    ...person.splits.map(
      ({ at, into, cause }) => `  ${at} split into ${into.map((part) => part.personId).join(' ')}  by ${cause}`,
    ),
    ...person.decisions.map((one) => `  ${one.at} ${one.decision} ${keyOf(one)}: ${one.reason}  by ${one.cause}`),
  ];
}

const keyOf = ({ namespace, value }: Identifier): string => `${namespace}:${value}`;
