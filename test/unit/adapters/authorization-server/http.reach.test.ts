import { describe, expect, it } from 'vitest';
import { createEgressGuards } from '../../../../src/adapters/authorization-server/egress.ts';
import {
  client,
  connectionIdle,
  connectProxy,
  http,
  post,
  whyOf,
  within,
} from '../../../kit/fakes/local-servers.ts';
import { createCertificateAuthority } from '../../../kit/testbed/certificates.ts';

const namespaced = {
  timeoutMs: 5_000,
  server: { kind: 'AuthorizationServer', name: 'own', namespace: 'shop' },
} as const;
const reach = { namespacedServerHosts: ['localhost'] };

async function answering() {
  const asked: string[] = [];
  const url = await http((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  return { url, asked };
}

describe('M2: --namespaced-server-hosts', () => {
  it.each(['POST', 'GET', 'PUT', 'DELETE'] as const)(
    'bounds each %s for an AuthorizationServer',
    async (method) => {
      const { url, asked } = await answering();
      const http = client({ reach });
      const outcome = await http.send(post(url, { method }), namespaced);
      expect(outcome).toMatchObject({ kind: 'notSent', reason: 'AddressRefused' });
      expect(whyOf(outcome)).toBe("--namespaced-server-hosts doesn't list 127.0.0.1");
      expect(asked).toEqual([]);
      const permitted = await http.send(post(url.replace('127.0.0.1', 'localhost'), { method }), namespaced);
      expect(permitted).toMatchObject({ kind: 'answered' });
      expect(asked).toEqual([`${method} /register`]);
    },
  );

  it('permits no proxy to an AuthorizationServer, whatever its host', async () => {
    const { url, asked } = await answering();
    const proxy = await connectProxy();
    const proxyUrl = `http://localhost:${proxy.port}`;
    const call = { ...namespaced, transport: { version: 'own', proxyUrl } };
    const outcome = await client({ reach }).send(post(url.replace('127.0.0.1', 'localhost')), call);
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'AddressRefused' });
    expect([proxy.asked, asked]).toEqual([[], []]);
  });

  it('leaves cluster servers alone', async () => {
    const { url, asked } = await answering();
    expect(await client({ reach }).send(post(url), within(5_000))).toMatchObject({ kind: 'answered' });
    expect(asked).toHaveLength(1);
  });
});

describe('M9: --refuse-addresses', () => {
  const guards = createEgressGuards({ allowed: ['127.0.0.0/8', '::1'], refused: ['127.0.0.0/9', '::1'] });

  it('is for AuthorizationServers, by literal address and by name, and for their proxies', async () => {
    const { url, asked } = await answering();
    const proxy = await connectProxy();
    const http = client({ guards });
    const refused = { kind: 'notSent', reason: 'AddressRefused' };
    expect(await http.send(post(url), namespaced)).toMatchObject(refused);
    expect(await http.send(post(url.replace('127.0.0.1', 'localhost')), namespaced)).toMatchObject(refused);
    const transport = { version: 'own', proxyUrl: `http://${proxy.host}` };
    expect(await http.send(post('http://as.example/'), { ...namespaced, transport })).toMatchObject(refused);
    expect([asked, proxy.asked]).toEqual([[], []]);
    expect(await http.send(post(url), within(5_000))).toMatchObject({ kind: 'answered' });
  });

  it('holds though a cluster server keeps a connection to that very address', async () => {
    const { url, asked } = await answering();
    const http = client({ guards });
    const { cert: ca } = createCertificateAuthority();
    for (const transport of [undefined, { version: 'same', ca }]) {
      await http.send(post(url), { ...within(5_000), transport });
      await connectionIdle();
      const outcome = await http.send(post(url), { ...namespaced, transport });
      expect(outcome).toMatchObject({ kind: 'notSent', reason: 'AddressRefused' });
    }
    expect(asked).toHaveLength(2);
  });
});

describe('L12: facts that tenants do not see', () => {
  it('is in the log, once', async () => {
    const lines: (object | undefined)[] = [];
    const log = { warn: (_message: string, fields?: object) => lines.push(fields) };
    const http = client({ guards: createEgressGuards({ allowed: [], apiServer: () => ['10.96.0.1'] }), log });
    for (let call = 0; call < 3; call += 1) {
      const outcome = await http.send(post('https://10.96.0.1/'), namespaced);
      expect(outcome).toHaveProperty('detail', "the address of 10.96.0.1 isn't permitted here");
    }
    expect(lines).toEqual([
      {
        server: 'AuthorizationServer/shop/own',
        reason: 'AddressRefused',
        why: "10.96.0.1 is the API server's address; start the operator with --allow-addresses=10.96.0.1 to permit it",
      },
    ]);
  });
});
