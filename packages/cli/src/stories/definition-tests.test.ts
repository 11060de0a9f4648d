import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runDefinitionTests } from './definition-tests.ts';

const DEFINITIONS = join(import.meta.dirname, '../../../../definitions');

describe('cairn test', () => {
  it.each(readdirSync(DEFINITIONS).filter((name) => name.endsWith('.test.yaml')))('%s holds', async (name) => {
    const results = await runDefinitionTests(join(DEFINITIONS, name));
    expect(results.length).toBeGreaterThan(1);
    expect(results.filter(({ faults }) => faults.length > 0)).toEqual([]);
  });

  it('has a test beside each definition that is shipped', () => {
    const names = readdirSync(DEFINITIONS).filter((name) => name.endsWith('.yaml'));
    const tested = names.filter((name) => name.endsWith('.test.yaml')).map((name) => name.replace('.test', ''));
    expect(tested).toEqual(names.filter((name) => !name.endsWith('.test.yaml')));
  });

  describe('says what does not hold', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'cairn-tests-'));
      const stages = '[ { name: one }, { name: stage 1, enter: { event: Go }, stall: { after: 1 hour } } ]';
      writeFileSync(join(folder, 'x.yaml'), `cairn: journey-definition/1\nname: x\nunit: person\nstages: ${stages}\n`);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    async function faultsOf(more: string): Promise<string[]> {
      const file = join(folder, 'x.test.yaml');
      const given = "[ { at: '2026-03-02T09:00:00Z', who: Ann, event: Go } ]";
      writeFileSync(file, `definition: x.yaml\ncases:\n  - name: one\n    given: ${given}\n    ${more}\n`);
      return (await runDefinitionTests(file)).flatMap(({ faults }) => faults);
    }

    it.each([
      ['then: [ { what: alert.opened } ]', 'never came: {"what":"alert.opened"}'],
      [
        "until: '2026-03-02T11:00:00Z'\n    never: [ { what: alert.opened } ]",
        'must never come: {"what":"alert.opened"}',
      ],
      ['journey: { stage: one }', 'no journey is {"stage":"one"}; there is {"name":"Ann","stage":"stage 1"'],
      ['until: soon', 'until must be a time'],
      ['thn: [ { what: alert.opened } ]', "'thn' is not a known key; did you mean 'then'?"],
      ['never: [ { what: alert.openned } ]', "'alert.openned' never comes; did you mean 'alert.opened'?"],
      ['journey: { name: Ann 2 }', 'no journey is {"name":"Ann 2"}'],
      ["then: [ { what: journey.stage_changed, to: 'phase 1' } ]", 'never came'],
      ['then: [ { what: journey.stage_changed }, { what: journey.stage_changed } ]', 'never came'],
    ])('%s', async (more, fault) => {
      const [first, ...others] = await faultsOf(more);
      expect(first).toContain(fault);
      expect(others).toEqual([]);
    });

    it('holds where all of it is so, times in any zone', async () => {
      const then = "then: [ { at: '2026-03-02T11:00:00+01:00', what: alert.opened } ]";
      expect(await faultsOf(`until: '2026-03-02T11:00:00Z'\n    ${then}`)).toEqual([]);
    });
  });
});
