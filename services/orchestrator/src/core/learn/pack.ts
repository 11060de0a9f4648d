/** Arrays of 32-bit floats as base64 text, so that a model is a few compact strings in a task's state. What is unpacked is exactly what was packed. */

export function pack(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** A copy of its own; where the text is of another length than `length` values, zeros fill what is missing. */
export function unpack(text: string, length?: number): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  const values = new Float32Array(length ?? bytes.length >> 2);
  new Uint8Array(values.buffer).set(bytes.subarray(0, values.byteLength));
  return values;
}
