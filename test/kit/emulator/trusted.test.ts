import { createPrivateKey } from 'node:crypto';
import { CompactSign, exportJWK, SignJWT } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority, selfSigned } from './certificates.ts';
import { makeCredentials } from './credentials.ts';
import { rfc7591 } from './presets/rfc7591.ts';
import { call, start, stopAll } from './running.ts';

/** What an administrator configures in place of what the emulated server made up. */
afterEach(stopAll);

const WEB = { client_name: 'Web', redirect_uris: ['https://app.example/callback'] };
/** Keys that the emulator under test did not make. */
const others = makeCredentials(rfc7591, () => undefined);

describe('a trusted key', () => {
  it("verifies software statements in place of the publisher's", async () => {
    const emulator = await start({ gate: { statement: 'required' } });
    const { privateKey, publicKey } = others.publisher.key;
    const jwt = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(others.publisher.issuer)
      .sign(createPrivateKey(privateKey));
    const post = () =>
      call('POST', emulator.registrationEndpoint, { body: { ...WEB, software_statement: jwt } });
    expect((await post()).json['error']).toBe('invalid_software_statement');
    emulator.trust({ statementKeys: { keys: [await exportJWK(publicKey)] } });
    expect((await post()).status).toBe(201);
  });

  it('verifies signed bodies, of registrations and of updates', async () => {
    const emulator = await start({ gate: { signedBody: true } });
    const { privateKey, publicKey } = others.requestSigner;
    const send = async (method: string, url: string, body: object, authorization?: string) => {
      const jws = new CompactSign(new TextEncoder().encode(JSON.stringify(body)));
      const signed = await jws.setProtectedHeader({ alg: 'ES256' }).sign(createPrivateKey(privateKey));
      const headers = { 'content-type': 'application/jwt' };
      return call(method, url, { body: signed, headers, authorization });
    };
    expect((await send('POST', emulator.registrationEndpoint, WEB)).status).toBe(400);
    emulator.trust({ requestKeys: { keys: [await exportJWK(publicKey)] } });
    const { status, json } = await send('POST', emulator.registrationEndpoint, WEB);
    expect(status).toBe(201);

    const uri = String(json['registration_client_uri']);
    const bearer = `Bearer ${String(json['registration_access_token'])}`;
    const change = { ...WEB, client_id: json['client_id'], client_name: 'Edited' };
    expect((await send('PUT', uri, change, bearer)).json['client_name']).toBe('Edited');
    emulator.trust({ requestKeys: { keys: [] } });
    expect((await send('PUT', uri, change, bearer)).status).toBe(400);
  });
});

describe('the client of the admission, by self_signed_tls_client_auth', () => {
  const authority = createCertificateAuthority();
  const server = authority.issue({ commonName: 'localhost', names: ['127.0.0.1'] });
  const tls = { ...server, ca: authority.cert, requestClientCertificate: true };

  it('is known by the very certificate', async () => {
    const emulator = await start({}, {}, { tls });
    const { clientId } = emulator.credentials.client;
    const [right, wrong] = [selfSigned({ commonName: 'a' }), selfSigned({ commonName: 'a' })];
    const statusWith = async (certificate: typeof right) =>
      (await emulator.requestToken({ clientId, method: 'self_signed_tls_client_auth', certificate })).status;
    expect(await statusWith(right)).toBe(401);
    emulator.trust({ clientCertificate: right.cert });
    expect([await statusWith(right), await statusWith(wrong)]).toEqual([200, 401]);
    expect(new Set(emulator.log.map(({ certificateFingerprint }) => certificateFingerprint)).size).toBe(2);
  });

  it('finds aliases under another name of the same server', async () => {
    const emulator = await start({ discovery: { aliases: 'otherName' } }, {}, { tls });
    const { json } = await call('GET', `${emulator.issuer}/.well-known/oauth-authorization-server`);
    const { port } = new URL(emulator.issuer);
    expect(json['mtls_endpoint_aliases']).toEqual({
      token_endpoint: `https://localhost:${port}/token`,
      registration_endpoint: `https://localhost:${port}/register`,
    });
  });
});
