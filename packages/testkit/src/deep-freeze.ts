/**
 * Freezes plain data all the way down, so that a handler which changes what it was lent throws where it does so. Bytes are left
 * alone (JavaScript cannot freeze them). Returns the same object.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
