import { parseArgs } from 'node:util';
import { createTown } from './ground-truth.ts';
import { judge } from './judge.ts';

/** `npm run bench:identity [-- --seed N --people N --visits N]`: how well people are told apart in a made-up town whose truth is known. One line of JSON. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    people: { type: 'string', default: '2000' },
    visits: { type: 'string', default: '8' },
  },
});
const [seed, people, visits] = [values.seed, values.people, values.visits].map(Number);
if (![seed, people, visits].every((number) => Number.isInteger(number) && number! > 0)) {
  console.error('usage: npm run bench:identity -- [--seed N] [--people N] [--visits N]');
  process.exit(2);
}
console.log(
  JSON.stringify({ bench: 'identity', seed, ...judge(createTown(seed!, { people: people!, visits: visits! })) }),
);
