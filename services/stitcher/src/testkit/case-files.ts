import { readdirSync, readFileSync } from 'node:fs';
import type { StitchCase } from './run-case.ts';

const folder = new URL('../../cases/', import.meta.url);

/** Every named case, by file. One data, run through the pure core, through the service on a log, and over HTTP. */
export function caseFiles(): { file: string; cases: readonly StitchCase[] }[] {
  return readdirSync(folder)
    .sort()
    .map((file) => ({ file, cases: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as StitchCase[] }));
}

/** Milliseconds that a case waits in all. */
export const waitOf = ({ steps }: StitchCase): number =>
  steps.reduce((sum, step) => sum + ('wait' in step ? step.wait : 0), 0);
