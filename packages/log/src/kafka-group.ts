/** What kafkajs's consumer is given for a task's group: its assigner, and the pause, seek and resume of single partitions. */
import { AssignerProtocol, type Consumer, type PartitionAssigner } from 'kafkajs';
import { assignPartitions, decodeClaim } from './kafka-assignment.ts';
import type { Fetching } from './kafka-partition.ts';

/** kafkajs throws when its consumer is down; then the group is joined anew and everything is told again. */
export function createFetching(consumer: Consumer, topic: string): Fetching {
  const attempt = (action: () => void): void => {
    try {
      action();
    } catch {
      // See above.
    }
  };
  return {
    pause: (partition) => attempt(() => consumer.pause([{ topic, partitions: [partition] }])),
    seek: (partition, offset) => attempt(() => consumer.seek({ topic, partition, offset: String(offset) })),
    resume: (partition) => attempt(() => consumer.resume([{ topic, partitions: [partition] }])),
  };
}

/** `claim` is asked for at each joining: what this member holds. */
export function createAssigner(topic: string, partitions: number, claim: () => Buffer): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = AssignerProtocol;
  return () => ({
    name: 'cairn-cooperative',
    version: 0,
    protocol: ({ topics }) => ({
      name: 'cairn-cooperative',
      metadata: MemberMetadata.encode({ version: 0, topics, userData: claim() }),
    }),
    async assign({ members }) {
      const claims = members.map(({ memberId, memberMetadata }) =>
        decodeClaim(memberId, MemberMetadata.decode(memberMetadata)?.userData ?? Buffer.alloc(0)),
      );
      return [...assignPartitions(claims, partitions)].map(([memberId, own]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: 0,
          assignment: { [topic]: own },
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}
