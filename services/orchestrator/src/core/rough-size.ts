/** About how many characters a value is as JSON, without writing it. Stops counting soon after `limit`: the answer is then only over it. */
export function roughSize(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 6;
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      size += roughSize(item, limit - size) + 1;
      if (size > limit) return size;
    }
    return size;
  }
  for (const name in value) {
    size += name.length + 4 + roughSize((value as Record<string, unknown>)[name], limit - size);
    if (size > limit) return size;
  }
  return size;
}
