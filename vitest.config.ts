import { defineConfig } from 'vitest/config';

/** Lanes by suffix, the suffix is the cost: `.test.ts` pure, `.sim.test.ts` seeded, `.int.test.ts` real parts, `.e2e.test.ts` the whole system. */
const EVERYWHERE = [
  'packages',
  'services',
  'simulation',
  'golden',
  'docs',
  'examples',
  'scripts',
  'bench',
  'infra',
  'e2e',
];
const files = (suffix: string): string[] => EVERYWHERE.map((folder) => `${folder}/**/*${suffix}`);
const never = ['**/node_modules/**', '**/dist/**'];

/** Real processes on a shared machine are late now and then; a fault of ours fails twice. Locally nothing is tried again. */
/** What is awaited comes; on a busy machine not within vitest's own second. */
const PATIENT = { poll: { timeout: 20_000 } };
const RETRIES = process.env.CI === 'true' ? 1 : 0;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          // No file has state of its own beyond its tests: half of the lane's time was loading the same modules again.
          isolate: false,
          // Nothing here waits: every core works (the default leaves one idle, which is half of two).
          maxWorkers: '100%',
          include: files('.test.ts'),
          exclude: [...never, '**/*.int.test.ts', '**/*.sim.test.ts', '**/*.e2e.test.ts'],
          testTimeout: 20_000,
          setupFiles: ['packages/testkit/src/property-seed.ts'],
        },
      },
      { test: { name: 'simulation', include: files('.sim.test.ts'), exclude: never, testTimeout: 300_000 } },
      {
        test: {
          name: 'integration',
          setupFiles: ['packages/testkit/src/property-seed.ts'],
          include: files('.int.test.ts'),
          exclude: never,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Brokers, sockets and disks on two cores: side by side they only make each other late.
          fileParallelism: false,
          retry: RETRIES,
          expect: PATIENT,
        },
      },
      {
        test: {
          name: 'e2e',
          include: files('.e2e.test.ts'),
          exclude: never,
          testTimeout: 300_000,
          retry: RETRIES,
          expect: PATIENT,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
