/** What the stitcher tells of people → webhooks, and messages that must not be sent any more. Changes no journey. */
import type { StitchedFile } from '@cairn/contracts/generated/stitched.ts';
import { identityWebhook } from '../../core/deliver/webhook-facts.ts';
import { withdrawWithConsent } from './consent-withdrawn.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';
import { withdrawWebhooks, writeWebhook } from './write-webhooks.ts';

const STITCHED: ReadonlySet<string> = new Set<StitchedFile['type']>([
  'touchpoint.stitched',
  'person.merged',
  'person.split',
  'person.erased',
]);

export const isStitched = (message: { type: string }): message is StitchedFile => STITCHED.has(message.type);

export function tellIdentity(
  work: DeliverWork,
  partitions: (topic: string) => number,
  message: StitchedFile,
  now: number,
): void {
  switch (message.type) {
    case 'person.merged':
    case 'person.split':
      return writeWebhook(work, partitions, identityWebhook(message));
    case 'person.erased':
      for (const personId of [message.personId, ...message.absorbed])
        withdrawWebhooks(
          work,
          partitions,
          message.workspace,
          { personId, types: ['*'], state: 'suppressed', reason: 'the person was erased' },
          now,
        );
      return;
    case 'touchpoint.stitched':
      return withdrawWithConsent(work, partitions, message, now);
    case 'subject.handed-over':
    case 'subject.state':
    case 'subject.rederive':
    case 'subject.touchpoints':
      return;
    default:
      message satisfies never;
  }
}
