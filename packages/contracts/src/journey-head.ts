/**
 * The head of a `journey.changed`: what boards, lists and the history need of a change, read without parsing the journey behind it.
 * Four of five bytes of the record are the journey, and most changes are looked at by nobody: parsing them all took a third of the time of
 * whoever followed the topic.
 */
import { parseInstant } from '@cairn/clock/calendar.ts';
import type { Journey, JourneyChanged, JourneyHead } from './generated/journey.ts';
import { decodeJson } from './json.ts';

/** A change without its journey and its touchpoint. */
export type ChangeHead = Omit<JourneyChanged, 'journey' | 'touchpoint' | 'head'> & { head: JourneyHead };

/** Whoever searches for the 40th person of an account finds it through the person. */
const TEXT_LENGTH_MAX = 600;
/** Unescaped quotes cannot stand within a JSON text, so the first place where this stands is where the key stands. */
const END_OF_HEAD = Buffer.from(',"touchpoint":');

/** The keys in the order that `readChangeHead` relies on. */
export function withHead(fact: Omit<JourneyChanged, 'head'>, head: JourneyHead): JourneyChanged {
  const { type, factId, workspace, at, from, events, imported, cause, touchpoint, journey } = fact;
  return { type, factId, workspace, at, from, events, imported, cause, head, touchpoint, journey };
}

/** Throws on bytes that are no JSON. Records that were written without a head are read whole. */
export function readChangeHead(bytes: Uint8Array): ChangeHead {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf(END_OF_HEAD);
  if (end > 0) {
    const before = JSON.parse(`${buffer.toString('utf8', 0, end)}}`) as Partial<ChangeHead>;
    if (before.head) return before as ChangeHead;
  }
  return headOfChange(decodeJson(bytes) as JourneyChanged);
}

export function headOfChange(fact: JourneyChanged): ChangeHead {
  const { journey, touchpoint, head, ...rest } = fact;
  return { ...rest, head: head ?? headOf(journey, touchpoint) };
}

/** `times` (epoch ms): what the writer knows need not be read out of the journey's texts again. */
export function headOf(
  journey: Journey,
  touchpoint: JourneyChanged['touchpoint'],
  times?: Pick<JourneyHead, 'stageSince' | 'updatedAt'>,
): JourneyHead {
  return {
    id: journey.id,
    subjectId: journey.subject.id,
    definition: journey.definition,
    seq: journey.seq,
    absorbedInto: journey.absorbedInto,
    stage: journey.stage,
    stageSince: times?.stageSince ?? parseInstant(journey.stageSince) ?? 0,
    status: journey.status,
    owner: journey.owner,
    text: textOf(journey),
    engagement: journey.score.engagement,
    fit: journey.score.fit,
    qualification: journey.score.qualification,
    halfLifeMs: journey.halfLifeMs,
    updatedAt: times?.updatedAt ?? parseInstant(journey.updatedAt) ?? 0,
    touch: touchpoint && {
      id: touchpoint.id,
      event: touchpoint.event,
      channel: touchpoint.channel,
      direction: touchpoint.direction,
      at: parseInstant(touchpoint.timestamp) ?? 0,
      personId: touchpoint.personId,
    },
  };
}

function textOf(journey: Journey): string {
  let text = '';
  const add = (word: string | null | undefined): void => {
    if (word && text.length < TEXT_LENGTH_MAX) text = text === '' ? word : `${text} ${word}`;
  };
  add(journey.name);
  add(journey.account?.name);
  add(journey.account?.domain);
  add(journey.owner);
  for (const { name, email } of journey.people) {
    add(name);
    add(email);
  }
  return text.toLowerCase().slice(0, TEXT_LENGTH_MAX);
}
