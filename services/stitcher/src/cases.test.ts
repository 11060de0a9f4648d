import { describe, expect, it } from 'vitest';
import { caseFiles } from './testkit/case-files.ts';
import { runInCore } from './testkit/pure-world.ts';
import { differences } from './testkit/run-case.ts';

const files = caseFiles();

describe.each(files)('the named cases of $file, through the pure core', ({ cases }) => {
  it.each(cases)('$name', (stitchCase) => expect(differences(stitchCase, runInCore(stitchCase))).toEqual([]));
});

it('no two cases have one name', () => {
  const names = files.flatMap(({ cases }) => cases.map(({ name }) => name));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(names.length).toBeGreaterThan(90);
});
