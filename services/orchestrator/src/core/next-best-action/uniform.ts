/** A number in [0, 1) that an id stands for: the same for the same id, whoever asks, and spread evenly over different ones. */
import { idOf } from '@cairn/contracts/ids.ts';

/** 48 bits: fine enough for any share, exact in a double. */
const CHARACTERS = 8;
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function uniformOf(seed: string): number {
  const text = idOf('u', seed);
  let value = 0;
  for (let i = 2; i < 2 + CHARACTERS; i++) value = value * 64 + BASE64URL.indexOf(text[i]!);
  return value / 64 ** CHARACTERS;
}

/** Whether a subject is in the holdout: for good, unless the share changes (a larger one keeps those of a smaller). */
export function isHeldOut(share: number, definition: string, subjectId: string): boolean {
  return share > 0 && uniformOf(`holdout/${definition}/${subjectId}`) < share;
}
