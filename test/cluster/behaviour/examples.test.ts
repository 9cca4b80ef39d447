import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../../kit/emulator/certificates.ts';
import type { Client, Emulator } from '../../kit/emulator/emulator.ts';
import { variantOf } from '../../kit/emulator/presets.ts';
import { start } from '../../kit/emulator/running.ts';
import { PLAIN_EXAMPLES } from '../docs/plain-examples.ts';
import { conditionOf, eventually } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** The examples of server and client that users copy, unchanged, against the emulated server of each. */

const SERVERS = join(import.meta.dirname, '..', '..', '..', 'deploy', 'samples', 'servers');
const LONG_MS = 20_000;

const testbed = useTestbed({ namespaces: [] });
const shop = teamIn(testbed, 'shop', { waitMs: LONG_MS });
const billing = teamIn(testbed, 'billing');
const web = teamIn(testbed, 'web');
const agents = teamIn(testbed, 'agents');

const covered = new Set<string>();

/** Text of the file with some strings replaced; each must occur. */
function sample(name: string, replacements: Readonly<Record<string, string>>): string {
  covered.add(name);
  const text = readFileSync(join(SERVERS, `${name}.yaml`), 'utf8');
  return Object.entries(replacements).reduce((replaced, [from, to]) => {
    expect(replaced, `${name}.yaml has no ${from}`).toContain(from);
    return replaced.replaceAll(from, to);
  }, text);
}

const originOf = ({ issuer }: Emulator): string => new URL(issuer).origin;
/** Any text as one YAML scalar. */
const quoted = (text: string): string => JSON.stringify(text);

interface Registered {
  readonly client: Client;
  readonly secret: Readonly<Record<string, string>>;
}

/** Waits until the client is registered, as the only one at the server, and its Secret shows it. */
async function registered(emulator: Emulator, namespace: string, name: string): Promise<Registered> {
  const { status } = await teamIn(testbed, namespace).until(name, 'Registered');
  expect(emulator.clients().map(({ clientId }) => clientId)).toEqual([status?.clientId]);
  const client = emulator.clients()[0] as Client;
  const secret = (await teamIn(testbed, namespace).secret(name)) ?? {};
  expect(secret).toMatchObject({
    client_id: client.clientId,
    client_secret: client.clientSecret,
    token_endpoint: emulator.tokenEndpoint,
  });
  return { client, secret };
}

/** Changes the name at the server twice, since a token may rotate, and then removes the client. */
async function managed(emulator: Emulator, namespace: string, name: string): Promise<void> {
  for (const clientName of ['Second name', 'Third name']) {
    await teamIn(testbed, namespace).edit(name, { clientName });
    await eventually(
      () => emulator.clients().map(({ metadata }) => metadata['client_name']),
      ([at]) => at === clientName,
      LONG_MS,
    );
    await registered(emulator, namespace, name);
  }
  await teamIn(testbed, namespace).kubectl('delete', 'oac', name, '--timeout=20s');
  expect(emulator.clients()).toEqual([]);
}

describe('The example for', () => {
  it('Keycloak, with an initial access token', async () => {
    const emulator = await start('keycloak', { gate: { admits: ['countedToken'] } });
    await testbed.apply(
      sample('keycloak', {
        'https://sso.example.com': originOf(emulator),
        'replace-with-an-initial-access-token': emulator.credentials.countedToken,
      }),
    );
    const { client, secret } = await registered(emulator, 'shop', 'shop');
    expect(client.metadata).toMatchObject({
      client_name: 'Shop',
      redirect_uris: ['https://shop.example.com/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'profile',
    });
    expect(secret).toMatchObject({
      issuer: emulator.issuer,
      token_endpoint_auth_method: 'client_secret_basic',
    });
    const { status } = await shop.client('shop');
    expect(status?.substitutions).toContainEqual({ member: 'scope', asked: 'openid', registered: '' });
    await managed(emulator, 'shop', 'shop');
  });

  it('PingOne Advanced Identity Cloud, an AI agent that is bound to a Job, at the default server', async () => {
    const emulator = await start('pingone-aic-agent', variantOf('pingone-aic-agent', 'issuerWithPort'));
    const published = 'http://127.0.0.1:443/am/oauth2/realms/root/realms/alpha';
    await testbed.apply(
      sample('pingone-aic-agent', {
        'https://t.example.com:443': 'http://127.0.0.1:443',
        'https://t.example.com': originOf(emulator),
      }),
    );
    const waiting = await agents.until('retail-chatbot', 'BoundObjectNotFound');
    expect(conditionOf(waiting, 'Ready')?.message).toContain("Job agent-7 doesn't exist in namespace agents");
    expect(emulator.clients()).toEqual([]);

    await agents.kubectl('create', 'job', 'agent-7', '--image=example.com/agent');
    const { client, secret } = await registered(emulator, 'agents', 'retail-chatbot');
    expect(client.metadata).toMatchObject({
      client_name: 'Retail Chatbot',
      grant_types: ['client_credentials'],
      response_types: ['token'],
      redirect_uris: ['https://example.com/callback'],
      scope: 'data-read',
      token_endpoint_auth_method: 'client_secret_post',
    });
    expect(secret).toMatchObject({
      issuer: published,
      aiAgentIdentityUid: client.generated['aiAgentIdentityUid'],
    });
    const { client_id: clientId = '', client_secret: clientSecret = '' } = secret;
    const token = { clientId, clientSecret, method: 'client_secret_post', scope: 'data-read' } as const;
    expect(await emulator.requestToken(token)).toMatchObject({ status: 200, body: { scope: 'data-read' } });

    const { metadata, status } = await agents.client('retail-chatbot');
    const job = JSON.parse(await agents.kubectl('get', 'job', 'agent-7', '-o', 'json'));
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'Job', name: 'agent-7', uid: job.metadata.uid }]);
    expect(status?.authorizationServerRef).toEqual({ kind: 'AuthorizationServer', name: 'pingone-agents' });
    await managed(emulator, 'agents', 'retail-chatbot');
  });

  it('SecureAuth, with a one-use token, a statement and a template for management', async () => {
    const emulator = await start('secureauth', { gate: { statement: 'required' } });
    const { client: admission } = emulator.credentials;
    const statement = await emulator.signStatement({ software_id: 'partner-portal' });
    await testbed.apply(
      sample('secureauth', {
        'https://a.example.com': originOf(emulator),
        'replace-with-a-client-id': quoted(admission.clientId),
        'replace-with-its-secret': quoted(admission.clientSecret),
        'replace-with-a-software-statement': quoted(statement),
      }),
    );
    const { client } = await registered(emulator, 'partners', 'portal');
    expect(client.metadata).toMatchObject({
      client_name: 'Partner Portal',
      redirect_uris: ['https://partners.example.com/cb'],
      scope: 'openid profile',
      software_id: 'partner-portal',
      software_statement: statement,
    });
    expect(emulator.log.find(({ call }) => call === 'token')?.form?.['scope']).toBe('dcr_register');
    await managed(emulator, 'partners', 'portal');
    expect(emulator.count('token')).toBe(1);
  });

  it('PingFederate, with extended properties, at the default server', async () => {
    const emulator = await start('pingfederate');
    const { client: admission } = emulator.credentials;
    await testbed.apply(
      sample('pingfederate', {
        'https://pf.example.com': originOf(emulator),
        'replace-with-a-client-id': quoted(admission.clientId),
        'replace-with-its-secret': quoted(admission.clientSecret),
      }),
    );
    const { client } = await registered(emulator, 'billing', 'invoices');
    expect(client.metadata).toMatchObject({
      redirect_uris: ['https://a.example.com/cb'],
      costCenter: '4711',
      tiers: ['gold', 'eu'],
    });
    const { status } = await billing.client('invoices');
    expect(status?.authorizationServerRef).toEqual({
      kind: 'ClusterAuthorizationServer',
      name: 'pingfederate',
    });

    await billing.edit('invoices', { additionalMetadata: { other: 'x' } });
    const refused = await billing.until('invoices', 'PolicyRefused');
    expect(conditionOf(refused, 'Ready')?.message).toContain('other is not permitted');
    await billing.edit('invoices', { additionalMetadata: { other: null } });
    await managed(emulator, 'billing', 'invoices');
  });

  it('ForgeRock, with a statement that the operator signs and a name in Japanese, at the default server', async () => {
    const emulator = await start('forgerock');
    await testbed.apply(
      sample('forgerock', {
        'https://t.example.com': originOf(emulator),
        'replace-with-the-publisher-secret': quoted(emulator.credentials.publisher.secret),
      }),
    );
    const { client } = await registered(emulator, 'portal', 'my-client');
    expect(client.metadata).toMatchObject({
      client_name: 'My Client',
      'client_name#ja-jpan-jp': 'クライアント名',
      client_uri: 'https://client.example.com/',
      redirect_uris: ['https://client.example.com/callback'],
      scope: 'openid profile',
      response_types: ['code', 'id_token code'],
    });
    const [, payload = ''] = String(client.metadata['software_statement']).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    expect(claims).toMatchObject({
      iss: 'https://publisher.example.com',
      sub: 'registrar@example.com',
      redirect_uris: ['https://client.example.com/callback'],
      exp: claims.iat + 3_600,
    });
    const { status } = await teamIn(testbed, 'portal').client('my-client');
    expect(status?.authorizationServerRef).toEqual({ kind: 'ClusterAuthorizationServer', name: 'forgerock' });
    await managed(emulator, 'portal', 'my-client');
  });

  it('Auth0, where a client can be neither changed nor removed', async () => {
    const emulator = await start('auth0');
    await testbed.apply(sample('auth0', { 'https://acme.eu.auth0.com': originOf(emulator) }));
    const { client, secret } = await registered(emulator, 'web', 'frontend');
    expect(client.metadata).toMatchObject({
      client_name: 'Frontend',
      redirect_uris: ['https://web.example.com/callback'],
    });
    expect(secret['issuer']).toBe(`${originOf(emulator)}/`);
    expect((await web.server('auth0')).status?.management).toBe('None');

    await web.edit('frontend', { clientName: 'Second name' });
    const edited = await web.until('frontend', 'UpdateUnsupported');
    expect(conditionOf(edited, 'Ready')?.message).toContain('management.mode None');

    await web.kubectl('delete', 'oac', 'frontend', '--timeout=20s');
    const left = await web.untilEvent('frontend', ({ reason }) => reason === 'DeletionUnsupported');
    expect(left.type).toBe('Warning');
    expect(emulator.clients()).toHaveLength(1);
    expect(emulator.log.map(({ call }) => call).filter((call) => call !== 'discovery')).toEqual(['register']);
  });

  it('mutual TLS, with a private CA bundle', async () => {
    const ca = createCertificateAuthority();
    const serverKeys = ca.issue({ commonName: 'as.bank.example', names: ['127.0.0.1'] });
    const emulator = await start(
      { gate: { admits: ['clientCredentials'], clientCertificate: true } },
      { token: { admissionMethods: ['tls_client_auth'] } },
      { tls: { ...serverKeys, ca: ca.cert, requestClientCertificate: true } },
    );
    const { clientId, certificateName } = emulator.credentials.client;
    const { cert, key } = ca.issue({ commonName: certificateName });
    await testbed.apply(
      sample('mutual-tls', {
        'https://as.bank.example': originOf(emulator),
        'replace-with-a-client-id': quoted(clientId),
        'replace-with-a-certificate': quoted(cert),
        'replace-with-its-key': quoted(key),
        'replace-with-a-ca-bundle': quoted(ca.cert),
      }),
    );
    const { client } = await registered(emulator, 'bank', 'payments');
    expect(client.metadata).toMatchObject({ client_name: 'Payments', scope: 'payments' });
    await managed(emulator, 'bank', 'payments');
    const shown = emulator.log.filter(({ call }) => call !== 'discovery');
    expect(new Set(shown.map(({ certificateName: name }) => name))).toEqual(new Set([certificateName]));
  });
});

describe('deploy/samples/servers', () => {
  it('contains no example without a test', () => {
    const files = readdirSync(SERVERS).map((file) => file.replace(/\.yaml$/, ''));
    expect([...covered, ...PLAIN_EXAMPLES].toSorted()).toEqual(files.toSorted());
  });

  it("isn't part of what is installed or of the first sample", async () => {
    const folder = join(SERVERS, '..', '..');
    const own = ['keycloak', 'pingone-agents', 'secureauth', 'pingfederate', 'forgerock', 'auth0', 'bank'];
    for (const kustomization of [folder, join(folder, 'samples')]) {
      const rendered = await testbed.kubectl('kustomize', kustomization);
      const names = rendered.match(/(?<=^ {2}name: ).*$/gm) ?? [];
      expect(names).not.toEqual([]);
      expect(names.filter((name) => own.includes(name))).toEqual([]);
    }
  });
});
