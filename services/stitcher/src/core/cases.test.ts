import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runInCore } from '../testkit/pure-world.ts';
import { differences, type StitchCase } from '../testkit/run-case.ts';

const folder = new URL('../../cases/', import.meta.url);

for (const file of readdirSync(folder).sort()) {
  describe(`the named cases of ${file}`, () => {
    for (const stitchCase of JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as StitchCase[])
      it(stitchCase.name, () => expect(differences(stitchCase, runInCore(stitchCase))).toEqual([]));
  });
}
