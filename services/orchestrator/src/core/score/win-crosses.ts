/** What the model of winning looks at, as slots of its table: classes of engagement, fit, touches and pace, crossed with the stage. */
import type { CompiledDefinition } from '../definition/compile-definition.ts';
import { hashText, mix } from '../learn/hashing.ts';
import type { JourneyState } from '../state.ts';
import { engagementTotal } from './engagement.ts';
import { fitTotal } from './fit.ts';

export const WIN_SLOTS = 2_048;
const MASK = WIN_SLOTS - 1;
const DAY_MS = 86_400_000;
/** Of the traits that a definition allows, what one journey may show. */
export const WIN_TRAITS_KEPT = 12;

const NAMES = [
  'stage',
  'engagement',
  'engagement × stage',
  'fit',
  'fit × stage',
  'touches',
  'touches × stage',
  'our touches × stage',
  'people',
  'silence × stage',
  'time in stage × stage',
  'age × touches',
  'stages visited × stage',
  'roles',
] as const;
const SEEDS = NAMES.map((name) => hashText(name));
const TRAIT_SEED = hashText('trait');

/** The journey as of `now`; nothing of its outcome is looked at. */
export function winSlots(
  definition: CompiledDefinition,
  journey: JourneyState,
  traits: readonly number[],
  now: number,
): number[] {
  const stage = hashText(journey.stage);
  const engagement = logClass(engagementTotal(definition, journey.points, now), 12);
  const fit = fitTotal(definition, journey);
  const fitClass = fit === 0 ? 0 : Math.max(-8, Math.min(8, Math.round(fit / 10))) + 20;
  const ins = logClass(journey.silence?.ins ?? 0, 10);
  const outs = logClass(journey.silence?.outs ?? 0, 8);
  const silence = logClass((now - (journey.inboundAt ?? journey.startedAt)) / (DAY_MS / 4), 11);
  const inStage = logClass((now - journey.stageSince) / (DAY_MS / 4), 11);
  const age = logClass((now - journey.startedAt) / DAY_MS, 10);
  const roles = new Set(journey.people.flatMap((person) => person.roles ?? []));
  const values = [
    stage,
    engagement,
    mix(engagement, stage),
    fitClass,
    mix(fitClass, stage),
    ins,
    mix(ins, stage),
    mix(outs, stage),
    Math.min(5, journey.people.length),
    mix(silence, stage),
    mix(inStage, stage),
    mix(age, ins),
    mix(Math.min(8, journey.visits.length), stage),
    hashText([...roles].sort().join()),
  ];
  const slots = values.map((value, i) => mix(SEEDS[i]!, value) & MASK);
  for (const trait of traits) slots.push(mix(TRAIT_SEED, trait) & MASK);
  return slots;
}

export function nameOfSlot(place: number): string {
  return NAMES[place] ?? 'trait';
}

/** Hashes of the allowed traits that a person or account has: words as they are, numbers by their size. */
export function winTraits(
  allowed: readonly string[],
  person: Readonly<Record<string, unknown>> | undefined,
  account: Readonly<Record<string, unknown>> | undefined,
): readonly number[] {
  const found: number[] = [];
  for (const name of allowed) {
    const value = account?.[name] ?? person?.[name];
    if (found.length >= WIN_TRAITS_KEPT) break;
    if (typeof value !== 'number' && typeof value !== 'string' && typeof value !== 'boolean') continue;
    const shown = typeof value === 'number' ? `${Math.sign(value)}:${logClass(Math.abs(value), 40)}` : String(value);
    found.push(mix(hashText(name), hashText(shown.slice(0, 100).toLowerCase())));
  }
  return found;
}

function logClass(value: number, most: number): number {
  return value <= 1 ? (value <= 0 ? 0 : 1) : Math.min(most, 2 + Math.floor(Math.log2(value)));
}
