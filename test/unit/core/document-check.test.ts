import { describe, expect, test } from 'vitest';
import { fetchedText } from '../../../src/core/document-check.ts';
import { viewersOf } from '../../../src/core/tell.ts';
import type { HttpOutcome } from '../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const URL_OF_APP = 'https://clients.example.com/team-a/app';
const answered = (status: number, body = 'canary'): HttpOutcome => ({
  kind: 'answered',
  status,
  headers: {},
  body: new Sensitive(body),
});
const tenants = viewersOf('ClusterAuthorizationServer');

describe('a fetch of a document through its public URL', () => {
  test('gives what was answered with 200', () => {
    expect(fetchedText(URL_OF_APP, answered(200, '{}'), tenants)).toBe('{}');
  });

  test.each<[string, HttpOutcome, string, string]>([
    [
      'to another installation that serves the same base URL',
      answered(410),
      'DocumentDiffers',
      `${URL_OF_APP} answers 410: documents are served there, and this one is not among them, such as where two installations serve the same base URL`,
    ],
    [
      'that is redirected',
      answered(301),
      'DocumentDiffers',
      `${URL_OF_APP} answers with a redirect, which servers do not follow`,
    ],
    ['to something without a document', answered(404), 'DocumentNotReachable', `${URL_OF_APP} answers 404`],
    ['to a proxy that fails', answered(503), 'DocumentNotReachable', `${URL_OF_APP} answers 503`],
    [
      'to a name that does not exist',
      { kind: 'notSent', reason: 'NameNotResolved', detail: 'clients.example.com has no address' },
      'DocumentNotReachable',
      `${URL_OF_APP} could not be fetched. The server's name could not be resolved`,
    ],
    [
      'that gets no answer',
      { kind: 'noAnswer', reason: 'Timeout', detail: 'no answer in time' },
      'DocumentNotReachable',
      `${URL_OF_APP} could not be fetched. It gave no complete answer in time`,
    ],
  ])('%s', (_, outcome, reason, message) => {
    const why = fetchedText(URL_OF_APP, outcome, tenants);
    expect(why).toMatchObject({ kind: 'Transient', reason, message });
    expect(JSON.stringify(why)).not.toContain('canary');
  });
});
