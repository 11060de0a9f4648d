import { describe, expect, it } from 'vitest';
import { checkSettings } from './check-settings.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

const checked = (given: unknown) => {
  const result = checkSettings(given);
  if ('fault' in result) throw new Error(result.fault);
  return result.settings;
};

describe('settings of a workspace', () => {
  it('are as by default where nothing is said', () => {
    expect(checked({})).toEqual(DEFAULT_SETTINGS);
  });

  it('take a window in words and keep its milliseconds', () => {
    const { namespaces } = checked({ namespaces: { anonymousId: { window: '1 day' }, email: { window: null } } });
    expect(namespaces.anonymousId).toEqual({ ...DEFAULT_SETTINGS.namespaces.anonymousId, windowMs: 86_400_000 });
    expect(namespaces.email!.windowMs).toBe(null);
  });

  it('can be set as they are', () => {
    const { suppresses: _suppresses, ...settings } = checked({ namespaces: { crm: { unique: true, limit: 1 } } });
    expect(checked(JSON.parse(JSON.stringify(settings)))).toEqual({ ...settings, suppresses: false });
  });

  it.each([
    [[], 'settings must be an object'],
    [{ nope: 1 }, 'nope is no setting'],
    [{ suppresses: false }, 'suppresses is no setting'],
    [{ sharedDevices: 'x' }, 'sharedDevices must be one of isolate, first, last'],
    [{ quarantineAbove: 1 }, 'quarantineAbove must be a whole number from 2 to 1000'],
    [{ namespaces: [] }, 'namespaces must be an object'],
    [{ namespaces: { email: 5 } }, 'namespaces.email must be an object'],
    [{ namespaces: { email: { limit: 0 } } }, 'namespaces.email.limit must be a whole number from 1 to 1000'],
    [
      { namespaces: { email: { window: 'soon' } } },
      'namespaces.email.window must be a duration like "7 days", or null',
    ],
    [{ namespaces: { toString: { limit: 1 } } }, 'namespaces.toString is no namespace'],
    [{ blockedValues: [1] }, 'blockedValues must list up to 1000 texts'],
    [{ blockedPatterns: 'x' }, 'blockedPatterns must list up to 50 expressions'],
    [{ blockedPatterns: ['ok', 5] }, 'blockedPatterns.1 must be an expression of up to 500 characters'],
    [{ blockedPatterns: ['.*'] }, 'blockedPatterns.0 is found in every value'],
  ])('%j is refused: %s', (given, fault) => {
    expect(checkSettings(given)).toEqual({ fault });
  });

  it.each(['(', '(a)\\1', 'a(?=b)'])('the expression %s, which RE2 does not take, is refused', (source) => {
    expect(checkSettings({ blockedPatterns: [source] })).toEqual({
      fault: expect.stringMatching(/^blockedPatterns\.0 ./) as string,
    });
  });
});
