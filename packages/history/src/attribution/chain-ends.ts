/** How a path begins and ends in the Markov chain. No channel is called so: they are trimmed. */
export const START = ' start';
export const CONVERTED = ' converted';
export const LOST = ' lost';
