import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { letterHashes } from '@cairn/contracts/erased-letter.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Log, NewRecord } from '@cairn/log/log.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { REFUSALS, type Refusal } from '../core/refusals.ts';

/** How admitted touchpoints and dead letters of one workspace lie on the log. */
export interface Records {
  ofTouchpoint(touchpoint: Touchpoint, headers?: Readonly<Record<string, string>>): NewRecord;
  ofRefused(refused: Refused): NewRecord;
}

export interface Refused {
  reason: Refusal;
  messageId: string | null;
  /** The field at fault, or what went wrong, where that is known. */
  detail: string | null;
  /** What came, as text; cut here. */
  raw: string;
  /** Epoch ms. */
  at: number;
  /** Names this one item for ever: a retried append makes no second letter. */
  itemId: string;
}

/** As the schema says. */
const RAW_CHARS_MAX = 65_536;

/** `control`: who must never be stored again; of their refused touchpoints the letter says that there was one, and why. */
export function createRecords(
  log: Pick<Log, 'partitions'>,
  workspace: string,
  control?: Pick<ControlMirror, 'suppressed'>,
): Records {
  function isUnwanted(raw: string): boolean {
    const suppressed = control?.suppressed(workspace);
    return !!suppressed?.size && letterHashes(workspace, raw).some((hash) => suppressed.has(hash));
  }

  const key = keyOf.workspace(workspace);
  const touchpoints = partitionOf(key, log.partitions('touchpoints'));
  const deadLetters = partitionOf(key, log.partitions('dead-letters'));
  return {
    ofTouchpoint(touchpoint, headers) {
      const record = {
        topic: 'touchpoints',
        partition: touchpoints,
        key,
        value: Buffer.from(JSON.stringify(touchpoint)),
      };
      return headers ? { ...record, headers } : record;
    },
    ofRefused(refused) {
      const letter: DeadLetter = {
        type: 'dead-letter',
        id: idOf('dl', workspace, refused.itemId),
        workspace,
        at: refused.at,
        reason: refused.reason,
        messageId: refused.messageId,
        raw: isUnwanted(refused.raw) ? '' : refused.raw.slice(0, RAW_CHARS_MAX),
        service: 'ingest',
        error: refused.detail === null ? REFUSALS[refused.reason] : `${REFUSALS[refused.reason]}: ${refused.detail}`,
        position: null,
      };
      return { topic: 'dead-letters', partition: deadLetters, key, value: Buffer.from(JSON.stringify(letter)) };
    },
  };
}
