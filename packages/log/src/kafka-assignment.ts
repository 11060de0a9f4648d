/**
 * Which member of a task's group gets which partition. Sticky (a partition that moves must be restored elsewhere) and cooperative
 * (a partition whose run has not returned yet goes to nobody; its holder joins again when it has let go). kafkajs's own assigner
 * deals all partitions anew at every change. Pure. Must never give away what a living member still holds.
 */
export interface Claim {
  memberId: string;
  /** The member id under which the claim was made; an evicted member comes back under another, and its claims are void. */
  claimedAs: string;
  /** Partitions that it runs and may go on running. */
  holds: readonly number[];
  /** Partitions that it was asked to give back and has not yet. */
  releases: readonly number[];
  /** On its way out: gets nothing. */
  leaving: boolean;
}

/** member id → its partitions, in rising order. Partitions that are withheld are in no list. */
export function assignPartitions(claims: readonly Claim[], partitions: number): Map<string, number[]> {
  const members = [...claims].sort((a, b) => (a.memberId < b.memberId ? -1 : a.memberId > b.memberId ? 1 : 0));
  const assigned = new Map<string, number[]>(members.map((member) => [member.memberId, []]));
  const takers = members.filter((member) => !member.leaving);
  if (takers.length === 0) return assigned;

  const holder = new Map<number, string>();
  for (const member of members)
    if (member.claimedAs === member.memberId)
      for (const partition of [...member.holds, ...member.releases])
        if (!holder.has(partition)) holder.set(partition, member.memberId);

  // Who keeps most comes first to the bigger shares, so that no partition moves only because of the rest of the division.
  const kept = (member: Claim): number[] =>
    member.claimedAs === member.memberId
      ? member.holds.filter((partition) => partition < partitions && holder.get(partition) === member.memberId)
      : [];
  const byKept = [...takers].sort((a, b) => kept(b).length - kept(a).length);
  const share = new Map(
    byKept.map((member, i) => [
      member.memberId,
      Math.floor(partitions / takers.length) + (i < partitions % takers.length ? 1 : 0),
    ]),
  );

  const target = new Map<number, string>();
  for (const member of takers)
    for (const partition of [...kept(member)].sort((a, b) => a - b).slice(0, share.get(member.memberId)))
      target.set(partition, member.memberId);
  const room = new Map(
    takers.map((member) => [
      member.memberId,
      share.get(member.memberId)! - [...target.values()].filter((id) => id === member.memberId).length,
    ]),
  );
  for (let partition = 0; partition < partitions; partition++) {
    if (target.has(partition)) continue;
    const taker = takers.find((member) => room.get(member.memberId)! > 0)!;
    room.set(taker.memberId, room.get(taker.memberId)! - 1);
    target.set(partition, taker.memberId);
  }
  for (const [partition, memberId] of [...target].sort(([a], [b]) => a - b)) {
    const holds = holder.get(partition);
    if (holds === undefined || holds === memberId) assigned.get(memberId)!.push(partition);
  }
  return assigned;
}

/** What a member says of itself when it joins. */
export type ClaimText = Omit<Claim, 'memberId'>;

export function encodeClaim(claim: ClaimText): Buffer {
  return Buffer.from(JSON.stringify(claim));
}

/** A member that says nothing readable claims nothing. */
export function decodeClaim(memberId: string, bytes: Buffer): Claim {
  try {
    const { claimedAs, holds, releases, leaving } = JSON.parse(bytes.toString('utf8')) as ClaimText;
    return {
      memberId,
      claimedAs: String(claimedAs),
      holds: numbers(holds),
      releases: numbers(releases),
      leaving: leaving === true,
    };
  } catch {
    return { memberId, claimedAs: '', holds: [], releases: [], leaving: false };
  }
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((entry): entry is number => Number.isInteger(entry)) : [];
}
