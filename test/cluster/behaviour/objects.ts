import { expect } from 'vitest';
import type { Condition } from '../../../src/api/conditions.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';

/** Objects to apply and functions to read them, for tests of behaviour. */

export const OPERATOR_NAMESPACE = 'oauth-registrar-system';

export const namespace = (name: string, labels: Readonly<Record<string, string>> = { sso: 'true' }): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });

export const credential = (
  token: string,
  { namespace = OPERATOR_NAMESPACE, name = 'iat', labelled = true, key = 'token' } = {},
): string => {
  const labels = labelled ? { 'oauth-registrar.dev/credential': 'true' } : {};
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels },
    stringData: { [key]: token },
  });
};

export const clusterServer = (issuer: string, name = 'corporate', spec: object = {}): string =>
  JSON.stringify({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'ClusterAuthorizationServer',
    metadata: { name },
    spec: {
      issuer,
      registration: { admission: { initialAccessToken: { secretRef: { name: 'iat' } } } },
      allowedNamespaces: { selector: { matchLabels: { sso: 'true' } } },
      ...spec,
    },
  });

export const namespacedServer = (
  issuer: string,
  namespace: string,
  name: string,
  spec: object = {},
): string =>
  JSON.stringify({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'AuthorizationServer',
    metadata: { name, namespace },
    spec: { issuer, registration: { admission: { open: {} } }, ...spec },
  });

export const serverRef = (name: string) => ({ kind: 'AuthorizationServer', name });

/** The platform's objects for the testbed's server: the credential and the server object, called `corporate`. */
export const platformOf = ({ server }: Testbed, spec: object = {}): string =>
  all(credential(server.initialAccessToken ?? ''), clusterServer(server.issuer, 'corporate', spec));

/** A machine client that the embedded server accepts. */
export const machine = {
  clientName: 'Machine',
  grantTypes: ['client_credentials'],
  responseTypes: [],
  redirectUris: [],
  tokenEndpointAuthMethod: 'client_secret_basic',
  scopes: ['read'],
};

export const oauthClient = (
  namespace: string,
  name: string,
  {
    client = machine as object,
    server = { kind: 'ClusterAuthorizationServer', name: 'corporate' },
    labels = {} as object,
    ...spec
  }: Record<string, unknown> = {},
): string =>
  JSON.stringify({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'OAuthClient',
    metadata: { name, namespace, labels },
    spec: { authorizationServerRef: server, client, ...spec },
  });

/** Several objects in one `kubectl apply`. */
export const all = (...objects: readonly string[]): string => objects.join('\n');

/** Decoded data of a Secret; `undefined` where there is none. */
export async function secretData(
  testbed: Testbed,
  namespace: string,
  name: string,
): Promise<Record<string, string> | undefined> {
  const { json, status } = await testbed.controlPlane.admin.request<{ data?: Record<string, string> }>(
    'GET',
    `/api/v1/namespaces/${namespace}/secrets/${name}`,
  );
  if (status === 404) {
    return undefined;
  }
  return Object.fromEntries(
    Object.entries(json.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

/** Waits until `isRight` accepts what `read` returns. After `timeoutMs` it fails with the last value. */
export async function eventually<T>(
  read: () => Promise<T> | T,
  isRight: (value: T) => boolean,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (isRight(value)) {
      return value;
    }
    if (Date.now() > deadline) {
      expect.fail(
        `not so after ${timeoutMs} ms; last seen: ${JSON.stringify(value, undefined, 1)?.slice(0, 4_000)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const conditionOf = ({ status }: Pick<OAuthClient, 'status'>, type: string): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const messageOf = (client: OAuthClient): string => conditionOf(client, 'Ready')?.message ?? '';

/** The message without the sentence that names the time of the next try, which must be there. */
export function messageBeforeNextTry(client: OAuthClient): string {
  const message = messageOf(client);
  const without = message.replace(/ It is tried again at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\./, '');
  return without === message ? `${message} (no time of the next try)` : without;
}
