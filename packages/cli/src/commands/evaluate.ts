import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { judgeDecisions, readDecisions, readPolicy } from '../evaluate/decisions.ts';
import { evaluateLogs } from '../evaluate/evaluate-logs.ts';
import { KNOWN_LOGS, logsIn } from '../evaluate/logs.ts';
import { renderEvaluation, writeFigures } from '../evaluate/report.ts';

interface Options {
  data?: string;
  write?: string | true;
  decisions?: string;
  policy?: string;
  reward?: string;
  json?: boolean;
}

/** `cairn evaluate`: how good stalls and scores are on logs at hand, or a policy on logged decisions. Exit codes: 0 done, 1 failed, 2 wrong use. */
export function evaluateCommand(print: (line: string) => void = console.log): Command {
  const command = new Command('evaluate')
    .description('judge stalls and scores on event logs beside plain yardsticks, or a policy on logged decisions')
    .option('--data <directory>', 'event logs: loan-funnel/events.csv.gz, helpdesk/events.csv.gz')
    .option('--write [file]', 'put the figures into docs/science.md, or another page')
    .option('--decisions <file>', 'CSV with the columns action, propensity, the reward, and the context')
    .option('--policy <policy>', 'constant:NAME (always this action) or product (learns online)')
    .option('--reward <column>', 'the column of the reward')
    .option('--json', 'print the figures as JSON');
  return command.action(async (options: Options) => {
    const wrongUse = (message: string): never => command.error(`cairn evaluate: ${message}`, { exitCode: 2 });
    if ((options.data === undefined) === (options.decisions === undefined))
      wrongUse('give either --data DIR or --decisions FILE');
    if (options.decisions !== undefined) return evaluateDecisions(options, options.decisions, wrongUse);
    const folder = options.data!;
    if (!existsSync(folder)) wrongUse(`there is no ${folder}`);
    if (logsIn(folder).length === 0)
      wrongUse(`${folder} holds none of ${KNOWN_LOGS.map(({ events }) => events).join(', ')}`);
    const evaluation = await evaluateLogs(folder, systemClock, (message) => {
      if (process.stderr.isTTY) console.error(message);
    });
    const text = renderEvaluation(evaluation);
    if (options.write !== undefined) writeFigures(options.write === true ? 'docs/science.md' : options.write, text);
    print(options.json ? JSON.stringify(evaluation, null, 2) : text);
  });

  function evaluateDecisions(options: Options, file: string, wrongUse: (message: string) => never): void {
    if (options.policy === undefined || options.reward === undefined)
      return wrongUse('--decisions needs --policy and --reward');
    const policy = readPolicy(options.policy);
    if (policy === null) return wrongUse(`--policy takes constant:NAME or product, not '${options.policy}'`);
    if (!existsSync(file)) wrongUse(`there is no ${file}`);
    const read = readDecisions(file, options.reward);
    if ('missing' in read) return wrongUse(`${file} has no column ${read.missing.join(', ')}`);
    const { actions } = read;
    if (policy.type === 'constant' && !actions.includes(policy.action))
      console.error(`cairn evaluate: no decision was for ${policy.action}; there are ${actions.join(', ')}`);
    print(JSON.stringify(judgeDecisions(read, policy)));
  }
}
