import { isbot } from 'isbot';

/** Whether a user agent is a crawler, a monitor or a script. The list is a long pattern (2 µs); agents repeat, so answers are kept. */
export function isBot(userAgent: unknown): boolean {
  if (typeof userAgent !== 'string' || userAgent === '') return false;
  const agent = userAgent.length > AGENT_CHARS_MAX ? userAgent.slice(0, AGENT_CHARS_MAX) : userAgent;
  let bot = known.get(agent);
  if (bot === undefined) {
    bot = isbot(agent);
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(agent, bot);
  }
  return bot;
}

/** Real agents are under 500 characters; the pattern's time grows with the text. */
const AGENT_CHARS_MAX = 1_000;
/** At most some 2 MB; emptied when full, as a client can send as many as it likes. */
const KNOWN_MAX = 2_000;
const known = new Map<string, boolean>();
