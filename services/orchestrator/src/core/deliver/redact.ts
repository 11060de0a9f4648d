/** Takes out of an answer what we sent as a secret: a receiver that echoes its request must not write our keys into the log and the API. */

/** Shorter values are no secrets, and would tear words apart. */
const SECRET_CHARS_MIN = 6;
const REDACTED = '[redacted]';

/** Also where the end of the text was cut within a secret, and as JSON would write it. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < SECRET_CHARS_MIN) continue;
    for (const spelling of new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])) {
      clean = clean.replaceAll(spelling, REDACTED);
      for (let length = Math.min(spelling.length - 1, clean.length); length >= SECRET_CHARS_MIN; length--)
        if (clean.endsWith(spelling.slice(0, length))) clean = clean.slice(0, -length) + REDACTED;
    }
  }
  return clean;
}
