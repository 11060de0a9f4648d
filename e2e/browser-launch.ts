/** Chromium by `CAIRN_CHROMIUM` or at its usual places, for the tests of the dashboard; without one they are skipped, and fail in CI. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

export const artifacts = join(import.meta.dirname, '..', '.artifacts');

export const browserPath = [
  process.env.CAIRN_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));

export const withoutBrowser = !browserPath && process.env.CI !== 'true';
if (withoutBrowser)
  console.warn(
    `\n${'!'.repeat(100)}\n!! SKIPPED: the dashboard in a browser. No Chromium (CAIRN_CHROMIUM).\n${'!'.repeat(100)}\n`,
  );

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
