/** What followed each decision: noted as it happens, learned only when the windows have closed, for good and for bad alike. */
import { isUnsubscribe } from '../guard-rails.ts';
import { FLAGS, type PendingDecision } from '../next-best-action/outreach-state.ts';
import type { Outreach } from './outreach.ts';

/** A reply counts for 7 business days, a step forward, a win or a farewell for 30 days: learned early, what happens fast would look like all there is. */
export const WINDOW_MS = 30 * 86_400_000;

export function followDecisions(outreach: Outreach): void {
  const { state } = outreach;
  if (!state.decisions?.length) return;
  note(outreach);
  closeWindows(outreach);
}

function note({ draft, scene, state }: Outreach): void {
  const { events, journey, from, definition, now } = draft;
  const isReply = scene.touchpoint !== null && scene.direction === 'inbound';
  const forward =
    events.includes('stage_changed') &&
    from !== null &&
    (definition.stageIndex.get(journey.stage) ?? -1) > (definition.stageIndex.get(from) ?? -1);
  let seen = 0;
  if (forward) seen |= FLAGS.advanced;
  if (events.includes('won')) seen |= FLAGS.won;
  if (scene.touchpoint && isUnsubscribe(scene.touchpoint)) seen |= FLAGS.unsubscribed;
  if (seen === 0 && !isReply) return;
  state.decisions = state.decisions!.map((decision): PendingDecision => {
    const [name, at, replyUntil, features, held, flags] = decision;
    const replied = isReply && !(seen & FLAGS.unsubscribed) && now > at && now <= replyUntil ? FLAGS.replied : 0;
    return [name, at, replyUntil, features, held, flags | seen | replied];
  });
}

function closeWindows({ draft, state }: Outreach): void {
  const { now, outputs } = draft;
  const open: PendingDecision[] = [];
  for (const decision of state.decisions!) {
    const [name, at, , features, held, flags] = decision;
    if (at + WINDOW_MS > now) {
      open.push(decision);
      continue;
    }
    const outcome = {
      replied: (flags & FLAGS.replied) > 0,
      advanced: (flags & FLAGS.advanced) > 0,
      won: (flags & FLAGS.won) > 0,
      unsubscribed: (flags & FLAGS.unsubscribed) > 0,
    };
    outputs.push({ type: 'memory', change: { kind: 'labelled', name, features, outcome, held: held === 1 } });
  }
  if (open.length < state.decisions!.length) state.decisions = open;
}
