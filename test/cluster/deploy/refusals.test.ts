import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { authorizationServer, type Cluster, install, oauthClient, openCluster } from './cluster.ts';

/** What `kubectl apply` says about objects that are wrong: a sentence that tells what to write. */

let cluster: Cluster;
let namespace: string;

beforeAll(async () => {
  cluster = await openCluster(inject('adminKubeconfig'));
  await install(cluster);
  namespace = await cluster.namespace();
  await cluster.must(['apply', '-f', '-'], oauthClient({ name: 'existing', namespace }));
  await cluster.must(['apply', '-f', '-'], authorizationServer({ name: 'existing', namespace }));
});
afterAll(() => cluster.close());

const apply = (object: string) => cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], object);

interface Wrong {
  readonly title: string;
  readonly spec: object;
  /** Of the object that is changed; else a new one is made. */
  readonly name?: string;
  /** After `The <kind> "<name>" is invalid: `. */
  readonly says: string;
}

const initialAccessToken = { secretRef: { name: 'iat' } };
const issuer =
  'must be an absolute URL like https://sso.example.com/path, without user information or fragment';
const redirectUri = 'must be an absolute URI without fragment, like https://app.example.com/callback';
const admission =
  'spec.registration.admission: Invalid value: set exactly one of open, initialAccessToken, basic and clientCredentials';

const SERVERS: readonly Wrong[] = [
  {
    title: 'two ways of admission',
    spec: { registration: { admission: { open: {}, initialAccessToken } } },
    says: admission,
  },
  { title: 'no way of admission', spec: { registration: { admission: {} } }, says: admission },
  {
    title: 'user information in the issuer',
    spec: { issuer: 'https://somebody@sso.example.com' },
    says: `spec.issuer: Invalid value: "https://somebody@sso.example.com": ${issuer}`,
  },
  {
    title: 'an issuer without scheme',
    spec: { issuer: 'sso.example.com' },
    says: `spec.issuer: Invalid value: "sso.example.com": ${issuer}`,
  },
  {
    title: 'another issuer than before',
    name: 'existing',
    spec: { issuer: 'https://other.example.com' },
    says: 'spec.issuer: Invalid value: "https://other.example.com": issuer can\'t be changed: create another server object',
  },
  {
    title: 'a timeout of five minutes',
    spec: { connection: { timeout: '5m' } },
    says: 'spec.connection.timeout: Invalid value: "5m": must be between 1s and 2m, like 30s',
  },
  {
    title: 'no discovery and no endpoint',
    spec: { discovery: { mode: 'None' } },
    says: 'spec: Invalid value: discovery.mode None needs registration.endpoint',
  },
];

const CLIENTS: readonly Wrong[] = [
  {
    title: 'a redirect URI with a fragment',
    spec: { client: { redirectUris: ['https://shop.example.com/callback#here'] } },
    says: `spec.client.redirectUris[0]: Invalid value: "https://shop.example.com/callback#here": ${redirectUri}`,
  },
  {
    title: 'a relative redirect URI',
    spec: { client: { redirectUris: ['/callback'] } },
    says: `spec.client.redirectUris[0]: Invalid value: "/callback": ${redirectUri}`,
  },
  {
    title: 'jwks beside jwksUri',
    spec: { client: { jwks: { keys: [] }, jwksUri: 'https://shop.example.com/jwks' } },
    says: 'spec.client: Invalid value: set jwks or jwksUri, not both (RFC 7591 section 2)',
  },
  {
    title: 'an algorithm for assertions that are never made',
    spec: { client: { tokenEndpointAuthMethod: 'none', tokenEndpointAuthSigningAlg: 'RS256' } },
    says: 'spec.client: Invalid value: tokenEndpointAuthMethod none has no assertion to sign: remove tokenEndpointAuthSigningAlg',
  },
  {
    title: 'two scopes in one',
    spec: { client: { scopes: ['read write'] } },
    says: 'spec.client.scopes[0]: Invalid value: "read write": must be one scope: printable characters without space, quote or backslash',
  },
  {
    title: "a label of the operator's own",
    spec: { secret: { labels: { 'oauth-registrar.dev/workload': 'mine' } } },
    says: 'spec.secret.labels: Invalid value: labels below kubernetes.io, k8s.io and oauth-registrar.dev are reserved',
  },
  {
    title: 'a key that no Secret can have',
    spec: { secret: { keys: { client_id: 'client id' } } },
    says: "spec.secret.keys: Invalid value: a key of a Secret consists of letters, digits, - _ and ., and doesn't start with two dots",
  },
  {
    title: 'a member of the answer whose name no key of a Secret can have (L3)',
    spec: { secret: { include: ['a/b c'] } },
    says: "spec.secret: Invalid value: a key of a Secret consists of letters, digits, - _ and ., and doesn't start with two dots: give a member of include whose name is none another key by keys",
  },
  {
    title: 'a label whose key none can have (L3)',
    spec: { secret: { labels: { 'team/of/shop': 'x' } } },
    says: 'spec.secret.labels: Invalid value: keys of labels are names of at most 63 letters, digits, - _ and ., with a domain and a slash before where wanted',
  },
  {
    title: 'an annotation whose key none can have (L3)',
    spec: { secret: { annotations: { '/team': 'x' } } },
    says: 'spec.secret.annotations: Invalid value: keys of annotations are names of at most 63 letters, digits, - _ and ., with a domain and a slash before where wanted',
  },
];

describe('kubectl apply refuses', () => {
  test.for(SERVERS)('a server with $title', async ({ spec, name = 'new', says }) => {
    const { code, stderr } = await apply(authorizationServer({ name, namespace }, spec));
    expect(stderr.trim()).toBe(`The AuthorizationServer "${name}" is invalid: ${says}`);
    expect(code).toBe(1);
  });

  test.for(CLIENTS)('a client with $title', async ({ spec, name = 'new', says }) => {
    const { code, stderr } = await apply(oauthClient({ name, namespace }, spec));
    expect(stderr.trim()).toBe(`The OAuthClient "${name}" is invalid: ${says}`);
    expect(code).toBe(1);
  });

  test('a field that does not exist, by its name', async () => {
    const { code, stderr } = await apply(
      oauthClient({ name: 'new', namespace }, { client: { clientNam: 'x' } }),
    );
    expect(stderr).toContain('unknown field "spec.client.clientNam"');
    expect(code).toBe(1);
  });
});

describe('kubectl apply accepts', () => {
  test("an http issuer, since the operator's flag decides about it", async () => {
    const { stderr, code } = await apply(
      authorizationServer({ name: 'new', namespace }, { issuer: 'http://sso.example.com' }),
    );
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test('what stands in additionalMetadata, whatever its shape', async () => {
    const additionalMetadata = { vendor_setting: { nested: [1, 'two', null] } };
    const { stderr, code } = await apply(
      oauthClient({ name: 'new', namespace }, { client: { additionalMetadata } }),
    );
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });
});
