import { conditionOf, credential, machineClient, type SentObject } from './objects.ts';
import type { Target } from './target.ts';

/** Clients that exist at the server `corporate` without a record, and OAuthClients that adopt them. */

const secretOf = (name: string): string => `${name}-brought`;

/**
 * Creates a client at the server. Returns the Secret to adopt it; its token may be one that a request can't contain.
 */
export function brought({ corporate }: Target, name: string, token: string): SentObject {
  const clientId = `brought-${name}`;
  const management = {
    client_id: clientId,
    registration_access_token: token,
    registration_client_uri: `${corporate.issuer}/reg/${clientId}`,
  };
  corporate.clients.set(clientId, { client_name: name, ...management });
  return credential(secretOf(name), management);
}

/** An OAuthClient that adopts a client of `brought`. */
export const adopting = (name: string): SentObject =>
  machineClient(name, { adopt: { secretRef: { name: secretOf(name) } } });

/** The condition Paused of `corporate`, if it has one. */
export const pausedOf = async ({ admin }: Target): Promise<ReturnType<typeof conditionOf>> =>
  conditionOf(await admin.get('ClusterAuthorizationServer', 'corporate'), 'Paused');
