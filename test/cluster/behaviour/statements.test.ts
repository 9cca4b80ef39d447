import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { compactDecrypt, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import { start } from '../../kit/emulator/running.ts';
import {
  admissionClient,
  clientCredentials,
  labelled,
  NAMESPACE,
  ownServer,
  registered,
  setUp,
  told,
} from './admissions.ts';
import { untilClusterServer } from './looks.ts';
import { all, clusterServer, eventually, machine, OPERATOR_NAMESPACE, oauthClient } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop');

/** A namespace has a limited number of server objects, and each test here makes its own. */
afterEach(async () => {
  await shop.kubectl('delete', 'oas', '--all');
});

const open = { admission: { open: {} } };
const publisher = 'https://publisher.example.com';
const callback = 'https://app.example.com/callback';
/** Copied into statements by `redirect_uris`. */
const withCallback = { client: { ...machine, redirectUris: [callback] } };

const statementsSent = ({ log }: Emulator): readonly string[] =>
  log.flatMap(({ call, body }) =>
    call === 'register' || call === 'update' ? [String(body?.['software_statement'])] : [],
  );

/** Claims of the statement that the emulator stored. */
const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

describe('A software statement that was issued elsewhere', () => {
  it('rule 8: is sent unchanged, and read again from its Secret before an update', async () => {
    const emulator = await start({
      gate: { statement: 'required', statementMustExpire: true },
      update: { verifiesStatement: true },
    });
    const first = await emulator.signStatement({ software_id: 'shop-portal' });
    await registered(testbed, emulator, {
      name: 'given',
      issuer: emulator.issuer,
      spec: { registration: { ...open, softwareStatement: { secretRef: { name: 'given' } } } },
      secrets: [labelled({ name: 'given', data: { software_statement: first } })],
    });
    expect(emulator.clients()[0]?.metadata).toMatchObject({
      software_statement: first,
      software_id: 'shop-portal',
    });

    const second = await emulator.signStatement(
      { software_id: 'shop-portal' },
      { algorithm: 'RS256', lifetimeSeconds: 600 },
    );
    await testbed.apply(labelled({ name: 'given', data: { software_statement: second } }));
    await untilCredentialSeen('given', second);
    await shop.edit('given-0', { clientName: 'Edited' });
    await eventually(
      () => emulator.clients()[0]?.metadata['client_name'],
      (name) => name === 'Edited',
      20_000,
    );
    await told(testbed, 'given-0', 'Registered');
    expect(statementsSent(emulator)).toEqual([first, second]);
  });

  /** Waits until the operator has seen the Secret, by a server object that needs its content. */
  async function untilCredentialSeen(name: string, statement: string): Promise<void> {
    const data = { software_statement: statement };
    const probe = await start({ gate: { statement: 'ignored' } });
    const spec = { registration: { ...open, softwareStatement: { secretRef: { name: `${name}-seen` } } } };
    const secrets = [labelled({ name: `${name}-seen`, data })];
    await registered(testbed, probe, { name: `${name}-seen`, issuer: probe.issuer, spec, secrets });
  }

  it('SoftwareStatementExpired names the Secret, and a current statement is enough', async () => {
    const emulator = await start({ gate: { statement: 'required' } });
    const expired = await emulator.signStatement({}, { lifetimeSeconds: -60 });
    await setUp(testbed, {
      name: 'expired',
      issuer: emulator.issuer,
      spec: { registration: { ...open, softwareStatement: { secretRef: { name: 'expired', key: 'jwt' } } } },
      secrets: [labelled({ name: 'expired', data: { jwt: expired } })],
    });
    const message = await told(testbed, 'expired-0', 'SoftwareStatementExpired');
    expect(message).toMatch(
      /^AuthorizationServer expired: The software statement in Secret shop\/expired expired at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\. Put a current one into key jwt\.$/,
    );
    await shop.untilServer('expired', { reason: 'SoftwareStatementExpired' });
    expect(emulator.count('register')).toBe(0);

    const current = await emulator.signStatement({});
    await testbed.apply(labelled({ name: 'expired', data: { jwt: current } }));
    await told(testbed, 'expired-0', 'Registered');
    expect(statementsSent(emulator)).toEqual([current]);
  });

  it.each([
    ['InvalidSoftwareStatement', 'of-no-key', { claims: {}, tamper: true }],
    ['UnapprovedSoftwareStatement', 'of-nobody', { claims: {}, issuer: 'https://nobody.example.com' }],
  ] as const)('%s if the server says so', async (reason, name, { claims, ...how }) => {
    const emulator = await start({ gate: { statement: 'required' } });
    const signed = await emulator.signStatement(claims, 'issuer' in how ? { issuer: how.issuer } : {});
    const jwt = 'tamper' in how ? `${signed.slice(0, -6)}AAAAAA` : signed;
    await setUp(testbed, {
      name,
      issuer: emulator.issuer,
      spec: { registration: { ...open, softwareStatement: { secretRef: { name } } } },
      secrets: [labelled({ name, data: { software_statement: jwt } })],
    });
    const message = await told(testbed, `${name}-0`, reason);
    expect(message).toContain(`AuthorizationServer ${name}: The server answered 400`);
    expect(message).not.toContain(jwt);
    expect(emulator.clients()).toHaveLength(0);
  });
});

describe("A software statement of a client's own", () => {
  const own = (name: string) => ({ softwareStatement: { secretRef: { name } } });

  it.each(['Deny', 'Allow', 'Require'] as const)('with fromClient %s', async (fromClient) => {
    const emulator = await start({ gate: { statement: 'optional' } });
    const name = `from-${fromClient.toLowerCase()}`;
    const jwt = await emulator.signStatement({ software_id: 'of-the-team' });
    const common = await emulator.signStatement({ software_id: 'of-the-platform' });
    const softwareStatement = {
      fromClient,
      ...(fromClient === 'Require' ? {} : { secretRef: { name: `${name}-common` } }),
    };
    await setUp(testbed, {
      name,
      issuer: emulator.issuer,
      spec: { registration: { ...open, softwareStatement } },
      secrets: [
        labelled({ name: `${name}-common`, data: { software_statement: common } }),
        labelled({ name: `${name}-own`, data: { software_statement: jwt } }),
      ],
    });
    await testbed.apply(
      oauthClient(NAMESPACE, `${name}-with`, { server: ownServer(name), ...own(`${name}-own`) }),
    );
    const [without, brings] = await Promise.all([
      told(testbed, `${name}-0`, fromClient === 'Require' ? 'InvalidSpec' : 'Registered'),
      told(testbed, `${name}-with`, fromClient === 'Deny' ? 'InvalidSpec' : 'Registered'),
    ]);
    const registeredBy = new Set(emulator.clients().map(({ metadata }) => metadata['software_id']));
    const words = {
      Deny: [/./, /^The server object doesn't permit softwareStatement; remove spec\.softwareStatement/],
      Allow: [/./, /./],
      Require: [/^The server object requires a software statement of each client; set spec/, /./],
    }[fromClient] as [RegExp, RegExp];
    expect(without).toMatch(words[0]);
    expect(brings).toMatch(words[1]);
    expect(registeredBy).toEqual(
      new Set(
        {
          Deny: ['of-the-platform'],
          Allow: ['of-the-platform', 'of-the-team'],
          Require: ['of-the-team'],
        }[fromClient],
      ),
    );
  });

  it("expired: SoftwareStatementExpired names the team's Secret, and nothing is sent", async () => {
    const emulator = await start({ gate: { statement: 'optional' } });
    const jwt = await emulator.signStatement({}, { lifetimeSeconds: -1 });
    const spec = { registration: { ...open, softwareStatement: { fromClient: 'Allow' } } };
    const secrets = [labelled({ name: 'own-expired', data: { software_statement: jwt } })];
    const setting = { name: 'own-expired', issuer: emulator.issuer, spec, secrets };
    await setUp(testbed, { ...setting, client: own('own-expired') });
    const message = await told(testbed, 'own-expired-0', 'SoftwareStatementExpired');
    expect(message).toContain('The software statement in Secret shop/own-expired expired at ');
    expect(emulator.count('register')).toBe(0);
  });

  it('missing or without the label: nothing is sent, and the message names the Secret', async () => {
    const emulator = await start({ gate: { statement: 'optional' } });
    const spec = { registration: { ...open, softwareStatement: { fromClient: 'Allow' } } };
    const setting = { name: 'own-missing', issuer: emulator.issuer, spec };
    await setUp(testbed, { ...setting, client: own('nowhere') });
    expect(await told(testbed, 'own-missing-0', 'CredentialNotFound')).toContain(
      "Secret shop/nowhere doesn't exist. Create it with the label oauth-registrar.dev/credential=true.",
    );
    expect(emulator.count('register')).toBe(0);
  });
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: typeof rsa.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwk = (key: typeof rsa.privateKey, kid: string) =>
  JSON.stringify({ ...key.export({ format: 'jwk' }), kid });
/** Octets that are not text. */
const octets = randomBytes(32);

interface Signer {
  readonly name: string;
  readonly algorithm: string;
  readonly keyFormat: string;
  /** `undefined`: the emulator's shared secret. */
  readonly key?: string;
  readonly keyId?: string;
}

const SIGNERS: readonly Signer[] = [
  { name: 'hs-raw', algorithm: 'HS256', keyFormat: 'Raw' },
  { name: 'hs-base64url', algorithm: 'HS256', keyFormat: 'Base64Url' },
  { name: 'rs-pem', algorithm: 'RS256', keyFormat: 'Pem', key: pem(rsa.privateKey), keyId: 'pub-1' },
  { name: 'rs-jwk', algorithm: 'RS256', keyFormat: 'Jwk', key: jwk(rsa.privateKey, 'pub-2') },
  { name: 'es-pem', algorithm: 'ES256', keyFormat: 'Pem', key: pem(ec.privateKey) },
  { name: 'es-jwk', algorithm: 'ES256', keyFormat: 'Jwk', key: jwk(ec.privateKey, 'pub-3') },
];

describe('A software statement that the operator signs', () => {
  it.each(SIGNERS)(
    '$algorithm, $keyFormat: verifies by what status.signingKeys publishes',
    async (signer) => {
      const { name, algorithm, keyFormat, keyId } = signer;
      const emulator = await start({
        gate: {
          statement: 'required',
          statementClaims: ['redirect_uris', 'sub', 'exp', 'iat', 'jti'],
          statementMustExpire: true,
          statementKeys: algorithm === 'HS256' ? 'secret' : 'publicKey',
        },
      });
      const shared = emulator.credentials.publisher.secret;
      const key = signer.key ?? (keyFormat === 'Raw' ? shared : Buffer.from(shared).toString('base64url'));
      const sign = {
        secretRef: { name },
        keyFormat,
        algorithm,
        ...(keyId && { keyId }),
        issuer: publisher,
        subject: 'registrar@example.com',
        audience: emulator.issuer,
        lifetime: '1h',
        claims: { software_id: 'signed', team: ['shop'] },
        claimsFromClient: { redirect_uris: 'redirect_uris', name: 'client_name' },
      };
      const spec = { registration: { ...open, softwareStatement: { sign } } };
      const secrets = [labelled({ name, data: { key } })];
      await testbed.apply(
        all(
          ...secrets,
          JSON.stringify({
            apiVersion: 'oauth-registrar.dev/v1alpha1',
            kind: 'AuthorizationServer',
            metadata: { name, namespace: NAMESPACE },
            spec: { issuer: emulator.issuer, ...spec },
          }),
        ),
      );
      const { status } = await shop.untilServer(name, { reason: 'Available' });
      const keys = status?.signingKeys as unknown as JSONWebKeySet | undefined;
      if (algorithm === 'HS256') {
        expect(keys).toBeUndefined();
      } else {
        emulator.trust({ statementKeys: keys ?? { keys: [] } });
        expect(JSON.stringify(keys)).not.toMatch(/"[dpq]":/);
      }
      await registered(testbed, emulator, { name, issuer: emulator.issuer, spec, client: withCallback });
      const [claims = {}] = statementsSent(emulator).map(claimsOf);
      expect(claims).toEqual({
        iss: publisher,
        sub: 'registrar@example.com',
        aud: emulator.issuer,
        software_id: 'signed',
        team: ['shop'],
        redirect_uris: [callback],
        name: 'Machine',
        iat: expect.any(Number),
        exp: Number(claims['iat']) + 3_600,
        jti: expect.any(String),
      });
    },
  );

  it('with a key of octets that are not text, as base64url', async () => {
    const emulator = await start({ gate: { statement: 'ignored' } });
    const key = octets.toString('base64url');
    const sign = {
      secretRef: { name: 'octets' },
      keyFormat: 'Base64Url',
      algorithm: 'HS256',
      issuer: publisher,
    };
    await registered(testbed, emulator, {
      name: 'octets',
      issuer: emulator.issuer,
      spec: { registration: { ...open, softwareStatement: { sign } } },
      secrets: [labelled({ name: 'octets', data: { key } })],
    });
    const [jwt = ''] = statementsSent(emulator);
    await expect(jwtVerify(jwt, octets, { issuer: publisher })).resolves.toBeDefined();
  });

  it('with a new signature for each registration and update', async () => {
    const emulator = await start({ gate: { statement: 'required' } });
    const { secret } = emulator.credentials.publisher;
    const sign = { secretRef: { name: 'anew' }, keyFormat: 'Raw', algorithm: 'HS256', issuer: publisher };
    await registered(testbed, emulator, {
      name: 'anew',
      issuer: emulator.issuer,
      spec: { registration: { ...open, softwareStatement: { sign } } },
      secrets: [labelled({ name: 'anew', data: { key: secret } })],
      clients: 2,
    });
    await shop.edit('anew-0', { clientName: 'Edited' });
    await eventually(
      () => emulator.count('update'),
      (count) => count === 1,
      20_000,
    );
    const ids = statementsSent(emulator).map((jwt) => claimsOf(jwt)['jti']);
    expect(new Set(ids).size).toBe(3);
    await told(testbed, 'anew-0', 'Registered');
  });

  it('encrypted for its reader, which decrypts it and verifies the signature inside', async () => {
    const emulator = await start({ gate: { statement: 'ignored' } });
    const recipient = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicPem = recipient.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const sign = {
      secretRef: { name: 'nested', key: 'signing' },
      algorithm: 'ES256',
      issuer: publisher,
      encryption: {
        algorithm: 'RSA-OAEP-256',
        encoding: 'A256GCM',
        secretRef: { name: 'nested', key: 'recipient' },
        keyId: 'reader-1',
      },
    };
    await registered(testbed, emulator, {
      name: 'nested',
      issuer: emulator.issuer,
      spec: { registration: { ...open, softwareStatement: { sign } } },
      secrets: [labelled({ name: 'nested', data: { signing: pem(ec.privateKey), recipient: publicPem } })],
    });
    const [jwe = ''] = statementsSent(emulator);
    const { plaintext, protectedHeader } = await compactDecrypt(
      jwe,
      createPrivateKey(pem(recipient.privateKey)),
    );
    expect(protectedHeader).toEqual({
      alg: 'RSA-OAEP-256',
      enc: 'A256GCM',
      cty: 'JWT',
      kid: 'reader-1',
    });
    const { payload } = await jwtVerify(new TextDecoder().decode(plaintext), ec.publicKey);
    expect(payload).toMatchObject({ iss: publisher });
  });

  it("SigningKeyUnusable if the key doesn't fit the algorithm, before any client needs it", async () => {
    const emulator = await start();
    const sign = { secretRef: { name: 'misfit' }, algorithm: 'RS256', issuer: publisher };
    await setUp(testbed, {
      name: 'misfit',
      issuer: emulator.issuer,
      spec: { registration: { ...open, softwareStatement: { sign } } },
      secrets: [labelled({ name: 'misfit', data: { key: pem(ec.privateKey) } })],
    });
    const { condition } = await shop.untilServer('misfit', { reason: 'SigningKeyUnusable' });
    expect(condition.message).toContain('RS256 needs');
    expect(await told(testbed, 'misfit-0', 'SigningKeyUnusable')).toContain('RS256 needs');
    expect(emulator.count('register')).toBe(0);
  });
});

describe('On a cluster server, values of a tenant are signed only within the policy', () => {
  const clusterRef = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });
  const sign = (name: string) => ({
    secretRef: { name },
    keyFormat: 'Raw',
    algorithm: 'HS256',
    issuer: publisher,
    claimsFromClient: { redirect_uris: 'redirect_uris' },
  });
  const signing = (name: string, policy?: object) => ({
    registration: { ...open, softwareStatement: { sign: sign(name) } },
    ...(policy && { policy }),
  });

  it('refused without a bound, with the name of the member', async () => {
    const emulator = await start({ gate: { statement: 'required' } });
    const { secret } = emulator.credentials.publisher;
    await testbed.apply(
      all(
        labelled({ name: 'unbound', namespace: OPERATOR_NAMESPACE, data: { key: secret } }),
        clusterServer(emulator.issuer, 'unbound', signing('unbound')),
        oauthClient(NAMESPACE, 'unbound', { server: clusterRef('unbound'), ...withCallback }),
      ),
    );
    const { condition } = await untilClusterServer(testbed, 'unbound', { reason: 'InvalidSpec' });
    expect(condition.message).toBe(
      "spec.registration.softwareStatement.sign.claimsFromClient copies redirect_uris, which spec.policy doesn't bound: bound it there, or leave it out.",
    );
    await told(testbed, 'unbound', 'InvalidSpec');
    expect(emulator.count('register')).toBe(0);
  });

  it('copied within the bound, and refused beyond it', async () => {
    const emulator = await start({ gate: { statement: 'required', statementClaims: ['redirect_uris'] } });
    const { secret } = emulator.credentials.publisher;
    const outside = { client: { ...machine, redirectUris: ['https://evil.example.net/callback'] } };
    await testbed.apply(
      all(
        labelled({ name: 'bound', namespace: OPERATOR_NAMESPACE, data: { key: secret } }),
        clusterServer(emulator.issuer, 'bound', signing('bound', { uriHosts: ['*.example.com'] })),
        oauthClient(NAMESPACE, 'bound-in', { server: clusterRef('bound'), ...withCallback }),
        oauthClient(NAMESPACE, 'bound-out', { server: clusterRef('bound'), ...outside }),
      ),
    );
    await told(testbed, 'bound-in', 'Registered');
    expect(await told(testbed, 'bound-out', 'PolicyRefused')).toContain('evil.example.net');
    expect(emulator.clients().map(({ metadata }) => metadata['redirect_uris'])).toEqual([[callback]]);
  });

  it("a client's own statement is checked by its claims", async () => {
    const emulator = await start({ gate: { statement: 'required' } });
    const inside = await emulator.signStatement({ redirect_uris: [callback] });
    const outside = await emulator.signStatement({ redirect_uris: ['https://evil.example.net/cb'] });
    const spec = {
      registration: { ...open, softwareStatement: { fromClient: 'Require' } },
      policy: { uriHosts: ['*.example.com'] },
    };
    await testbed.apply(
      all(
        clusterServer(emulator.issuer, 'judged', spec),
        ...Object.entries({ inside, outside }).flatMap(([name, jwt]) => [
          labelled({ name: `judged-${name}-jwt`, data: { software_statement: jwt } }),
          oauthClient(NAMESPACE, `judged-${name}`, {
            server: clusterRef('judged'),
            softwareStatement: { secretRef: { name: `judged-${name}-jwt` } },
          }),
        ]),
      ),
    );
    await told(testbed, 'judged-inside', 'Registered');
    expect(await told(testbed, 'judged-outside', 'PolicyRefused')).toContain('evil.example.net');
    expect(emulator.clients()).toHaveLength(1);
  });
});

describe('A signed request', () => {
  it.each([
    ['jws-pem', 'Pem', 'RS256', pem(rsa.privateKey), undefined],
    ['jws-jwk', 'Jwk', 'ES256', jwk(ec.privateKey, 'req-1'), 'application/jose'],
  ] as const)(
    'rule 5: %s verifies by the keys in status.signingKeys, at registration and update',
    async (...row) => {
      const [name, keyFormat, algorithm, key, contentType] = row;
      const emulator = await start({ gate: { signedBody: true } });
      const signedRequest = {
        secretRef: { name },
        keyFormat,
        algorithm,
        issuer: publisher,
        ...(contentType && { contentType }),
      };
      const spec = { registration: { ...open, signedRequest } };
      const secrets = [labelled({ name, data: { key } })];
      const setting = { name, issuer: emulator.issuer, spec, secrets };
      await setUp(testbed, { ...setting, clients: 0 });
      await shop.untilServer(name, { reason: 'Available' });
      const { status } = await shop.server(name);
      const keys = status?.signingKeys as unknown as JSONWebKeySet;
      expect(keys.keys).toMatchObject([{ alg: algorithm, use: 'sig', kid: expect.any(String) }]);
      emulator.trust({ requestKeys: keys });

      await registered(testbed, emulator, setting);
      expect(emulator.clients()[0]?.metadata).toMatchObject({ client_name: 'Machine', scope: 'read' });
      const [sent] = emulator.log.filter(({ call }) => call === 'register');
      expect(sent?.contentType).toBe(contentType ?? 'application/jwt');

      await shop.edit(`${name}-0`, { clientName: 'Edited' });
      await eventually(
        () => emulator.clients()[0]?.metadata['client_name'],
        (clientName) => clientName === 'Edited',
        20_000,
      );
      const [update] = emulator.log.filter(({ call }) => call === 'update');
      expect(update?.contentType).toBe(contentType ?? 'application/jwt');
    },
  );

  it('with a token by client credentials and a statement within the signed body', async () => {
    const emulator = await start({
      gate: {
        admits: ['clientCredentials'],
        scope: 'dcr_register',
        oneUse: true,
        statement: 'required',
        signedBody: true,
      },
    });
    const { registration } = clientCredentials('whole', { scopes: ['dcr_register'] });
    const statement = await emulator.signStatement({ software_id: 'shop-portal' });
    const { requestSigner } = emulator.credentials;
    await registered(testbed, emulator, {
      name: 'whole',
      issuer: emulator.issuer,
      spec: {
        registration: {
          ...registration,
          softwareStatement: { secretRef: { name: 'whole' } },
          signedRequest: { secretRef: { name: 'whole', key: 'request_key' }, algorithm: 'ES256' },
        },
      },
      secrets: [
        labelled({
          name: 'whole',
          data: {
            ...admissionClient(emulator),
            software_statement: statement,
            request_key: requestSigner.privateKey,
          },
        }),
      ],
      clients: 3,
    });
    expect(emulator.clients().map(({ metadata }) => metadata['software_id'])).toEqual(
      Array(3).fill('shop-portal'),
    );
    expect(emulator.count('token')).toBe(3);
  });
});
