import { expect, it } from 'vitest';
import { compileMapping, RowFault } from './mapping.ts';

/** Longer than a row may take. */
const PAUSE_MS = 300;

it('A row during which the process had to wait for the processor is mapped, not refused', async () => {
  let pauses = 1;
  const row = {
    get event() {
      if (pauses-- > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      return 'Demo Requested';
    },
  };
  const { map } = compileMapping('{ "type": "track", "event": event, "row": $row }');
  expect(await map(row, 7)).toEqual({ type: 'track', event: 'Demo Requested', row: 7 });
});

it('A row that never ends is refused for taking too long', async () => {
  const { map } = compileMapping('( $loop := function($n) { $loop($n + 1) }; $loop(row) )');
  const fault = await map({ row: 1 }, 1).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(RowFault);
  expect((fault as RowFault).tookTooLong).toBe(true);
});
