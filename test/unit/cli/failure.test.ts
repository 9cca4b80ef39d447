import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { commandFailure } from '../../../src/cli/failure.ts';

const asked = { verb: 'get', resource: RESOURCES.oauthClient, namespace: 'shop', name: 'x' } as const;
const refused = (status: number, reason: string, message: string) =>
  commandFailure({ ok: false, status, reason, message }, asked);

describe('an answer of the API server', () => {
  test.each([
    [429, 'TooManyRequests', 'too many requests'],
    [500, 'InternalError', 'etcdserver: leader changed'],
    [503, 'ServiceUnavailable', 'apiserver is shutting down'],
    [504, 'Timeout', 'request timed out'],
  ])('%i says nothing about the object', (status, reason, message) => {
    expect(refused(status, reason, message)).toEqual({
      exit: 'unreachable',
      sentence: `The API server can't get oauthclients.oauth-registrar.dev "x" in namespace shop at present: ${message}.`,
    });
  });

  test('422 is a refusal', () => {
    expect(refused(422, 'Invalid', 'spec is wrong')).toEqual({
      exit: 'found',
      sentence:
        'The API server refuses to get oauthclients.oauth-registrar.dev "x" in namespace shop: spec is wrong.',
    });
  });
});
