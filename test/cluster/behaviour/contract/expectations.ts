import { expect } from 'vitest';
import type { Capabilities } from '../../../kit/emulator/capabilities.ts';
import { eventually } from '../objects.ts';
import { type Placed, sendsScope, specClient } from './placed.ts';
import type { ContractScene } from './scene.ts';

/** What is expected of a server and of the operator, by what the server can do. */

/** The one client that the server has. */
export function onlyClient({ emulator }: Placed) {
  const [client, ...others] = emulator.clients();
  expect(others).toEqual([]);
  return client ?? expect.fail('the server has no client');
}

/** Asks the server for a token with what the workload's Secret holds. */
async function requestToken({ emulator }: Placed, secret: Readonly<Record<string, string>> = {}) {
  const { client_id: clientId = '', client_secret: clientSecret = '', token_endpoint_auth_method } = secret;
  const method = token_endpoint_auth_method === 'client_secret_post' ? token_endpoint_auth_method : undefined;
  return emulator.requestToken({ clientId, clientSecret, ...(method === undefined ? {} : { method }) });
}

/** What the Secret holds is what the server has, and good for a token where the server issues one. */
export async function expectPublished(scene: ContractScene, placed: Placed, name: string): Promise<void> {
  const { capabilities } = placed;
  const client = onlyClient(placed);
  const secret = await eventually(
    () => scene.secret(name),
    (data) => data?.['client_id'] === client.clientId && data['client_secret'] === client.clientSecret,
    20_000,
  );
  expect(secret).toMatchObject({
    issuer: placed.emulator.issuer,
    token_endpoint: placed.emulator.tokenEndpoint,
  });
  expect(secret?.['client_secret'] !== undefined).toBe(capabilities.secret);
  if (capabilities.machineBody !== undefined) {
    expect(await requestToken(placed, secret)).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
  }
}

/** The metadata is what was asked for, but for what the server is known not to take. */
export function expectMetadata(placed: Placed, name: string, scopes: readonly string[]): void {
  const { token_endpoint_auth_method, grant_types, redirect_uris } = placed.body;
  const { metadata } = onlyClient(placed);
  expect(metadata).toMatchObject({
    client_name: name,
    grant_types,
    token_endpoint_auth_method,
    ...(redirect_uris === undefined ? {} : { redirect_uris }),
  });
  if (scopes.length > 0 && sendsScope(placed.dialect)) {
    expect(metadata['scope']).toBe(scopes.join(' '));
  }
}

export const admissionOf = async (scene: ContractScene, placed: Placed) => {
  const { status } = await scene.server(placed);
  return status?.conditions?.find(({ type }) => type === 'AdmissionAccepted');
};

export function managementOf({ managers }: Capabilities): string {
  if (managers.includes('registrationToken')) {
    return 'RegistrationAccessToken';
  }
  return managers.length > 0 ? 'Credential' : 'None';
}

/** What no server takes: a method that it doesn't know, or of a public client no redirect URI. */
export const refusable = ({ capabilities, body, scopes }: Placed, name: string): object =>
  specClient(
    capabilities.secret ? { ...body, token_endpoint_auth_method: 'made_up' } : { ...body, redirect_uris: [] },
    name,
    scopes[0],
  );

/** What is told of that: the server's code decides, where it has one of RFC 7591's in its place. */
export function refusalOf({ capabilities, emulator }: Placed): {
  readonly reason: string;
  readonly words: string;
} {
  const words = 'token_endpoint_auth_method is not supported';
  if (!capabilities.secret) {
    return {
      reason: 'InvalidRedirectURI',
      words: '400 invalid_redirect_uri: redirect_uris is mandatory',
    };
  }
  switch (emulator.behaviour.errors.shape) {
    case 'oauth':
    case 'secureauth':
    case 'okta':
      return { reason: 'InvalidClientMetadata', words: `400 invalid_client_metadata: ${words}` };
    default:
      return { reason: 'RegistrationRefused', words: 'status 400' };
  }
}

/** As it is, as JSON writes it, in a URL, in Base64, and of a private key each line. */
export const formsOf = (secret: string): readonly string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64'),
  ...secret.split('\n').filter((line) => line.length > 40 && !line.startsWith('-----')),
];
