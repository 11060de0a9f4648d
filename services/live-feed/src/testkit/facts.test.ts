import { expect, test } from 'vitest';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { alert, alertFact, deadLetter, journey, journeyChanged, person, touchpoint } from './facts.ts';

test('the facts that the tests are made of are what the schemas say', () => {
  const facts = {
    journey: journeyChanged(journey('w1', 'acme'), { touchpoint: touchpoint('tp_1') }),
    alert: alertFact(alert('w1', 'acme', 'alr_1'), 'alert.opened'),
    identity: person('w1', 'per_1'),
    'dead-letter': deadLetter('w1', 'dl_1'),
  };
  for (const [name, fact] of Object.entries(facts)) {
    const validate = validatorOf(name as keyof typeof facts);
    expect(validate(fact) ? null : [name, validate.errors]).toBeNull();
  }
});
