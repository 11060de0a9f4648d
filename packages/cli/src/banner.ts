import type { FirstRun } from './api-client.ts';

/** Short, and everything in it can be pasted. Secrets are shown on the first start only; later they are in first-run.json. */
export function printBanner(first: FirstRun, isFirst: boolean): void {
  const lines = isFirst
    ? [
        '',
        `  Cairn is up      ${first.url}`,
        `  Dashboard        ${first.dashboardUrl}`,
        `  Write key        ${first.writeKey}`,
        '',
        '  Send a first touchpoint:',
        `  curl -u ${first.writeKey}: -H 'content-type: application/json' ${first.url}/v1/track \\`,
        `    -d '{"userId":"ada","event":"Demo Requested","context":{"traits":{"email":"ada@acme.example"}}}'`,
        '',
      ]
    : [
        '',
        `  Cairn is up      ${first.url}`,
        '  Keys and the dashboard link are in first-run.json of the data directory.',
        '',
      ];
  console.log(lines.join('\n'));
}
