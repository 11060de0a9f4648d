import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { attribute, createAttributor, MARKOV_CHANNELS_MAX, OTHER_CHANNELS, type AttributionPath } from './models.ts';

const DAY = 86_400_000;

function path(converted: boolean, ...touches: (string | [string, number])[]): AttributionPath {
  const dated = touches.map((touch, i) => (typeof touch === 'string' ? ([touch, i * DAY] as const) : touch));
  return { converted, channels: dated.map(([channel]) => channel), times: dated.map(([, at]) => at) };
}

describe('attribution', () => {
  const found = attribute([
    path(true, ['search', 0], ['email', 7 * DAY], ['direct', 14 * DAY]),
    path(true, 'search', 'direct'),
    path(false, 'social', 'search'),
    path(true),
  ]);

  it('counts conversions that have a touch, and those that nobody is owed', () => {
    expect(found).toMatchObject({ conversions: 2, unattributed: 1, journeys: 4 });
  });

  it('credits the first and the last touch', () => {
    expect(found.models.first).toEqual({ search: 2 });
    expect(found.models.last).toEqual({ direct: 2 });
  });

  it('shares equally, by position, and by nearness to the end', () => {
    const third = 1 / 3;
    expect(found.models.linear).toEqual({ direct: third + 0.5, email: third, search: third + 0.5 });
    expect(found.models.position['search']).toBeCloseTo(0.4 + 0.5, 12);
    expect(found.models.position['email']).toBeCloseTo(0.2, 12);
    // A week halves: 1/4, 1/2, 1 of 7/4; then a day apart.
    expect(found.models.timeDecay['email']).toBeCloseTo(0.5 / 1.75, 12);
    expect(found.models.timeDecay['search']).toBeCloseTo(0.25 / 1.75 + 2 ** (-1 / 7) / (2 ** (-1 / 7) + 1), 12);
  });

  it('gives one touch everything, under every model', () => {
    const alone = attribute([path(true, 'email')]);
    for (const credits of Object.values(alone.models)) expect(credits).toEqual({ email: 1 });
  });

  it('shares a converting set equally, however often a channel is in it', () => {
    expect(attribute([path(true, 'a', 'b', 'a', 'a')]).models.shapley).toEqual({ a: 0.5, b: 0.5 });
  });

  it('finds what each channel is worth to the chain, as worked out by hand', () => {
    // start → a (1/2) → won always; start → b (1/2) → won half of the time. P = 3/4; without a 1/4, without b 1/2.
    const { markov } = attribute([path(true, 'a'), path(true, 'a'), path(true, 'b'), path(false, 'b')]).models;
    expect(markov['a']).toBeCloseTo((3 * (2 / 3)) / (2 / 3 + 1 / 3), 12);
    expect(markov['b']).toBeCloseTo((3 * (1 / 3)) / (2 / 3 + 1 / 3), 12);
  });

  it('says nothing where nothing was won', () => {
    const { conversions, models } = attribute([path(false, 'a', 'b')]);
    expect(conversions).toBe(0);
    expect(models.markov).toEqual({ a: 0, b: 0 });
    expect(models.first).toEqual({});
  });

  it('bounds the chain: the rarest channels are one', () => {
    const attributor = createAttributor();
    for (let i = 0; i < MARKOV_CHANNELS_MAX + 50; i++)
      for (let n = 0; n <= (i < 10 ? 5 : 0); n++) attributor.add(path(true, `channel ${i}`));
    const { conversions, models } = attributor.result();
    expect(Object.keys(models.markov)).toHaveLength(MARKOV_CHANNELS_MAX);
    expect(models.markov[OTHER_CHANNELS]).toBeGreaterThan(0);
    expect(sumOf(models.markov)).toBeCloseTo(conversions, 8);
  });
});

describe('attribution of random journeys', () => {
  const random = seededRandom(11);
  const paths = Array.from({ length: 400 }, () => {
    const length = Math.floor(random() * 7);
    const touches = Array.from({ length }, (_, i): [string, number] => [
      'abcde'[Math.floor(random() * random() * 5)]!,
      i * DAY * random(),
    ]);
    touches.sort(([, m], [, n]) => m - n);
    return path(random() < 0.3, ...touches);
  });
  const found = attribute(paths);

  it('adds up to the conversions under every model', () => {
    for (const credits of Object.values(found.models)) expect(sumOf(credits)).toBeCloseTo(found.conversions, 8);
  });

  it('agrees with a chain that is walked step by step, without and with each channel', () => {
    const effects = naiveRemovalEffects(paths);
    const together = sumOf(effects);
    for (const [channel, effect] of Object.entries(effects))
      expect(found.models.markov[channel]).toBeCloseTo((found.conversions * effect) / together, 6);
  });

  it('agrees with a plain count of first, last, linear and sets', () => {
    const plain = { first: {}, last: {}, linear: {}, shapley: {} } as Record<string, Record<string, number>>;
    for (const { converted, channels } of paths) {
      if (!converted || channels.length === 0) continue;
      const give = (model: string, channel: string, credit: number): void => {
        plain[model]![channel] = (plain[model]![channel] ?? 0) + credit;
      };
      give('first', channels[0]!, 1);
      give('last', channels.at(-1)!, 1);
      for (const channel of channels) give('linear', channel, 1 / channels.length);
      for (const channel of new Set(channels)) give('shapley', channel, 1 / new Set(channels).size);
    }
    for (const [model, credits] of Object.entries(plain))
      for (const [channel, credit] of Object.entries(credits))
        expect(found.models[model as 'first'][channel]).toBeCloseTo(credit, 9);
  });
});

function sumOf(credits: Record<string, number>): number {
  return Object.values(credits).reduce((sum, credit) => sum + credit, 0);
}

/** Another way to the same: mass flows from the start, step by step, until next to none is under way. */
function naiveRemovalEffects(paths: readonly AttributionPath[]): Record<string, number> {
  const moves: Record<string, Record<string, number>> = {};
  for (const { converted, channels } of paths) {
    if (channels.length === 0) continue;
    const states = ['start', ...channels, converted ? 'won' : 'lost'];
    for (let i = 1; i < states.length; i++) {
      const row = (moves[states[i - 1]!] ??= {});
      row[states[i]!] = (row[states[i]!] ?? 0) + 1;
    }
  }
  function chanceToWin(without: string | null): number {
    let mass: Record<string, number> = { start: 1 };
    let won = 0;
    for (let step = 0; step < 2_000; step++) {
      const next: Record<string, number> = {};
      for (const [state, amount] of Object.entries(mass)) {
        const row = moves[state]!;
        const total = sumOf(row);
        for (const [to, count] of Object.entries(row)) {
          const moved = (amount * count) / total;
          if (to === 'won') won += moved;
          else if (to !== 'lost' && to !== without) next[to] = (next[to] ?? 0) + moved;
        }
      }
      mass = next;
    }
    return won;
  }
  const all = chanceToWin(null);
  const channels = Object.keys(moves).filter((state) => state !== 'start');
  return Object.fromEntries(channels.map((channel) => [channel, 1 - chanceToWin(channel) / all]));
}
