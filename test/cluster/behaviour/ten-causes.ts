import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../../kit/emulator/certificates.ts';
import { reply, startStubServer } from '../../kit/stub-server.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import { all, credential, namespacedServer, oauthClient, serverRef } from './objects.ts';

/** The ten most likely causes for which a client is not ready, and what leads to the cure of each. */
export interface Cause {
  readonly cause: string;
  /** Of the OAuthClient, in namespace shop. */
  readonly name: string;
  /** Of Ready. */
  readonly reason: string;
  /** The message of Ready, in the object of the tenant: `kubectl get -o wide` and `kubectl describe` show it. */
  readonly says: RegExp;
  /** What `status` of the plugin adds: the cure, of the client or of its server object. */
  readonly cure: string;
  /** The message of the server object, which `status` shows, too. */
  readonly server?: RegExp;
  /** YAML of all that is broken. */
  readonly make: (testbed: Testbed) => string | Promise<string>;
}

/** A server object of the namespace, whose name the client has, too. */
function broken(
  name: string,
  issuer: string,
  spec: object = {},
  client: Record<string, unknown> = {},
): string {
  return all(
    namespacedServer(issuer, 'shop', name, spec),
    oauthClient('shop', name, { server: serverRef(name), ...client }),
  );
}

const byToken = (secret: string) => ({
  registration: { admission: { initialAccessToken: { secretRef: { name: secret } } } },
});

/** A server whose certificate nobody signed but itself. */
async function untrusted(): Promise<string> {
  const { key, cert } = selfSigned({ commonName: 'as', names: ['127.0.0.1'] });
  const server = createServer({ key, cert }, (_, response) => response.end()).unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const refusing = async (status: number, error: string, description: string) =>
  (await startStubServer({ register: reply(status, { error, error_description: description }) })).issuer;

export const TEN_CAUSES: readonly Cause[] = [
  {
    cause: 'the server object does not exist',
    name: 'no-server',
    reason: 'AuthorizationServerNotAvailable',
    says: /^ClusterAuthorizationServer nowhere is not available to this namespace: it doesn't exist, or it doesn't admit the namespace\. Check spec\.authorizationServerRef, or ask the platform team\.$/,
    cure: 'Check authorizationServerRef, or ask the platform team to admit the namespace.',
    make: () =>
      oauthClient('shop', 'no-server', { server: { kind: 'ClusterAuthorizationServer', name: 'nowhere' } }),
  },
  {
    cause: 'the namespace is not admitted',
    name: 'not-admitted',
    reason: 'AuthorizationServerNotAvailable',
    says: /^ClusterAuthorizationServer closed does not admit namespace shop\. It admits the namespaces billing\. Ask #platform-sso\.$/,
    cure: 'Check authorizationServerRef, or ask the platform team to admit the namespace.',
    make: ({ server }) =>
      all(
        JSON.stringify({
          apiVersion: 'oauth-registrar.dev/v1alpha1',
          kind: 'ClusterAuthorizationServer',
          metadata: { name: 'closed' },
          spec: {
            issuer: server.issuer,
            registration: { admission: { open: {} } },
            allowedNamespaces: { names: ['billing'], disclose: 'Requirement' },
            contact: '#platform-sso',
          },
        }),
        oauthClient('shop', 'not-admitted', {
          server: { kind: 'ClusterAuthorizationServer', name: 'closed' },
        }),
      ),
  },
  {
    cause: 'the Secret with the admission credential is missing',
    name: 'no-credential',
    reason: 'CredentialNotFound',
    says: /^AuthorizationServer no-credential: Secret shop\/nothing doesn't exist\. Create it with the label oauth-registrar\.dev\/credential=true\.$/,
    server:
      /^Secret shop\/nothing doesn't exist\. Create it with the label oauth-registrar\.dev\/credential=true\.$/,
    cure: 'Create the Secret that the message names.',
    make: ({ server }) => broken('no-credential', server.issuer, byToken('nothing')),
  },
  {
    cause: 'the Secret with the admission credential is not labelled',
    name: 'not-labelled',
    reason: 'CredentialNotLabelled',
    says: /^AuthorizationServer not-labelled: Secret shop\/plain isn't marked as a credential\. Run: kubectl -n shop label secret plain oauth-registrar\.dev\/credential=true$/,
    server: /Run: kubectl -n shop label secret plain oauth-registrar\.dev\/credential=true$/,
    cure: 'Run the kubectl line in the message.',
    make: ({ server }) =>
      all(
        credential('x', { namespace: 'shop', name: 'plain', labelled: false }),
        broken('not-labelled', server.issuer, byToken('plain')),
      ),
  },
  {
    cause: 'the server refuses the admission credential',
    name: 'credential-refused',
    reason: 'AdmissionRefused',
    says: /^AuthorizationServer credential-refused: The admission credential was refused: The server answered 401 invalid_token: invalid token provided\. Put a valid credential into the Secret that the server object names; the operator notices\.$/,
    cure: 'Put a valid credential into the Secret that the server object names; the operator notices.',
    make: ({ server }) =>
      all(
        credential('not-the-token', { namespace: 'shop', name: 'old' }),
        broken('credential-refused', server.issuer, byToken('old')),
      ),
  },
  {
    cause: 'the server refuses a redirect URI',
    name: 'redirect-refused',
    reason: 'InvalidRedirectURI',
    says: /^AuthorizationServer redirect-refused: The server answered 400 invalid_redirect_uri: localhost is not allowed\. Correct spec\.client\.redirectUris\. It is tried again at \S+Z\.$/,
    cure: 'Correct spec.client.redirectUris.',
    make: async () =>
      broken(
        'redirect-refused',
        await refusing(400, 'invalid_redirect_uri', 'localhost is not allowed'),
        {},
        {
          client: { redirectUris: ['https://localhost/cb'], grantTypes: ['authorization_code'] },
        },
      ),
  },
  {
    cause: 'the policy of the platform team refuses',
    name: 'policy',
    reason: 'PolicyRefused',
    says: /^scope "admin" is not permitted: spec\.policy\.scopes of the server object lists openid, profile, read; choose another, or ask the platform team to extend spec\.policy\.scopes\. Contact: #platform-sso\.$/,
    cure: 'Change what the message names, or ask the platform team to extend that bound.',
    make: () =>
      oauthClient('shop', 'policy', { client: { grantTypes: ['client_credentials'], scopes: ['admin'] } }),
  },
  {
    cause: 'the server is not reachable',
    name: 'not-reachable',
    reason: 'AuthorizationServerUnavailable',
    says: /^AuthorizationServer not-reachable: http:\/\/127\.0\.0\.1:9\/\.well-known\/oauth-authorization-server can't be reached: 127\.0\.0\.1:9 refused the connection\. The server does not answer\. It is tried again from time to time\.$/,
    cure: 'Wait: the operator tries again. If it lasts, look at the server.',
    make: () => broken('not-reachable', 'http://127.0.0.1:9'),
  },
  {
    cause: 'the certificate of the server is not trusted',
    name: 'not-trusted',
    reason: 'TlsVerificationFailed',
    says: /^AuthorizationServer not-trusted: the certificate of 127\.0\.0\.1:\d+ is signed by an unknown CA \(DEPTH_ZERO_SELF_SIGNED_CERT\): it is self-signed, or its root is\. If you trust it, add it to the CA bundle \(connection\.caRef\)$/,
    cure: 'Renew the certificate, have it issued by a CA that the operator trusts, or name its CA by connection.caRef of the server object. If the server demands a client certificate, name its Secret by connection.clientCertificateRef.',
    make: async () => broken('not-trusted', await untrusted()),
  },
  {
    cause: 'the name of the Secret is taken',
    name: 'name-taken',
    reason: 'SecretConflict',
    says: /^Secret in-the-way exists and isn't this object's; it was not touched\. (?:Nothing is registered while it is there|The client \S+ is registered)\. Choose another spec\.secret\.name, or remove that Secret\.$/,
    cure: 'Choose another spec.secret.name, or remove that Secret.',
    make: () =>
      all(
        credential('something', { namespace: 'shop', name: 'in-the-way', labelled: false }),
        oauthClient('shop', 'name-taken', { secret: { name: 'in-the-way' } }),
      ),
  },
];
