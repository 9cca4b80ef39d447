import { describe, expect, test } from 'vitest';
import { forgottenAs, saysClientUnknown } from '../../../src/core/forgotten-client.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import { FORGOTTEN, NOW, object, observation, record } from '../../kit/fixtures/observations.ts';
import { answeredError, noAnswer } from '../../kit/fixtures/outcomes.ts';

describe('A server that does not know a client', () => {
  test.each([
    answeredError(401, 'invalid_client', 'The client does not exist on this server'),
    answeredError(401, 'invalid_client', 'Client not found'),
    answeredError(400, 'invalid_client', "client_id doesn't exist"),
    answeredError(404, 'not_found', 'No such client'),
    answeredError(403, 'access_denied', 'Unknown client: c1'),
    answeredError(401, 'invalid_token', 'The client was deleted.'),
    answeredError(410, 'gone', 'This client is no longer registered'),
    answeredError(404, 'client_not_found'),
  ])('says so in its own words: $body', (outcome) => {
    expect(saysClientUnknown(outcome, [])).toBe(true);
  });

  test.each([
    ['a refused token', answeredError(401, 'invalid_token')],
    [
      'a refused token, in words',
      answeredError(401, 'invalid_token', 'The token of this client was not found'),
    ],
    ['a credential that may be the wrong one', answeredError(401, 'invalid_client')],
    [
      'words about authentication',
      answeredError(401, 'invalid_client', 'Unknown client authentication method'),
    ],
    ['words about a key', answeredError(400, 'invalid_request', 'A key of the client is unknown')],
    ['words about something else', answeredError(404, 'not_found', 'The resource does not exist')],
    ['a client that may do something', answeredError(403, 'access_denied', 'The client may not do this')],
    ['a page of a proxy', answered(404, '<html>client not found</html>')],
    ['a status alone', answered(404)],
    ['a failure of its own', answeredError(500, 'server_error', 'client does not exist')],
    ['a client', answered(200, { client_id: 'c1', error_description: 'client does not exist' })],
    ['no answer', noAnswer('Timeout')],
  ])('is not heard in %s', (_, outcome) => {
    expect(saysClientUnknown(outcome, [])).toBe(false);
  });
});

describe('A client that its server does not know', () => {
  const told = (reason: string, clientId = 'c1') =>
    object({
      status: {
        clientId,
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason,
            message: '',
            lastTransitionTime: '',
            observedGeneration: 1,
          },
        ],
      } as never,
    });

  test.each([
    ['said once', { heard: { ...FORGOTTEN, forgotten: 1 } }, undefined],
    ['said of another record', { heard: { ...FORGOTTEN, registrationSecret: 'oac-other' } }, undefined],
    ['said twice', { heard: FORGOTTEN }, FORGOTTEN.at],
    ['in status, from before a restart', { object: told('ClientForgotten'), readAt: NOW - 5 }, NOW - 5],
    ['in status about another client', { object: told('ClientForgotten', 'c0') }, undefined],
    [
      'in status, and since then it was found again',
      { object: told('ClientForgotten'), heard: { ...FORGOTTEN, forgotten: 0 } },
      undefined,
    ],
    ['not in status', { object: told('Registered') }, undefined],
  ])('is believed to be gone only after two answers: %s', (_, overrides, since) => {
    expect(forgottenAs(observation(overrides), record())?.at).toBe(since);
  });
});
