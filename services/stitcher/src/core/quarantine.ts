import { digestOf, tellDecision } from './decisions.ts';
import { namespaceOf, valueOf } from './identifier-key.ts';
import { ownerOf, put, putNode, putPerson, read, readNode, readPerson, type Draft } from './identity-graph.ts';
import { withMark } from './person-record.ts';
import { ruleOf } from './settings.ts';

/**
 * Learns generic values: an identifier that reaches more than 20 people in a day (a call centre's phone number, a placeholder that no
 * list knows) is quarantined. It still leads to whom it led, but its edges merge nobody any more.
 */

/**
 * `w/<workspace>/reach/<key>`: whom it reached on one day (days since 1970, log time), from the second on; as digests, because it is found by this
 * identifier and an erasure of one of them would not look here.
 */
interface Reach {
  day: number;
  of: readonly string[];
}

const DAY_MS = 86_400_000;

/** `whom`: the most durable identifier beside it. Returns false when it reached them before today: nothing new to tell. */
export function noteReach(draft: Draft, key: string, whom: string): boolean {
  const node = readNode(draft, key);
  if (node === undefined || typeof node === 'object') return false;
  // The one it belongs to is the first it reached, whatever devices it comes from.
  if (ruleOf(draft.settings, namespaceOf(whom)).unique && ownerOf(readNode(draft, whom)) === node) return false;
  const day = Math.floor(draft.now / DAY_MS);
  const known = read<Reach>(draft, `reach/${key}`);
  const of = known?.day === day ? known.of : [];
  const reached = digestOf('reach', '', whom);
  if (of.includes(reached)) return false;
  // The first it ever reached is not in the list.
  if (of.length + 1 < draft.settings.quarantineAbove) {
    put(draft, `reach/${key}`, { day, of: [...of, reached] } satisfies Reach);
    return true;
  }
  put(draft, `reach/${key}`, null);
  putNode(draft, key, { person: node, state: 'quarantined' });
  putPerson(draft, node, withMark(readPerson(draft, node)!, key, 'quarantined'), true);
  tellDecision(draft, {
    personId: node,
    decision: 'quarantined',
    namespace: namespaceOf(key),
    value: valueOf(key),
    reason: 'reached-too-many-people',
  });
  return true;
}
