import { describe, expect, test } from 'vitest';
import type { Secret } from '../../../src/api/kubernetes.ts';
import type { Credential } from '../../../src/core/connection.ts';
import {
  meansOf,
  type ServerMeans,
  toServerMeans,
  toServerRecord,
  toServerRecordObject,
  versionOfMeans,
} from '../../../src/core/server-record.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { clientCredentials, plain } from '../../kit/fixtures/credentials.ts';
import { connection } from '../../kit/fixtures/observations.ts';

const named = { kind: 'AuthorizationServer', namespace: 'shop', name: 'sso' } as const;
const key = { material: new Sensitive('canary'), format: 'Pem', algorithm: 'ES256', keyId: 'k' } as const;
const transport = {
  version: 'v7',
  ca: 'PEM',
  certificate: { cert: 'CERT', key: new Sensitive('canary') },
  proxyUrl: 'https://u:canary@proxy.example.com/',
};
const withCredential = (credential: Credential | undefined) => ({
  ...connection,
  management: { ...connection.management, mode: 'Credential' as const, credential },
});
const recordOf = (means: ServerMeans): Secret =>
  toServerRecord(named, 'server-1', means, 'oauth-registrar-system');

describe('what is kept of a server', () => {
  test('is nothing where the records of its clients are enough', () => {
    expect(meansOf(connection)).toBeUndefined();
  });

  test.each<readonly [string, Credential]>([
    ['a token', { kind: 'Token', scheme: 'SSWS', token: new Sensitive('canary') }],
    ['user and password', { kind: 'Basic', username: 'u', password: new Sensitive('canary') }],
    ['a client secret', clientCredentials],
    [
      'a private key',
      {
        ...clientCredentials,
        authentication: { method: 'private_key_jwt', key, audience: 'TokenEndpoint' },
        scopes: ['dcr'],
        resources: ['https://api.example.com'],
        parameters: { audience: 'a' },
      },
    ],
    ['a certificate', { ...clientCredentials, authentication: { method: 'tls_client_auth' } }],
  ])('is read back as it was: %s', (_, credential) => {
    const means = meansOf({ ...withCredential(credential), transport }) as ServerMeans;
    const read = toServerMeans(recordOf(means));
    expect(plain(read)).toEqual({
      ...(plain(means) as object),
      transport: { ...(plain(transport) as object), version: expect.stringMatching(/^kept \S{22}$/) },
    });
  });

  test('is a Secret per uid, without a secret in its metadata', () => {
    const { data, ...shown } = recordOf(meansOf({ ...connection, transport }) as ServerMeans);
    expect(shown).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: {
        name: 'as-server-1',
        namespace: 'oauth-registrar-system',
        labels: { 'oauth-registrar.dev/registration': 'server' },
        annotations: {
          'oauth-registrar.dev/server': 'AuthorizationServer/shop/sso',
          'oauth-registrar.dev/server-uid': 'server-1',
        },
      },
    });
    expect(Buffer.from(data?.['server.json'] ?? '', 'base64').toString()).toContain('canary');
  });

  test('has another version where a secret changes', () => {
    const versionWith = (token: string) =>
      versionOfMeans(
        meansOf(
          withCredential({ kind: 'Token', scheme: 'Bearer', token: new Sensitive(token) }),
        ) as ServerMeans,
      );
    expect(versionWith('a')).toBe(versionWith('a'));
    expect(versionWith('a')).not.toBe(versionWith('b'));
  });

  test.each([
    ['no data', undefined],
    ['no JSON', 'x'],
    ['another form', '{"issuer":"https://sso.example.com","management":{"mode":"Never"}}'],
    ['an endpoint that is no URL', '{"registrationEndpoint":"nowhere"}'],
  ])('is nothing where somebody damaged it: %s', (_, text) => {
    const data = text === undefined ? {} : { 'server.json': Buffer.from(text).toString('base64') };
    expect(toServerMeans({ metadata: { name: 'as-server-1' }, data })).toBeUndefined();
  });
});

test('the metadata of a damaged Secret names no server', () => {
  const metadata = { name: 'as-server-1', uid: 'u', resourceVersion: '7' };
  expect(toServerRecordObject({ metadata })).toMatchObject({ server: undefined, serverUid: '' });
  const { metadata: written } = recordOf(meansOf({ ...connection, transport }) as ServerMeans);
  expect(toServerRecordObject({ metadata: { ...written, uid: 'u', resourceVersion: '7' } })).toMatchObject({
    server: 'AuthorizationServer/shop/sso',
    serverNamespace: 'shop',
    serverUid: 'server-1',
  });
});
