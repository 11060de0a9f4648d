import { ownerOf } from '../core/identity-graph.ts';
import { foundInFacts } from './found-in-facts.ts';
import { paramsOf, type FoundWorld, type StitchCase } from './run-case.ts';
import { createStitchWorld, WORKSPACE } from './stitch-world.ts';

/** Runs a case through the pure core and shows what came of it. */
export function runInCore(stitchCase: StitchCase): FoundWorld {
  const world = createStitchWorld(stitchCase.settings);
  const stamped = new Map<string, string>();
  stitchCase.steps.forEach((step, index) => {
    const messageId = `step-${index + 1}`;
    world.advance(1);
    if ('wait' in step) return world.advance(step.wait);
    if ('command' in step) return void world.order(step.command, paramsOf(step, WORKSPACE, personOf));
    const before = world.stitched.length;
    world.send({ messageId, ...step });
    for (const { person } of world.stitched.slice(before)) if (person) stamped.set(`#${index + 1}`, person.id);
  });
  function personOf(name: string): string {
    return (name.startsWith('#') ? stamped.get(name) : ownerOf(world.node(name))) ?? 'nobody';
  }
  const told = {
    subjects: world.outputs.flatMap(({ to, message }) => (to === 'subject' ? [message] : [])),
    identities: world.outputs.flatMap(({ to, message }) => (to === 'identities' && message ? [message] : [])),
  };
  return foundInFacts(stitchCase, WORKSPACE, told, stepsByMessageId(stitchCase));
}

/** Messages are called after their steps, unless the case calls them itself: then the first of the name is meant. */
export function stepsByMessageId(stitchCase: StitchCase): (messageId: string) => number {
  const steps = new Map<string, number>();
  stitchCase.steps.forEach((step, index) => {
    const messageId = ('type' in step && step.messageId) || `step-${index + 1}`;
    if (!steps.has(messageId)) steps.set(messageId, index + 1);
  });
  return (messageId) => steps.get(messageId)!;
}
