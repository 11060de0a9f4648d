import { expect, it } from 'vitest';
import { createLogger } from './logger.ts';

it('log lines are JSON with one event each, and hide what is secret', () => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'ingest', destination: { write: (line: string) => void lines.push(line) } });
  logger.info({
    event: 'x.done',
    token: 'S3CRET',
    nested: { writeKey: 'S3CRET', deep: { authorization: 'S3CRET' } },
    headers: { cookie: 'S3CRET' },
    count: 3,
  });
  logger.debug({ event: 'x.detail' });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('S3CRET');
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', service: 'ingest', event: 'x.done', count: 3 });
});
