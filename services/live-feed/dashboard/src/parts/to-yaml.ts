/** A definition as the YAML that people write: short things on one line, in braces, the rest as blocks. Only what JSON can hold. */
const WIDTH = 100;

export function toYaml(value: Record<string, unknown>): string {
  return `${block(value, 0).join('\n')}\n`;
}

function block(value: unknown, indent: number): string[] {
  const pad = ' '.repeat(indent);
  if (Array.isArray(value))
    return value.flatMap((item) => {
      const short = flow(item);
      if (short.length + indent < WIDTH && !isNamed(item)) return [`${pad}- ${short}`];
      const [first = '', ...rest] = block(item, indent + 2);
      return [`${pad}- ${first.trimStart()}`, ...rest];
    });
  if (typeof value !== 'object' || value === null) return [pad + flow(value)];
  return Object.entries(value).flatMap(([key, item]) => {
    const short = flow(item);
    const isList = Array.isArray(item) && item.some(isNamed);
    if (!isList && (typeof item !== 'object' || item === null || short.length + indent + key.length < WIDTH - 2))
      if (indent > 0 || typeof item !== 'object' || !holdsObjects(item)) return [`${pad}${scalar(key)}: ${short}`];
    return [`${pad}${scalar(key)}:`, ...block(item, indent + 2)];
  });
}

/** What has a name is worth a line a key. */
const isNamed = (item: unknown): boolean =>
  typeof item === 'object' && item !== null && 'name' in item && Object.keys(item).length > 1 && flow(item).length > 60
    ? true
    : typeof item === 'object' && item !== null && 'name' in item && ('enter' in item || 'stall' in item);
const holdsObjects = (item: unknown): boolean =>
  typeof item === 'object' &&
  item !== null &&
  Object.values(item).some((one) => typeof one === 'object' && one !== null && !Array.isArray(one));

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${scalar(key)}: ${flow(item)}`);
    return entries.length ? `{ ${entries.join(', ')} }` : '{}';
  }
  return scalar(value);
}

/** Plain where YAML reads it back as the same text; else as JSON, which is YAML too. */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const isPlain =
    /^[A-Za-z_][\w ./+-]*$/.test(value) && !/\s$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  const isDuration = /^\d+(\.\d+)? ?[a-z][a-z ]*$/.test(value);
  return isPlain || isDuration ? value : JSON.stringify(value);
}
