import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Departures } from '../../kit/emulator/behaviour.ts';
import {
  createCertificateAuthority,
  type KeyAndCertificate,
  selfSigned,
} from '../../kit/emulator/certificates.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import { start } from '../../kit/emulator/running.ts';
import {
  admissionClient,
  clientCredentials,
  labelled,
  NAMESPACE,
  ownServer,
  registered,
  type Spec,
  setUp,
  told,
} from './admissions.ts';
import { all, eventually, messageOf, namespace, OPERATOR_NAMESPACE, oauthClient } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

const ca = createCertificateAuthority();
const otherCa = createCertificateAuthority('Another CA');
const NAMES = ['127.0.0.1', 'localhost'];
const serverKeys = ca.issue({ commonName: 'as.example.com', names: NAMES });
const HOUR_MS = 3_600_000;

const testbed = useTestbed({ namespaces: [] });
const shop = teamIn(testbed, 'shop');

beforeAll(async () => {
  await testbed.apply(all(namespace(NAMESPACE), caBundle('ca', ca.cert)));
});

const caBundle = (name: string, text: string, key = 'ca.crt') =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: NAMESPACE },
    data: { [key]: text },
  });

const tlsSecret = (name: string, { cert, key }: KeyAndCertificate) =>
  labelled({ name, type: 'kubernetes.io/tls', data: { 'tls.crt': cert, 'tls.key': key } });

/** The certificate of the client by which the emulator admits the operator. */
const clientCertificate = () => ca.issue({ commonName: 'registrar' });

const startSecure = (departures: Departures = {}, keys = serverKeys): Promise<Emulator> =>
  start(departures, {}, { tls: { ...keys, ca: ca.cert, requestClientCertificate: true } });

const byCa = { caRef: { kind: 'ConfigMap', name: 'ca' } };
const byCertificate = (name: string) => ({ ...byCa, clientCertificateRef: { name } });

const openWith = (connection: object): Spec => ({ registration: { admission: { open: {} } }, connection });

const fingerprint = ({ cert }: KeyAndCertificate) => new X509Certificate(cert).fingerprint256;
const seen = ({ log }: Emulator, call: 'token' | 'register') =>
  log.filter((entry) => entry.call === call).map(({ certificateFingerprint }) => certificateFingerprint);

describe("The server's certificate is verified with the given CA bundle", () => {
  it('from a ConfigMap, under the default key', async () => {
    const emulator = await startSecure();
    await registered(testbed, emulator, { name: 'by-map', issuer: emulator.issuer, spec: openWith(byCa) });
  });

  it('from a labelled Secret, under another key, with several CAs in it', async () => {
    const emulator = await startSecure();
    const data = { 'bundle.pem': `${otherCa.cert}${ca.cert}` };
    await registered(testbed, emulator, {
      name: 'by-secret',
      issuer: emulator.issuer,
      spec: openWith({ caRef: { kind: 'Secret', name: 'bundle', key: 'bundle.pem' } }),
      secrets: [labelled({ name: 'bundle', data })],
    });
  });

  it.each([
    [
      'no-map',
      undefined,
      'CredentialNotFound',
      /ConfigMap shop\/no-map, which connection\.caRef names, can't be read/,
    ],
    [
      'no-pem',
      'not a certificate',
      'CredentialKeyMissing',
      /ConfigMap shop\/no-pem has no certificate \(PEM\) under key "ca\.crt"/,
    ],
  ] as const)('nothing is sent without a usable bundle: %s', async (name, text, reason, message) => {
    const emulator = await startSecure();
    if (text !== undefined) {
      await testbed.apply(caBundle(name, text));
    }
    const spec = openWith({ caRef: { kind: 'ConfigMap', name } });
    await setUp(testbed, { name, issuer: emulator.issuer, spec });
    expect(await told(testbed, `${name}-0`, reason)).toMatch(message);
    expect(emulator.log).toHaveLength(0);
  });
});

describe("TlsVerificationFailed says what is wrong with the server's certificate", () => {
  const from = new Date(Date.now() - 48 * HOUR_MS);
  const expired = { from, to: new Date(Date.now() - HOUR_MS) };

  it.each([
    ['unknown-ca', otherCa.issue({ commonName: 'as', names: NAMES }), byCa, / is signed by an unknown CA \(/],
    ['no-bundle', serverKeys, undefined, / is signed by an unknown CA \(/],
    [
      'expired-cert',
      ca.issue({ commonName: 'as', names: NAMES, validity: expired }),
      byCa,
      /the certificate of 127\.0\.0\.1:\d+ has expired/,
    ],
    [
      'wrong-name',
      ca.issue({ commonName: 'as', names: ['as.example.com'] }),
      byCa,
      /is not for the host name of 127\.0\.0\.1:\d+ but for DNS:as\.example\.com/,
    ],
  ] as const)('%s', async (name, keys, connection, words) => {
    const emulator = await startSecure({}, keys);
    const spec = { registration: { admission: { open: {} } }, ...(connection && { connection }) };
    await setUp(testbed, { name, issuer: emulator.issuer, spec });
    const { condition } = await shop.untilServer(name, { reason: 'TlsVerificationFailed' });
    expect(condition.message).toMatch(words);
    expect(await told(testbed, `${name}-0`, 'TlsVerificationFailed')).toMatch(words);
    expect(emulator.log).toHaveLength(0);
  });
});

describe('The operator authenticates by a client certificate from a kubernetes.io/tls Secret', () => {
  const tlsOnly = (method: 'tls_client_auth' | 'self_signed_tls_client_auth'): Departures => ({
    gate: { admits: ['clientCredentials'], scope: 'dcr', clientCertificate: method === 'tls_client_auth' },
    token: { admissionMethods: [method] },
  });

  it('rule 5: tls_client_auth, and presents the certificate also at the registration', async () => {
    const emulator = await startSecure(tlsOnly('tls_client_auth'));
    const certificate = clientCertificate();
    const { client_id = '' } = admissionClient(emulator);
    await registered(testbed, emulator, {
      name: 'tls',
      issuer: emulator.issuer,
      spec: {
        ...clientCredentials('tls', { authMethod: 'tls_client_auth', scopes: ['dcr'] }),
        connection: byCertificate('tls-cert'),
      },
      secrets: [labelled({ name: 'tls', data: { client_id } }), tlsSecret('tls-cert', certificate)],
    });
    expect(emulator.log.find(({ call }) => call === 'token')?.form).toEqual({
      grant_type: 'client_credentials',
      client_id,
      scope: 'dcr',
    });
    expect(seen(emulator, 'token')).toEqual([fingerprint(certificate)]);
    expect(seen(emulator, 'register')).toEqual([fingerprint(certificate)]);
  });

  it('rule 5: self_signed_tls_client_auth, with the certificate that the server knows', async () => {
    const emulator = await startSecure(tlsOnly('self_signed_tls_client_auth'));
    const certificate = selfSigned({ commonName: 'registrar' });
    const { client_id = '' } = admissionClient(emulator);
    emulator.trust({ clientCertificate: certificate.cert });
    await registered(testbed, emulator, {
      name: 'self',
      issuer: emulator.issuer,
      spec: {
        ...clientCredentials('self', { authMethod: 'self_signed_tls_client_auth', scopes: ['dcr'] }),
        connection: byCertificate('self-cert'),
      },
      secrets: [labelled({ name: 'self', data: { client_id } }), tlsSecret('self-cert', certificate)],
    });
    expect(seen(emulator, 'token')).toEqual([fingerprint(certificate)]);
  });

  it("a certificate that the server doesn't know causes AdmissionTokenFailed; the right one works without a restart", async () => {
    const emulator = await startSecure(tlsOnly('tls_client_auth'));
    const wrong = ca.issue({ commonName: 'somebody-else' });
    const { client_id = '' } = admissionClient(emulator);
    await setUp(testbed, {
      name: 'stranger',
      issuer: emulator.issuer,
      spec: {
        ...clientCredentials('stranger', { authMethod: 'tls_client_auth', scopes: ['dcr'] }),
        connection: byCertificate('stranger-cert'),
      },
      secrets: [labelled({ name: 'stranger', data: { client_id } }), tlsSecret('stranger-cert', wrong)],
    });
    expect(await told(testbed, 'stranger-0', 'AdmissionTokenFailed')).toMatch(
      /^AuthorizationServer stranger: The token endpoint answered 401 invalid_client/,
    );
    await testbed.apply(tlsSecret('stranger-cert', clientCertificate()));
    await told(testbed, 'stranger-0', 'Registered');
    expect(emulator.clients()).toHaveLength(1);
  });

  it('a renewed certificate is presented from the next call on, without a restart', async () => {
    const emulator = await startSecure({ gate: { clientCertificate: true } });
    const [first, second] = [clientCertificate(), clientCertificate()];
    const setting = {
      name: 'renewed',
      issuer: emulator.issuer,
      spec: openWith(byCertificate('renewed-cert')),
    };
    await registered(testbed, emulator, { ...setting, secrets: [tlsSecret('renewed-cert', first)] });
    await testbed.apply(tlsSecret('renewed-cert', second));
    let next = 0;
    // A registration before the operator has seen the Secret still presents the first certificate.
    await eventually(
      async () => {
        next += 1;
        await testbed.apply(oauthClient(NAMESPACE, `renewed-${next}`, { server: ownServer('renewed') }));
        await told(testbed, `renewed-${next}`, 'Registered');
        return seen(emulator, 'register').at(-1);
      },
      (shown) => shown === fingerprint(second),
      20_000,
    );
    expect(seen(emulator, 'register')[0]).toBe(fingerprint(first));
  });

  it.each([
    ['no-cert', undefined, 'CredentialNotFound', "Secret shop/no-cert doesn't exist."],
    [
      'bare-cert',
      false,
      'CredentialNotLabelled',
      'Run: kubectl -n shop label secret bare-cert oauth-registrar.dev/credential=true',
    ],
    [
      'odd-cert',
      true,
      'CredentialKeyMissing',
      'Secret shop/odd-cert has no key "tls.crt". Keys present: cert.',
    ],
  ] as const)('%s: what is missing is named', async (name, isLabelled, reason, words) => {
    const emulator = await startSecure({ gate: { clientCertificate: true } });
    const data = { cert: 'somewhere' };
    const secrets = isLabelled === undefined ? [] : [labelled({ name, data, labelled: isLabelled })];
    await setUp(testbed, { name, issuer: emulator.issuer, spec: openWith(byCertificate(name)), secrets });
    expect(await told(testbed, `${name}-0`, reason)).toContain(words);
    expect(emulator.log).toHaveLength(0);
  });
});

describe('A client whose server object, and the Secrets that it names, are deleted first', () => {
  const keptSecrets = async () =>
    testbed.kubectl(
      ...['-n', OPERATOR_NAMESPACE, 'get', 'secrets', '-o', 'name'],
      ...['-l', 'oauth-registrar.dev/registration=server'],
    );
  /** Managed by an admin token alone, over mutual TLS. */
  const place = async (name: string) => {
    const emulator = await startSecure({
      gate: { clientCertificate: true },
      management: { admits: ['adminToken'] },
    });
    const certificate = clientCertificate();
    await registered(testbed, emulator, {
      name,
      issuer: emulator.issuer,
      spec: {
        registration: { admission: { open: {} } },
        management: {
          mode: 'Credential',
          credential: { token: { secretRef: { name: `${name}-admin` } } },
          configurationUrl: `${emulator.registrationEndpoint}/{client_id}`,
        },
        connection: byCertificate(`${name}-cert`),
      },
      secrets: [
        tlsSecret(`${name}-cert`, certificate),
        labelled({ name: `${name}-admin`, data: { token: emulator.credentials.initialAccessToken } }),
      ],
    });
    return { emulator, certificate };
  };
  const removals = ({ log }: Emulator) => log.filter(({ call }) => call === 'remove');

  it.each([
    ['the Secrets', ['secret/early-0-cert', 'secret/early-0-admin']],
    ['the server object', ['authorizationservers.oauth-registrar.dev/early-1']],
    [
      'all of them',
      ['authorizationservers.oauth-registrar.dev/early-2', 'secret/early-2-cert', 'secret/early-2-admin'],
    ],
  ])('%s: it is removed with the certificate and the admin token that were kept', async (_, first) => {
    const [, name = ''] = /(early-\d)/.exec(first.join(' ')) ?? [];
    const { emulator, certificate } = await place(name);
    expect(await keptSecrets()).toMatch(/^secret\/as-/m);
    await shop.kubectl('delete', ...first);
    await shop.kubectl('delete', 'oac', `${name}-0`, '--timeout=20s');
    expect(emulator.clients()).toHaveLength(0);
    expect(removals(emulator).map(({ certificateFingerprint }) => certificateFingerprint)).toEqual([
      fingerprint(certificate),
    ]);
  });
});

describe('mtls_endpoint_aliases (RFC 8705 section 5)', () => {
  const aliased: Departures = { discovery: { aliases: 'otherName' } };

  it('are called with a certificate, and never written into the Secrets of workloads that have none', async () => {
    const emulator = await startSecure({
      ...aliased,
      gate: { admits: ['clientCredentials'], clientCertificate: true },
      token: { admissionMethods: ['tls_client_auth'] },
    });
    const { client_id = '' } = admissionClient(emulator);
    await registered(testbed, emulator, {
      name: 'aliased',
      issuer: emulator.issuer,
      spec: {
        ...clientCredentials('aliased', { authMethod: 'tls_client_auth' }),
        connection: byCertificate('aliased-cert'),
      },
      secrets: [
        labelled({ name: 'aliased', data: { client_id } }),
        tlsSecret('aliased-cert', clientCertificate()),
      ],
    });
    const { port } = new URL(emulator.issuer);
    const hosts = emulator.log.map(({ call, host }) => `${call} ${host}`);
    expect(hosts).toContain(`token localhost:${port}`);
    expect(hosts).toContain(`register localhost:${port}`);
    expect(hosts).not.toContain(`register 127.0.0.1:${port}`);
    const data = await shop.secret('aliased-0');
    expect(data).toMatchObject({ token_endpoint: emulator.tokenEndpoint });
    const { status } = await shop.untilServer('aliased', { reason: 'Available' });
    expect(status?.endpoints).toMatchObject({
      registration: emulator.registrationEndpoint.replace('127.0.0.1', 'localhost'),
      token: emulator.tokenEndpoint,
    });

    // Its configuration URI has the server's own host name, like the published endpoint.
    await shop.kubectl('delete', 'oac', 'aliased-0', '--timeout=20s');
    expect(emulator.clients()).toHaveLength(0);
  });

  it('are not called without a certificate', async () => {
    const emulator = await startSecure(aliased);
    await registered(testbed, emulator, { name: 'unaliased', issuer: emulator.issuer, spec: openWith(byCa) });
    const { port } = new URL(emulator.issuer);
    expect(new Set(emulator.log.map(({ host }) => host))).toEqual(new Set([`127.0.0.1:${port}`]));
  });
});

describe('All together', () => {
  it('rule 5: one-use token by private_key_jwt, a statement, a signed body, over mutual TLS', async () => {
    const emulator = await startSecure({
      discovery: { aliases: 'otherName' },
      gate: {
        admits: ['clientCredentials'],
        scope: 'dcr_register',
        scopeMatch: 'exact',
        oneUse: true,
        statement: 'required',
        signedBody: true,
        clientCertificate: true,
      },
      token: { admissionMethods: ['private_key_jwt'], assertionAudience: 'issuer' },
    });
    const { publisher, requestSigner } = emulator.credentials;
    const { registration } = clientCredentials('whole', {
      authMethod: 'private_key_jwt',
      signing: { algorithm: 'ES256' },
      scopes: ['dcr_register'],
    });
    await registered(testbed, emulator, {
      name: 'whole',
      issuer: emulator.issuer,
      spec: {
        registration: {
          ...registration,
          softwareStatement: {
            sign: {
              secretRef: { name: 'whole', key: 'publisher' },
              algorithm: 'RS256',
              issuer: publisher.issuer,
              claims: { software_id: 'all-together' },
            },
          },
          signedRequest: { secretRef: { name: 'whole', key: 'request' }, algorithm: 'ES256' },
        },
        connection: byCertificate('whole-cert'),
      },
      secrets: [
        labelled({
          name: 'whole',
          data: {
            ...admissionClient(emulator),
            publisher: publisher.key.privateKey,
            request: requestSigner.privateKey,
          },
        }),
        tlsSecret('whole-cert', clientCertificate()),
      ],
      clients: 4,
    });
    expect(emulator.count('token')).toBe(4);
    expect(emulator.clients().map(({ metadata }) => metadata['software_id'])).toEqual(
      Array(4).fill('all-together'),
    );
    const { status } = await shop.untilServer('whole', { reason: 'Available' });
    // Keys of the statement, of the body and of the assertion.
    expect(status?.signingKeys).toMatchObject({
      keys: [{ alg: 'RS256' }, { alg: 'ES256' }, { alg: 'ES256' }],
    });
  });
});

describe('management.mode ClientCredential: each client is managed with an access token of its own', () => {
  // A namespace may use twenty server objects.
  beforeAll(async () => {
    await shop.kubectl('delete', 'oac', '--all');
    await shop.kubectl('delete', 'oas', '--all');
  }, 60_000);

  const openBanking: Departures = {
    management: { admits: ['ownToken'] },
    answer: { configurationUri: 'absent' },
  };
  const bySelf = { ...openWith(byCa), management: { mode: 'ClientCredential' } };
  const bank = {
    clientName: 'Bank',
    grantTypes: ['client_credentials'],
    responseTypes: [],
    scopes: ['accounts'],
  };
  const callsTo = ({ log }: Emulator) =>
    log.filter(({ call }) => call !== 'discovery').map(({ call, status }) => `${call} ${status}`);

  async function live(emulator: Emulator, name: string): Promise<void> {
    await shop.edit(`${name}-0`, { clientName: 'Other bank' });
    await eventually(
      () => emulator.clients().map(({ metadata }) => metadata['client_name']),
      (names) => names.join() === 'Other bank',
      20_000,
    );
    await told(testbed, `${name}-0`, 'Registered');
    await shop.remove(`${name}-0`);
    await shop.untilGone(`${name}-0`);
    expect(emulator.clients()).toEqual([]);
    expect(callsTo(emulator)).toEqual([
      'register 201',
      ...['token 200', 'update 200'],
      ...['token 200', 'remove 204'],
    ]);
    expect(emulator.log.find(({ call }) => call === 'token')?.form).toMatchObject({ scope: 'accounts' });
  }

  it('by private_key_jwt, with the key that the operator made', async () => {
    const emulator = await startSecure(openBanking);
    const client = { client: bank, credential: { generatedKey: {} } };
    const setting = { name: 'own-key', issuer: emulator.issuer, spec: bySelf, client };
    await registered(testbed, emulator, setting);
    await live(emulator, 'own-key');
  });

  it('by tls_client_auth, with the certificate of the server object', async () => {
    const emulator = await startSecure(openBanking);
    const certificate = clientCertificate();
    const client = {
      client: {
        ...bank,
        tokenEndpointAuthMethod: 'tls_client_auth',
        tlsClientAuthSubjectDn: 'CN=registrar',
      },
    };
    await registered(testbed, emulator, {
      name: 'own-cert',
      issuer: emulator.issuer,
      spec: { ...bySelf, connection: byCertificate('own-cert-tls') },
      secrets: [tlsSecret('own-cert-tls', certificate)],
      client,
    });
    await live(emulator, 'own-cert');
    expect(seen(emulator, 'token')).toEqual([fingerprint(certificate), fingerprint(certificate)]);
  });

  it('ends a client of a software statement before another takes its place, when a person asks', async () => {
    const emulator = await startSecure({ ...openBanking, gate: { statement: 'ignored' } });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const statement = `${part({ alg: 'none' })}.${part({ iss: 'https://directory.example.com' })}.`;
    const secretRef = { name: 'stated' };
    const client = { client: bank, credential: { generatedKey: {} } };
    await registered(testbed, emulator, {
      name: 'stated',
      issuer: emulator.issuer,
      spec: { ...bySelf, registration: { admission: { open: {} }, softwareStatement: { secretRef } } },
      secrets: [labelled({ name: 'stated', data: { software_statement: statement } })],
      client,
    });
    const former = (await shop.client('stated-0')).status?.clientId;
    await shop.annotate('stated-0', 'rotate-requested-at', '1');
    await eventually(
      () => shop.client('stated-0'),
      ({ status }) => status?.lastHandledRotateAt === '1' && status.clientId !== former,
      20_000,
    );
    await told(testbed, 'stated-0', 'Registered');
    expect(emulator.clients()).toHaveLength(1);
    expect(callsTo(emulator)).toEqual(['register 201', 'token 200', 'remove 204', 'register 201']);
  });

  it('a client that the server forgot is not told from a wrong credential, and is left behind without many calls', async () => {
    const emulator = await startSecure(openBanking);
    const client = { client: bank, credential: { generatedKey: {} } };
    await registered(testbed, emulator, { name: 'gone', issuer: emulator.issuer, spec: bySelf, client });
    emulator.deleteClient(emulator.clients()[0]?.clientId ?? '');
    await shop.remove('gone-0');
    const held = await eventually(
      () => shop.client('gone-0'),
      (client) => /has forgotten the client/.test(messageOf(client)),
      20_000,
    );
    expect(messageOf(held)).toMatch(
      /^The token endpoint answered 401 invalid_client.* The server does not say whether it has forgotten the client or refuses its credential\. /,
    );
    const uid = held.metadata.uid ?? '';
    await shop.annotate('gone-0', 'abandon', uid);
    await shop.untilGone('gone-0');
    expect(callsTo(emulator).filter((call) => call !== 'token 401')).toEqual(['register 201']);
    expect(emulator.count('token')).toBeLessThan(6);
    await eventually(
      async () => shop.kubectl('get', 'oas', 'gone', '-o', 'jsonpath={.status.leftBehind}'),
      (count) => String(count).trim() === '1',
      20_000,
    );
  });

  it('deletes also after the server object is gone, by what is kept', async () => {
    const emulator = await startSecure(openBanking);
    const client = { client: bank, credential: { generatedKey: {} } };
    await registered(testbed, emulator, { name: 'kept', issuer: emulator.issuer, spec: bySelf, client });
    await shop.kubectl('delete', 'oas', 'kept');
    await shop.remove('kept-0');
    await shop.untilGone('kept-0');
    expect(emulator.clients()).toEqual([]);
  });
});
