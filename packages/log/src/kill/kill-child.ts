import type { OwnedPartition } from '../log.ts';
import { killNames, type ChildArguments, type KillAdapter } from './kill-adapter.ts';

/**
 * The process that is killed: appends records and runs a task on them at once, and writes a line to stdout for whatever was
 * acknowledged: `appended ID`, `committed OFFSET`. Ends only by being killed.
 */
const { module, settings, prefix, round } = JSON.parse(process.argv[2]!) as ChildArguments;
const { adapter } = (await import(module)) as { adapter: KillAdapter };
const names = killNames(prefix);
const log = await adapter.openLog(settings);
const encoder = new TextEncoder();
const CALLERS = 4;

// Some logs take a while to give a partition out; the appends must not be over by then.
await (await log.join({ task: names.task, inbox: names.inbox, run: count })).ready();
await Promise.all(Array.from({ length: CALLERS }, (_, caller) => appendForEver(caller)));

async function appendForEver(caller: number): Promise<void> {
  for (let i = 0; ; i++) {
    const ids = [`${round}-${caller}-${i}-a`, `${round}-${caller}-${i}-b`];
    await log.append(
      ids.map((id) => ({ topic: names.inbox, partition: 0, key: id, value: encoder.encode(id.repeat(40)) })),
    );
    for (const id of ids) process.stdout.write(`appended ${id}\n`);
  }
}

/** One output and one state entry a record, and a total that must agree with both. */
async function count(owned: OwnedPartition): Promise<void> {
  while (!owned.signal.aborted) {
    const records = await owned.read({ maxRecords: 7, waitMs: 1_000 });
    if (records.length === 0) continue;
    const total = Number(new TextDecoder().decode(owned.state.get('total')?.value ?? undefined) || 0) + records.length;
    const last = records.at(-1)!;
    await owned.commit({
      nextOffset: last.offset + 1n,
      logTime: last.at,
      state: [
        { key: 'total', value: encoder.encode(String(total)), timers: { total } },
        ...records.map(({ key }) => ({ key: `seen/${key}`, value: encoder.encode(key), timers: { check: total } })),
      ],
      outputs: records.map(({ key }) => ({ topic: names.outputs, partition: 0, key, value: encoder.encode(key) })),
    });
    process.stdout.write(`committed ${last.offset + 1n}\n`);
  }
}
