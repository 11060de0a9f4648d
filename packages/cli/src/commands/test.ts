import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { runDefinitionTests, type CaseResult } from '../stories/definition-tests.ts';

/** `cairn test`: the tests beside definitions. Exit code 1 when one fails. */
export function testCommand(): Command {
  return new Command('test')
    .description('run the tests beside definitions: given touchpoints → expected transitions, alerts, actions')
    .argument('[files...]', '*.test.yaml, or folders that hold some', ['definitions'])
    .option('--json', 'print the results as JSON')
    .action(async (paths: string[], { json }: { json?: boolean }) => {
      const files = paths.flatMap(filesIn);
      if (files.length === 0) throw new Error(`there is no *.test.yaml in ${paths.join(', ')}`);
      const results: CaseResult[] = [];
      for (const file of files) results.push(...(await runDefinitionTests(file)));
      const failed = results.filter(({ faults }) => faults.length > 0);
      if (json)
        console.log(
          JSON.stringify({ passed: results.length - failed.length, failed: failed.length, results }, null, 2),
        );
      else {
        for (const { file, name, faults } of results) {
          console.log(`${faults.length === 0 ? '  ok   ' : '  FAIL '} ${file}: ${name}`);
          for (const fault of faults) console.log(`         ${fault}`);
        }
        console.log(`${results.length - failed.length} of ${results.length} hold`);
      }
      if (failed.length > 0) process.exitCode = 1;
    });
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => name.endsWith('.test.yaml'))
    .sort()
    .map((name) => join(path, name));
}
