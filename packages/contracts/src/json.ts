const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Plain data → UTF-8 JSON bytes, as records carry it. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** UTF-8 JSON bytes → plain data. Throws on bytes that are no JSON. */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}
