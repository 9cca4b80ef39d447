import { describe, expect, test } from 'vitest';
import { managementAddress } from '../../../../../src/controller/calls/management-token.ts';
import { refusedOrFailed } from '../../../../../src/controller/client/steps/failed-update.ts';
import { readAgain } from '../../../../../src/controller/client/steps/forgotten.ts';
import type { ServerConnection } from '../../../../../src/core/connection.ts';
import type { Failure } from '../../../../../src/core/failure.ts';
import type { Management } from '../../../../../src/core/management.ts';
import { storedServerKey } from '../../../../../src/core/server-key.ts';
import { type DialectName, effectiveDialect } from '../../../../../src/dialects/presets.ts';
import type { HttpOutcome } from '../../../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import { answered, contextOf, createFakeHttp } from '../../../../kit/fakes/fake-ports.ts';

const failure: Failure = {
  kind: 'Unknown',
  reason: 'AuthorizationServerUnavailable',
  message: 'The server answered 500 unknown_error: see the log.',
  serverTrouble: true,
};
const ofClient = { kind: 'RegistrationAccessToken', token: new Sensitive('rat-1') } as const;
const ofAll = { kind: 'Token', scheme: 'Bearer', token: new Sensitive('admin-1') } as const;

interface Case {
  readonly title: string;
  readonly updated?: HttpOutcome;
  readonly read?: HttpOutcome;
  readonly dialect?: DialectName;
  readonly credential?: (Management & { kind: 'Managed' })['credential'];
  /** The client was read already, to find out whether the server knows it. Default: false. */
  readonly wasRead?: boolean;
}

async function told({
  updated = answered(500),
  read = answered(401),
  dialect = 'keycloak',
  credential = ofClient,
  wasRead = false,
}: Omit<Case, 'title'>) {
  const http = createFakeHttp(read);
  const connection = { dialect: effectiveDialect(dialect), timeoutMs: 1_000, transport: undefined };
  const management = { kind: 'Managed', url: 'https://as.example.com/reg/c1', credential } as const;
  const server = storedServerKey('ClusterAuthorizationServer/sso');
  const to = connection as ServerConnection;
  const context = contextOf({ http });
  const again = readAgain(() => managementAddress(management, server, to, context), server, to, context);
  if (wasRead) {
    await again.outcome();
  }
  const result = await refusedOrFailed(failure, updated, management, to, again);
  return { result, sent: http.sent };
}

describe('After an update that the server failed over', () => {
  test.each<Case>([
    { title: 'refuses the token', read: answered(401) },
    { title: "doesn't know the client", read: answered(404) },
  ])('a read that $title shows that the server is in no trouble', async (given) => {
    const { result, sent } = await told(given);
    expect(sent).toMatchObject([
      { method: 'GET', url: 'https://as.example.com/reg/c1', headers: { authorization: 'Bearer rat-1' } },
    ]);
    const status = given.read?.kind === 'answered' ? given.read.status : 0;
    expect(result).toEqual({
      kind: 'TokenRefused',
      reason: 'AdmissionRefused',
      message: `The server answered 500 unknown_error: see the log, and ${status} to a read with the same token`,
      serverTrouble: false,
    });
  });

  test.each<Case>([
    { title: 'shows the client', read: answered(200, { client_id: 'c1' }) },
    { title: 'rule 37: fails too', read: answered(500) },
    {
      title: 'a firewall refuses',
      read: answered(401, '<html>', { 'content-type': 'text/html' }),
    },
    { title: 'gets no answer', read: { kind: 'noAnswer', reason: 'Timeout', detail: '1 s' } },
  ])('a read that $title changes nothing', async (given) => {
    const { result, sent } = await told(given);
    expect(sent).toHaveLength(1);
    expect(result).toBe(failure);
  });

  test.each([404, 405, 501])(
    'that is refused with %i, a read that shows the client proves that the server has no such call',
    async (status) => {
      for (const credential of [ofClient, ofAll]) {
        const { result, sent } = await told({
          updated: answered(status),
          read: answered(200, { client_id: 'c1' }),
          credential,
        });
        expect(sent).toHaveLength(1);
        expect(result).toEqual({
          kind: 'Unsupported',
          reason: 'UpdateUnsupported',
          message:
            'The server answered 500 unknown_error: see the log, and a read with the same token shows the client: the server has no way to change it',
          serverTrouble: false,
          isCallLacking: true,
        });
      }
    },
  );

  test.each([
    ['refuses the token', answered(401)],
    ['does not know the client', answered(404)],
    ['names no client', answered(200, {})],
  ])('that is refused with 404, a read that %s changes nothing', async (_, read) => {
    const { result } = await told({ updated: answered(404), read });
    expect(result).toBe(failure);
  });

  test('a token that the read rotated is kept, though the dialect says that reads change nothing', async () => {
    const read = answered(200, { client_id: 'c1', registration_access_token: 'rat-2' });
    const { result } = await told({ read });
    expect(result).toMatchObject({ kind: 'Unknown', message: failure.message });
    expect(result.partial?.registrationAccessToken?.reveal()).toBe('rat-2');
    expect(
      (await told({ read: answered(200, { client_id: 'c1', registration_access_token: 'rat-1' }) })).result,
    ).toBe(failure);
  });

  test.each([500, 404, 401])(
    'that is refused with %i, a read that was made already is not repeated, and its token is kept',
    async (status) => {
      const read = answered(200, { client_id: 'c1', registration_access_token: 'rat-2' });
      const { result, sent } = await told({ updated: answered(status), read, wasRead: true });
      expect(sent).toHaveLength(1);
      expect(result.partial?.registrationAccessToken?.reveal()).toBe('rat-2');
    },
  );

  test.each<Case>([
    { title: 'where a gateway failed', updated: answered(503) },
    { title: 'where no answer came', updated: { kind: 'noAnswer', reason: 'Timeout', detail: '1 s' } },
    { title: 'rule 21: where a read has effects', dialect: 'curity' },
    { title: 'where the credential manages all clients', credential: ofAll },
  ])('nothing is read $title', async (given) => {
    const { result, sent } = await told(given);
    expect(sent).toEqual([]);
    expect(result).toBe(failure);
  });
});
