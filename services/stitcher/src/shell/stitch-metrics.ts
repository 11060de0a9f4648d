import type { Metrics } from '@cairn/service-kit/metrics.ts';
import type { StitchOutput } from '../core/identity-graph.ts';
import type { Stitched } from '../core/stitch-touchpoint.ts';

/** What the stitcher counts. Counted as it is handled: a cycle that is done again after a fault counts again. */
export interface StitchMetrics {
  stitched(stitched: Stitched): void;
  commanded(command: string, outputs: readonly StitchOutput[]): void;
}

export function createStitchMetrics(metrics: Metrics): StitchMetrics {
  const touchpoints = metrics.counter('cairn_touchpoints_stitched_total', 'Touchpoints stitched');
  const duplicates = metrics.counter(
    'cairn_touchpoints_duplicate_total',
    'Touchpoints dropped as duplicates by messageId',
  );
  const changing = metrics.counter('cairn_identity_graph_changes_total', 'Touchpoints that changed the identity graph');
  const merges = metrics.counter('cairn_identity_merges_total', 'People absorbed by another');
  const handOvers = metrics.counter('cairn_identity_hand_overs_total', 'Subjects handed over to another');
  const decisions = metrics.counter('cairn_identity_decisions_total', 'Decisions about identifiers', ['decision']);
  const largest = metrics.gauge(
    'cairn_identity_largest_person_ids',
    'Identifiers of the largest person seen by this process',
  );
  const commands = metrics.counter('cairn_identity_commands_total', 'Commands of people about identities', [
    'command',
    'answer',
  ]);
  let largestIds = 0;

  function count(outputs: readonly StitchOutput[]): void {
    for (const { to, message } of outputs) {
      if (message?.type === 'subject.handed-over') handOvers.inc();
      else if (message?.type === 'person.merged' && to === 'identities') merges.inc();
      else if (message?.type === 'identity.decision') decisions.inc({ decision: message.decision });
      else if (message?.type === 'person.changed' && message.person.ids.length > largestIds)
        largest.set((largestIds = message.person.ids.length));
    }
  }

  return {
    stitched({ duplicate, graphChanged, outputs }) {
      if (duplicate) return duplicates.inc();
      touchpoints.inc();
      if (graphChanged) changing.inc();
      // Almost always the stitched touchpoint alone.
      if (outputs.length === 1) return;
      count(outputs);
    },
    commanded(command, outputs) {
      const answer = outputs.at(-1)?.message;
      commands.inc({ command, answer: answer?.type === 'command.answered' ? (answer.code ?? 'ok') : 'none' });
      count(outputs);
    },
  };
}
