/**
 * A made log without memory: each buyer touches at random, at the same mean rate for all, whatever went before. Nobody can tell one from
 * another, so whoever ranks them has seen the future: the area under the curve must be 0.5.
 */
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { admitRows } from '@cairn/replay/admit-rows.ts';

const BUYERS = 400;
const DAYS = 120;
const MEAN_GAP_DAYS = 8;
const DAY_MS = 86_400_000;
/** A Monday, 00:00 UTC. */
export const MEMORYLESS_START = 1_767_571_200_000;
export const MEMORYLESS_SPLIT = MEMORYLESS_START + (DAYS / 2) * DAY_MS;

export const MEMORYLESS_DEFINITION: JourneyDefinition = {
  cairn: 'journey-definition/1',
  name: 'memoryless',
  unit: 'person',
  stages: [{ name: 'open', stall: { learned: { horizon: '7 days', probability: 0.7, atLeast: '2 days' } } }],
};

export function memorylessTouchpoints(): Touchpoint[] {
  const random = seededRandom(42);
  const gap = (): number => -Math.log(1 - random()) * MEAN_GAP_DAYS * DAY_MS;
  const touches: { at: number; buyer: number }[] = [];
  for (let buyer = 0; buyer < BUYERS; buyer++) {
    // Everyone is there from the start: how long someone is known tells nothing.
    touches.push({ at: MEMORYLESS_START, buyer });
    for (let at = MEMORYLESS_START + gap(); at < MEMORYLESS_START + DAYS * DAY_MS; at += gap())
      touches.push({ at: Math.floor(at), buyer });
  }
  touches.sort((a, b) => a.at - b.at);
  const rows = touches.map(({ at, buyer }, i) => {
    const item = {
      type: 'track',
      event: 'Touch',
      userId: `buyer-${buyer}`,
      messageId: `m${i}`,
      timestamp: formatInstant(at),
    };
    return { at, number: i + 1, text: JSON.stringify(item), item };
  });
  return [
    ...admitRows('evaluate', rows, (reason) => {
      throw new Error(`a made touchpoint was refused: ${reason}`);
    }),
  ];
}
