import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { runDefinitionTests, type CaseResult } from '../stories/definition-tests.ts';

const TEST_ENDINGS = ['.test.yaml', '.test.yml'];
const DEFINITION_ENDING = /\.(ya?ml|json)$/;

/** `cairn test`: the tests beside definitions. Exit codes: 0 all hold, 1 one fails, 2 there are none to run. */
export function testCommand(print: (line: string) => void = console.log): Command {
  const command = new Command('test')
    .description('run the tests beside definitions: given touchpoints → expected transitions, alerts, actions')
    .argument('[files...]', 'definitions, their *.test.yaml, or folders that hold some', ['definitions'])
    .option('--json', 'print the results as JSON');
  const wrongUse = (message: string): never => command.error(`cairn test: ${message}`, { exitCode: 2 });
  return command.action(async (paths: string[], { json }: { json?: boolean }) => {
    const files = [...new Set(paths.flatMap((path) => testsOf(path, wrongUse)))];
    const results: CaseResult[] = [];
    for (const file of files) results.push(...(await runDefinitionTests(file)));
    const failed = results.filter(({ faults }) => faults.length > 0);
    if (json)
      print(JSON.stringify({ passed: results.length - failed.length, failed: failed.length, results }, null, 2));
    else {
      for (const { file, name, faults } of results) {
        print(`${faults.length === 0 ? '  ok   ' : '  FAIL '} ${file}: ${name}`);
        for (const fault of faults) print(`         ${fault}`);
      }
      print(`${results.length - failed.length} of ${results.length} hold`);
    }
    if (failed.length > 0) process.exitCode = 1;
  });
}

/** Of a definition: the tests beside it; of a folder: all in it. */
function testsOf(path: string, wrongUse: (message: string) => never): string[] {
  if (!existsSync(path)) return wrongUse(`there is no ${path}`);
  if (statSync(path).isDirectory()) {
    const names = readdirSync(path).filter(isTest).sort();
    return names.length > 0 ? names.map((name) => join(path, name)) : wrongUse(`there is no *.test.yaml in ${path}`);
  }
  if (isTest(path) || !DEFINITION_ENDING.test(path)) return [path];
  const beside = TEST_ENDINGS.map((ending) => path.replace(DEFINITION_ENDING, ending));
  const found = beside.find((file) => existsSync(file));
  return found ? [found] : wrongUse(`${path} has no tests: write them in ${beside[0]}, beside it`);
}

const isTest = (path: string): boolean => TEST_ENDINGS.some((ending) => path.endsWith(ending));
