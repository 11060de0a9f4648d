#!/usr/bin/env -S node --max-semi-space-size=64
/** The `cairn` command. Every command has --help; exit code 0 ok, 1 failed, 2 wrong use; progress goes to stderr. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { clusterCommand } from './commands/cluster.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { dryRunCommand } from './commands/dry-run.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { identityCommand } from './commands/identity.ts';
import { importCommand } from './commands/import.ts';
import { replayCommand } from './commands/replay.ts';
import { startCommand } from './commands/start.ts';
import { testCommand } from './commands/test.ts';
import { tokenCommand } from './commands/token.ts';
import { WrongUse } from './wrong-use.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('cairn')
  .version(version, '-V, --version', 'print the version')
  .description(
    'Real-time journey orchestration: touchpoints in, journeys live, stalls noticed while they still matter.',
  )
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });

for (const command of [
  startCommand(),
  demoCommand(),
  importCommand(),
  replayCommand(),
  dryRunCommand(),
  evaluateCommand(),
  testCommand(),
  clusterCommand(),
  deadLettersCommand(),
  identityCommand(),
  tokenCommand(),
  doctorCommand(),
])
  program.addCommand(overridden(command));

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    console.error(`cairn: ${(error as Error).message}`);
    // A start that failed half-way leaves threads behind that would keep the process alive.
    process.exit(error instanceof WrongUse ? 2 : 1);
  }
}

/** Sub-commands too: commander's own exit code for wrong use is 1. */
function overridden(command: Command): Command {
  command.commands.forEach(overridden);
  return command.exitOverride();
}
