import { expect, test } from 'vitest';
import { startEmulator } from './emulator.ts';
import { tenantPath } from './tenants.ts';

test('each path of a tenant is an issuer with endpoints of its own; all share the clients', async () => {
  const emulator = await startEmulator('rfc7591', { gate: { admits: ['fixedToken'] } });
  const { origin } = new URL(emulator.issuer);
  try {
    const found = await Promise.all(
      [3, 44].map(async (index) => {
        const url = `${origin}/.well-known/oauth-authorization-server${tenantPath(index)}`;
        return (await (await fetch(url)).json()) as Readonly<Record<string, string>>;
      }),
    );
    const own = new URL(emulator.registrationEndpoint).pathname;
    expect(found.map(({ issuer, registration_endpoint }) => [issuer, registration_endpoint])).toEqual([
      [`${origin}/tenant-3`, `${origin}/tenant-3${own}`],
      [`${origin}/tenant-44`, `${origin}/tenant-44${own}`],
    ]);
    const answer = await fetch(found[1]?.['registration_endpoint'] ?? '', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${emulator.credentials.initialAccessToken}`,
      },
      body: JSON.stringify({ redirect_uris: ['https://shop.example.com/callback'] }),
    });
    const client = (await answer.json()) as Readonly<Record<string, string>>;
    expect(client['registration_client_uri']).toContain(`${origin}/tenant-44${own}`);
    expect(emulator.client(client['client_id'] ?? '')).toBeDefined();
  } finally {
    await emulator.stop();
  }
});
