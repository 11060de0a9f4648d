import { describe, expect, it } from 'vitest';
import { readOrchestratorConfig } from './config.ts';

describe('CAIRN_SECRET_KEY', () => {
  it('stops the start where it is far too short, by name and without repeating it', () => {
    expect(() => readOrchestratorConfig({ CAIRN_SECRET_KEY: 'x7y8z9' })).toThrow(
      /^CAIRN_SECRET_KEY is too short to keep webhook secrets: at least 8 characters/,
    );
    expect(() => readOrchestratorConfig({ CAIRN_SECRET_KEY: 'x7y8z9' })).not.toThrow(/x7y8z9/);
  });

  it('may be any text that is long enough, or left out: one is made then', () => {
    expect(readOrchestratorConfig({ CAIRN_SECRET_KEY: 'a phrase of any kind' }).secretKey).toBe('a phrase of any kind');
    expect(readOrchestratorConfig({ CAIRN_SECRET_KEY: '' }).secretKey).toBeNull();
    expect(readOrchestratorConfig({}).secretKey).toBeNull();
  });
});
