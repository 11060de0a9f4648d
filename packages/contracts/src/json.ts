const decoder = new TextDecoder();

/** Plain data → UTF-8 JSON bytes, as records carry it. `Buffer.from` takes a third of `TextEncoder`'s time (0.7 against 2.2 µs for 2 KB): it is on every hop of every touchpoint. */
export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** UTF-8 JSON bytes → plain data. Throws on bytes that are no JSON. */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}
