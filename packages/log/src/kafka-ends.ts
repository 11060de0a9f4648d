/**
 * Where the partitions of a topic end: those that are asked for in one turn share one request. A process that holds eight partitions asked
 * the broker eight times a second how far each is behind. Must never answer by a request that was sent before the question.
 */
export type EndOf = (cluster: EndsAsked, partition: number) => Promise<bigint>;

/** What is asked of a cluster. */
export interface EndsAsked {
  listOffsets(topic: string, which: 'next', partitions: readonly number[]): Promise<ReadonlyMap<number, bigint>>;
}

/** `topic`: Kafka's name of it. The first who asks lends its cluster; where that fails the others ask for themselves. */
export function createEnds(topic: string): EndOf {
  let open: { partitions: number[]; answer: Promise<ReadonlyMap<number, bigint>> } | null = null;

  function ask(cluster: EndsAsked): { partitions: number[]; answer: Promise<ReadonlyMap<number, bigint>> } {
    const partitions: number[] = [];
    const answer = Promise.resolve().then(() => {
      // Sent now: whoever comes later asks anew.
      open = null;
      return cluster.listOffsets(topic, 'next', partitions);
    });
    return { partitions, answer };
  }

  return async function endOf(cluster, partition) {
    const request = (open ??= ask(cluster));
    const isMine = request.partitions.push(partition) === 1;
    const ends = isMine
      ? await request.answer
      : await request.answer.catch(() => cluster.listOffsets(topic, 'next', [partition]));
    return ends.get(partition)!;
  };
}
