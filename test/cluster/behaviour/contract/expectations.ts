import { expect } from 'vitest';
import { omit } from '../../../../src/oauth/objects.ts';
import type { Capabilities } from '../../../kit/emulator/capabilities.ts';
import { eventually } from '../objects.ts';
import { type Placed, sendsScope, specClient } from './placed.ts';
import type { ContractScene } from './scene.ts';

/** Expectations of a server and of the operator, derived from what the server can do. */

/** The only client at the server. */
export function onlyClient({ emulator }: Placed) {
  const [client, ...others] = emulator.clients();
  expect(others).toEqual([]);
  return client ?? expect.fail('the server has no client');
}

/** Requests a token at the server with the content of the workload's Secret. */
async function requestToken({ emulator }: Placed, secret: Readonly<Record<string, string>> = {}) {
  const { client_id: clientId = '', client_secret: clientSecret = '', token_endpoint_auth_method } = secret;
  const method = token_endpoint_auth_method === 'client_secret_post' ? token_endpoint_auth_method : undefined;
  return emulator.requestToken({ clientId, clientSecret, ...(method === undefined ? {} : { method }) });
}

/** The Secret has the credentials that the server has, and they get a token if the server issues tokens. */
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

/** The server has the requested metadata, except for what it is known not to accept. */
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

/** A server that serves neither updates nor deletions manages nothing, though its token may read. */
export function managementOf({ managers, update, remove }: Capabilities): string {
  if (!update.supported && !remove) {
    return 'None';
  }
  if (managers.includes('registrationToken')) {
    return 'RegistrationAccessToken';
  }
  return managers.length > 0 ? 'Credential' : 'None';
}

/**
 * Metadata that every server refuses: an unknown method, or no redirect URI if the client is public. The schema refuses
 * `authorization_code` without one, so no grant type is named.
 */
export const refusable = ({ capabilities, body, scopes }: Placed, name: string): object =>
  specClient(
    capabilities.secret
      ? { ...body, token_endpoint_auth_method: 'made_up' }
      : omit(body, 'redirect_uris', 'grant_types'),
    name,
    scopes[0],
  );

/** The expected reason: by the server's error code, if it has one instead of a code of RFC 7591. */
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

/** The secret itself, as JSON, in a URL, in Base64, and each line of a private key. */
export const formsOf = (secret: string): readonly string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64'),
  ...secret.split('\n').filter((line) => line.length > 40 && !line.startsWith('-----')),
];
