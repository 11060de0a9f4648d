/**
 * The records that were read last, by their place in the log, so that a client which was away for seconds is served without asking
 * the log. Bounded by count and by bytes per partition; whatever is not here is read from the log.
 */
import type { LogRecord } from '@cairn/log/log.ts';

export interface RecentRecords {
  /** In the order of the log, partition by partition. */
  add(record: LogRecord): void;
  get(topic: string, partition: number, offset: bigint): LogRecord | undefined;
}

/** Of a partition: minutes at a hundred records a second, a fraction of a second at 15,000: enough for every reconnect that is quick. */
const RECORDS_MAX = 5_000;
const BYTES_MAX = 6 * 1024 * 1024;

/** `list` from `first` on; what was dropped before it is cut off now and then, not one by one. */
interface Lane {
  list: (LogRecord | undefined)[];
  first: number;
  bytes: number;
}

export function createRecentRecords(): RecentRecords {
  const topics = new Map<string, Lane[]>();

  function laneOf(topic: string, partition: number): Lane {
    let lanes = topics.get(topic);
    if (!lanes) topics.set(topic, (lanes = []));
    return (lanes[partition] ??= { list: [], first: 0, bytes: 0 });
  }

  return {
    add(record) {
      const lane = laneOf(record.topic, record.partition);
      lane.list.push(record);
      lane.bytes += record.value?.length ?? 0;
      while (lane.list.length - lane.first > RECORDS_MAX || lane.bytes > BYTES_MAX) {
        lane.bytes -= lane.list[lane.first]?.value?.length ?? 0;
        lane.list[lane.first++] = undefined;
      }
      if (lane.first > RECORDS_MAX) {
        lane.list = lane.list.slice(lane.first);
        lane.first = 0;
      }
    },
    get(topic, partition, offset) {
      const lane = topics.get(topic)?.[partition];
      if (!lane) return undefined;
      let low = lane.first;
      let high = lane.list.length - 1;
      while (low <= high) {
        const middle = (low + high) >> 1;
        const record = lane.list[middle]!;
        if (record.offset === offset) return record;
        if (record.offset < offset) low = middle + 1;
        else high = middle - 1;
      }
      return undefined;
    },
  };
}
