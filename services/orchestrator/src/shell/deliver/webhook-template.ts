import jsonata from 'jsonata';

/**
 * An endpoint's template: a JSONata expression that makes the body of `{ type, timestamp, data }`. No code: it selects, compares,
 * formats and builds objects. Functions of its own, variables, ranges and regular expressions are refused, because with them an
 * expression of a line can take all time or memory of the process.
 */
export interface WebhookTemplate {
  /** The body as JSON text. Rejects where it fails, takes too long or is too large. */
  render(event: unknown): Promise<string>;
}

export const TEMPLATE_CHARS_MAX = 8_192;
export const RENDERED_BYTES_MAX = 100_000;
const RENDER_MS_MAX = 100;
const DEPTH_MAX = 100;
const SEQUENCE_MAX = 10_000;

const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'string length substring substringBefore substringAfter uppercase lowercase trim contains split join number abs floor ceil round ' +
    'formatNumber formatInteger sum max min average boolean not exists count append sort reverse distinct keys lookup merge type ' +
    'fromMillis toMillis'
  ).split(' '),
);
const REFUSED_NODES: Readonly<Record<string, string>> = {
  lambda: 'functions of its own',
  bind: 'variables',
  regex: 'regular expressions',
  partial: 'partial functions',
  transform: 'transformations',
  parent: 'the parent operator',
};

/** Throws a plain-English fault. */
export function compileTemplate(text: string): WebhookTemplate {
  if (text.length > TEMPLATE_CHARS_MAX) throw new Error(`is longer than ${TEMPLATE_CHARS_MAX} characters`);
  let expression: jsonata.Expression;
  try {
    expression = jsonata(text, { timeout: RENDER_MS_MAX, stack: DEPTH_MAX, sequence: SEQUENCE_MAX });
  } catch (error) {
    throw new Error(`is no JSONata: ${(error as { message?: string }).message ?? 'it cannot be read'}`, {
      cause: error,
    });
  }
  checkNode(expression.ast());
  expression.registerFunction('join', joinWithin, '<a<s>s?:s>');
  return {
    async render(event) {
      const made: unknown = await expression.evaluate(event);
      const body = JSON.stringify(made) as string | undefined;
      if (body === undefined) throw new Error('the template makes nothing');
      if (Buffer.byteLength(body) > RENDERED_BYTES_MAX) throw new Error('the template makes too much');
      return body;
    },
  };
}

/**
 * The body by a template, or as it is. A template that fails on this event sends the event as it is: an odd body is found sooner than a
 * missing one.
 */
export async function renderBody(template: string | null, body: string): Promise<string> {
  if (!template) return body;
  try {
    return await compileTemplate(template).render(JSON.parse(body));
  } catch {
    return body;
  }
}

/** The built-in one multiplies its arguments' lengths. */
function joinWithin(parts: readonly string[], separator = ''): string {
  const length = parts.reduce((sum, part) => sum + part.length + separator.length, 0);
  if (length > RENDERED_BYTES_MAX) throw new Error('$join makes too much');
  return parts.join(separator);
}

function checkNode(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) return node.forEach(checkNode);
  const { type, value, procedure, ...rest } = node as { type?: unknown; value?: unknown; procedure?: unknown };
  if (typeof type === 'string' && REFUSED_NODES[type]) throw new Error(`must not use ${REFUSED_NODES[type]}`);
  if (type === 'binary' && value === '..') throw new Error('must not use ranges');
  if (type === 'function') {
    const called = procedure as { type?: unknown; value?: unknown };
    if (called.type !== 'variable') checkNode(procedure);
    if (called.type !== 'variable' || !ALLOWED_FUNCTIONS.has(String(called.value)))
      throw new Error(`must not call $${String(called.value)}; it may call ${[...ALLOWED_FUNCTIONS].join(', ')}`);
  } else checkNode(procedure);
  // `$` is what is at hand, `$$` the whole event.
  if (type === 'variable' && value !== '' && value !== '$') throw new Error('must not use variables');
  Object.values(rest).forEach(checkNode);
  if (typeof value === 'object') checkNode(value);
}
