/** Frames as they leave: with their cursor, encoded once per projection whatever the number of readers. Encodes only when somebody asks. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import { type Offsets, encodeCursor } from '../core/cursor.ts';
import { type Channel, LIMITS } from '../core/feed-protocol.ts';
import { positionAfter } from '../core/resume.ts';
import type { Frame } from '../core/show-change.ts';

export interface ShownFrame extends Frame {
  channel: string;
  cursor: string;
}

/** What one projection gets in one flush; shared by all its readers. */
export interface FrameBatch {
  readonly frames: readonly ShownFrame[];
  /** In bytes, of the web socket's form. */
  size(): number;
  /** One or more pushes a message, separated by newlines; over 64 KB several messages. */
  messages(): readonly Buffer[];
  events(): Buffer;
}

export function showFrame(channel: Channel, epoch: string, frame: Frame, offsets: Offsets): ShownFrame {
  const after = positionAfter(frame);
  const position =
    channel.kind === 'journey'
      ? { offsets: new Map([[frame.partition, after.offset]]), sub: after.sub }
      : { offsets, sub: 0 };
  return { ...frame, channel: channel.name, cursor: encodeCursor(channel.kind, epoch, position) };
}

export function createBatch(frames: readonly ShownFrame[]): FrameBatch {
  let messages: Buffer[] | null = null;
  let events: Buffer | null = null;

  function encoded(): Buffer[] {
    if (messages) return messages;
    messages = [];
    let text = '';
    for (const frame of frames) {
      const push = pushText(frame);
      if (text !== '' && text.length + push.length > LIMITS.frameBytesMax) {
        messages.push(Buffer.from(text));
        text = '';
      }
      text += text === '' ? push : `\n${push}`;
    }
    if (text !== '') messages.push(Buffer.from(text));
    return messages;
  }
  return {
    frames,
    size: () => encoded().reduce((sum, message) => sum + message.length, 0),
    messages: encoded,
    events: () => (events ??= Buffer.from(frames.map(eventText).join(''))),
  };
}

/** A push of API.md section 6. */
export function pushText(frame: ShownFrame): string {
  const left = frame.left ? ',"left":true' : '';
  return `{"channel":${JSON.stringify(frame.channel)},"cursor":"${frame.cursor}","type":"${frame.type}","at":"${formatInstant(frame.at)}"${left},"data":${dataText(frame.data)}}`;
}

/** As it stands in `missed` and in `/live/history`: the channel is known there. */
export function missedText(frame: ShownFrame): string {
  const left = frame.left ? ',"left":true' : '';
  return `{"cursor":"${frame.cursor}","type":"${frame.type}","at":"${formatInstant(frame.at)}"${left},"data":${dataText(frame.data)}}`;
}

export const eventText = (frame: ShownFrame): string =>
  `id: ${frame.cursor}\nevent: ${frame.type}\ndata: ${pushText(frame)}\n\n`;

/** A journey goes out on its own channel and on every board: turned into text once. */
const texts = new WeakMap<object, string>();

function dataText(data: object): string {
  let text = texts.get(data);
  if (text === undefined) texts.set(data, (text = JSON.stringify(data)));
  return text;
}
