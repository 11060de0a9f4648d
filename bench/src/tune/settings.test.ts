import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS, valueIn, withValue } from './settings.ts';

const core = join(import.meta.dirname, '../../../services/orchestrator/src/core');

describe('what is tuned', () => {
  it.each(SETTINGS)('$name stands in the source once, and none of the values tried is the present one', (setting) => {
    const source = readFileSync(join(core, setting.file), 'utf8');
    const present = valueIn(source, setting);
    expect(setting.values).not.toContain(present);
    for (const value of setting.values) expect(valueIn(withValue(source, setting, value), setting)).toBe(value);
  });

  it('has each name once', () => {
    expect(new Set(SETTINGS.map(({ name }) => name)).size).toBe(SETTINGS.length);
  });
});
