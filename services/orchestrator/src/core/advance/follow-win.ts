/** Keeps what one journey will teach the model of winning: what it looked like at one of its touchpoints, and what became of it. */
import type { AccountSummary, PersonSummary } from '@cairn/contracts/generated/stitched.ts';
import { hashText, mix } from '../learn/hashing.ts';
import { winSlots, winTraits } from '../score/win-crosses.ts';
import { packWin } from '../stall/learned/lesson.ts';
import type { Draft } from './draft.ts';
import { hasEnded } from './settle-stall.ts';

/** Outcomes are learned so long after what they were learned from, wins and losses alike: most have ended by then. */
const WINDOW_MS = 30 * 86_400_000;
const NO_TRAITS: readonly number[] = [];

/** After a touchpoint; `wasOpen`: before it the journey had no outcome. */
export function followWin(
  draft: Draft,
  person: PersonSummary | null,
  account: AccountSummary | null,
  at: number,
  wasOpen: boolean,
): void {
  const { definition, journey, journeyId, now } = draft;
  if (!wasOpen || !definition.won || !definition.lost) return;
  if (hasEnded(journey)) {
    const { win } = journey;
    if (!win || win.slots.length === 0) return;
    const due = Math.max(now, win.at + WINDOW_MS);
    draft.outputs.push({ type: 'lesson', lesson: packWin({ due, won: journey.status === 'won', slots: win.slots }) });
    journey.win = { at: win.at, slots: [], traits: win.traits };
    return;
  }
  const allowed = definition.source.score?.win?.traits ?? [];
  const traits = allowed.length
    ? winTraits(allowed, person?.traits, (account ?? draft.subject.account)?.traits)
    : NO_TRAITS;
  const known = traits.length > 0 ? traits : (journey.win?.traits ?? NO_TRAITS);
  // Each touchpoint is the one with the same probability: the newest of n replaces the one before with 1/n.
  const isChosen = mix(hashText(journeyId), journey.touchpoints) % journey.touchpoints === 0 || !journey.win;
  if (isChosen) journey.win = { at, slots: winSlots(definition, journey, known, now), traits: known };
  else if (known !== journey.win!.traits) journey.win = { ...journey.win!, traits: known };
}
