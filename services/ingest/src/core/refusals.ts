/** The closed list of reasons for which a touchpoint is refused (API.md, section 2). Each is a metric label, a word in a dead letter and a heading in the docs. */
export const REFUSALS = {
  'malformed-json': 'the body is not JSON in UTF-8',
  'not-an-object': 'a touchpoint is a JSON object',
  'too-large': 'a touchpoint is at most 32 KB, a body at most 500 KB',
  'batch-too-long': 'a batch holds at most 2,500 touchpoints',
  'missing-type': 'an item of a batch says its type',
  'unknown-type': 'the type is one of identify, track, page, screen, group, alias',
  'missing-identity':
    'a userId, an anonymousId, an e-mail or an external id is needed; alias needs userId and previousId',
  'missing-event': 'a track call names its event',
  'missing-group': 'a group call names its groupId',
  'invalid-timestamp': 'the timestamp is no ISO-8601 time',
  'schema-violation': 'a field has the wrong type, or the object is nested too deep',
} as const;

export type Refusal = keyof typeof REFUSALS;

export const REFUSAL_REASONS = Object.keys(REFUSALS) as readonly Refusal[];
