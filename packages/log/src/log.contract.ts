import { afterEach, beforeEach, describe } from 'vitest';
import { cycleCases } from './contract/cycles.contract.ts';
import { fencingCases } from './contract/fencing.contract.ts';
import { followerCases } from './contract/followers.contract.ts';
import { groupCases } from './contract/groups.contract.ts';
import type { LogCapabilities, LogHarness } from './contract/harness.ts';
import { recordCases } from './contract/records.contract.ts';
import { retentionCases } from './contract/retention.contract.ts';

/** The one suite that every implementation of `Log` passes. What the port promises is a case in here, and nothing else is. */
export function describeLogContract(
  name: string,
  createHarness: () => Promise<LogHarness>,
  capabilities: LogCapabilities = { crash: true, isolate: true, maintain: true, moveClock: true },
): void {
  describe(`the log contract on ${name}`, () => {
    let harness: LogHarness;
    beforeEach(async () => {
      harness = await createHarness();
    });
    afterEach(() => harness.dispose());
    const current = (): LogHarness => harness;
    describe('records', () => recordCases(current, capabilities));
    describe('followers', () => followerCases(current));
    describe('cycles', () => cycleCases(current));
    describe('fencing', () => fencingCases(current, capabilities));
    describe('groups', () => groupCases(current, capabilities));
    describe('retention', () => retentionCases(current, capabilities));
  });
}
