import { describe, expect, test } from 'vitest';
import { CLOSE, ERRORS, parseChannel, parseCommands, readSubProtocols } from './feed-protocol.ts';

const parse = (value: unknown): unknown => parseCommands(JSON.stringify(value));

describe('commands', () => {
  test('one message may hold several commands, one a line', () => {
    const text =
      '{"id":1,"method":"authenticate","params":{"token":"t"}}\n\n{"id":2,"method":"subscribe","params":{"channel":"board","filter":{"stage":["a"]}}}\n';
    expect(parseCommands(text)).toEqual({
      commands: [
        { id: 1, method: 'authenticate', token: 't' },
        { id: 2, method: 'subscribe', channel: 'board', cursor: null, filter: { stage: ['a'] } },
      ],
    });
  });

  test.each([
    ['no JSON', 'hello'],
    ['no object', '[1]'],
    ['null', 'null'],
    ['no id', '{"method":"subscribe"}'],
    ['id 0', '{"id":0,"method":"subscribe"}'],
    ['a negative id', '{"id":-1,"method":"subscribe"}'],
    ['a broken id', '{"id":1.5,"method":"subscribe"}'],
    ['an id as text', '{"id":"1","method":"subscribe"}'],
  ])('%s is a fault that closes the connection', (_name, text) => {
    expect(parseCommands(text)).toEqual({ fault: CLOSE.badRequest });
  });

  test.each([
    ['an unknown method', { id: 1, method: 'publish' }, ERRORS.unknownMethod],
    ['no method', { id: 1 }, ERRORS.badRequest],
    ['params that are no object', { id: 1, method: 'subscribe', params: [] }, ERRORS.badRequest],
    ['no token', { id: 1, method: 'authenticate', params: {} }, ERRORS.badRequest],
    [
      'a token that is too long',
      { id: 1, method: 'authenticate', params: { token: 'x'.repeat(2_000) } },
      ERRORS.badRequest,
    ],
    ['no channel', { id: 1, method: 'subscribe', params: {} }, ERRORS.badRequest],
    [
      'a channel name that is too long',
      { id: 1, method: 'subscribe', params: { channel: 'x'.repeat(300) } },
      ERRORS.unknownChannel,
    ],
    [
      'a cursor that is no text',
      { id: 1, method: 'subscribe', params: { channel: 'board', cursor: 7 } },
      ERRORS.badRequest,
    ],
  ])('%s is answered with an error under its id', (_name, command, error) => {
    expect(parse(command)).toEqual({ commands: [{ id: 1, method: 'refused', error }] });
  });
});

test('channels have four kinds of names and no others', () => {
  expect(parseChannel('journey:jrn_1')).toEqual({ kind: 'journey', name: 'journey:jrn_1', id: 'jrn_1' });
  for (const name of ['board', 'alerts', 'ops']) expect(parseChannel(name)).toEqual({ kind: name, name });
  for (const name of ['', 'journey:', 'journeys', 'Board', 'w2/board']) expect(parseChannel(name)).toBeNull();
});

test('a token may come beside the sub-protocol', () => {
  expect(readSubProtocols(['cairn.v1', 'bearer.abc.def'])).toEqual({ ours: true, any: true, token: 'abc.def' });
  expect(readSubProtocols(['graphql-ws'])).toEqual({ ours: false, any: true, token: null });
  expect(readSubProtocols([])).toEqual({ ours: false, any: false, token: null });
});

test('close codes up to 3499 ask to come back, those from 3500 do not, as API.md section 6 lists them', () => {
  const codes = Object.values(CLOSE).map(({ code }) => code);
  expect(codes.filter((code) => code >= 3000 && code < 3500).sort()).toEqual([3001, 3004, 3005, 3008, 3012, 3013]);
  expect(codes.filter((code) => code >= 3500).sort()).toEqual([3500, 3501, 3502, 3507]);
});

test('error codes are those of API.md section 6', () => {
  expect(Object.values(ERRORS).map(({ code }) => code)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 109, 111]);
});
