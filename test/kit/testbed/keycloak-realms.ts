import { randomUUID } from 'node:crypto';
import type { AdminApi } from './admin-api.ts';

/** Realms and who may register there, through Keycloak's admin API. */
export interface KeycloakRealms {
  /** A realm with Keycloak's own defaults but for what `options` say. */
  createRealm(name: string, options?: RealmOptions): Promise<void>;
  createInitialAccessToken(realm: string, options?: InitialAccessTokenOptions): Promise<string>;
  /** A client whose access tokens let it register and manage clients. It is not among `clients`. */
  createServiceAccount(realm: string, options?: ServiceAccountOptions): Promise<ServiceAccount>;
  /** Lets the realm believe tokens of an issuer, such as a cluster, as client assertions. */
  trustIssuer(realm: string, trust: IssuerTrust): Promise<void>;
  /**
   * Exactly the clients that were registered and still exist: the oracle of every test. Those that came with the realm and
   * service accounts made here are left out.
   */
  clients(realm: string): Promise<readonly KeycloakClient[]>;
  /** Any client, as an administrator sees it, with its secret. */
  client(realm: string, clientId: string): Promise<KeycloakClient | undefined>;
}

export interface RealmOptions {
  /** Optional client scopes that clients may be registered for, besides those of Keycloak. Default: read and write. */
  readonly scopes?: readonly string[];
  /** Let anyone register, from any host: Keycloak's default trusts no host. Default false. */
  readonly anonymousRegistration?: boolean;
}

export interface InitialAccessTokenOptions {
  /** How many clients may be registered with it. Default: 100. */
  readonly count?: number;
  /** Default: 3,600. */
  readonly expirationSeconds?: number;
}

export interface ServiceAccountOptions {
  /** Default: a random one. */
  readonly clientId?: string;
  /** Roles of the realm's client `realm-management`. Default: `create-client` and `manage-clients`. */
  readonly roles?: readonly string[];
  /** It authenticates by a token of this subject of a trusted issuer, and by nothing else. Default: by its secret. */
  readonly federated?: { readonly alias: string; readonly subject: string };
}

export interface IssuerTrust {
  /** Name of the trust in the realm. */
  readonly alias: string;
  readonly issuer: string;
  readonly jwksUrl: string;
}

export interface ServiceAccount {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Keycloak's ClientRepresentation, with the members that tests ask for most. */
export type KeycloakClient = Readonly<Record<string, unknown>> & {
  /** Keycloak's internal id, for paths of the admin API. */
  readonly id: string;
  readonly clientId: string;
  readonly name?: string;
  readonly secret?: string;
  readonly redirectUris?: readonly string[];
  readonly serviceAccountsEnabled?: boolean;
  readonly optionalClientScopes?: readonly string[];
};

interface Identified {
  readonly id: string;
}

const REGISTRATION_POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

export function keycloakRealms(admin: AdminApi): KeycloakRealms {
  const notRegistered = new Map<string, Set<string>>();
  const list = (realm: string, query = '') =>
    get<readonly KeycloakClient[]>(admin, `/admin/realms/${realm}/clients${query}`);
  const client = async (realm: string, clientId: string) =>
    (await list(realm, `?clientId=${encodeURIComponent(clientId)}`))[0];
  return {
    client,
    clients: async (realm) =>
      (await list(realm)).filter(({ clientId }) => !notRegistered.get(realm)?.has(clientId)),
    createRealm: async (name, options = {}) => {
      await admin.request('POST', '/admin/realms', { realm: name, enabled: true });
      for (const scope of options.scopes ?? ['read', 'write']) {
        await addOptionalScope(admin, name, scope);
      }
      if (options.anonymousRegistration) {
        await trustAnyHost(admin, name);
      }
      notRegistered.set(name, new Set((await list(name)).map(({ clientId }) => clientId)));
    },
    createInitialAccessToken: (realm, options) => createInitialAccessToken(admin, realm, options),
    createServiceAccount: async (realm, options) => {
      const account = await createServiceAccount(admin, realm, options);
      notRegistered.get(realm)?.add(account.clientId);
      return account;
    },
    trustIssuer: async (realm, trust) => {
      await admin.request('POST', `/admin/realms/${realm}/identity-provider/instances`, trustOf(trust));
    },
  };
}

async function get<T>(admin: AdminApi, path: string): Promise<T> {
  return (await admin.request<T>('GET', path)).json;
}

/** Creates an object and returns Keycloak's id, which only the `Location` header has. */
async function create(admin: AdminApi, path: string, body: object): Promise<string> {
  const { headers } = await admin.request('POST', path, body);
  const id = headers.get('location')?.split('/').at(-1);
  if (id === undefined) {
    throw new Error(`POST ${path} was answered without a Location`);
  }
  return id;
}

async function addOptionalScope(admin: AdminApi, realm: string, name: string): Promise<void> {
  const attributes = { 'include.in.token.scope': 'true' };
  const scope = { name, protocol: 'openid-connect', attributes };
  const id = await create(admin, `/admin/realms/${realm}/client-scopes`, scope);
  await admin.request('PUT', `/admin/realms/${realm}/default-optional-client-scopes/${id}`);
}

async function trustAnyHost(admin: AdminApi, realm: string): Promise<void> {
  const components = `/admin/realms/${realm}/components`;
  const policies = await get<readonly (Identified & { readonly providerId: string })[]>(
    admin,
    `${components}?type=${REGISTRATION_POLICY}`,
  );
  for (const { id } of policies.filter(({ providerId }) => providerId === 'trusted-hosts')) {
    await admin.request('DELETE', `${components}/${id}`);
  }
}

async function createInitialAccessToken(
  admin: AdminApi,
  realm: string,
  { count = 100, expirationSeconds = 3_600 }: InitialAccessTokenOptions = {},
): Promise<string> {
  const path = `/admin/realms/${realm}/clients-initial-access`;
  const { json } = await admin.request<{ readonly token: string }>('POST', path, {
    count,
    expiration: expirationSeconds,
  });
  return json.token;
}

/** Signing in by it is not wanted: the addresses for that lead nowhere. */
const trustOf = ({ alias, issuer, jwksUrl }: IssuerTrust) => ({
  alias,
  providerId: 'oidc',
  enabled: true,
  hideOnLogin: true,
  config: {
    issuer,
    jwksUrl,
    useJwksUrl: 'true',
    validateSignature: 'true',
    supportsClientAssertions: 'true',
    // A workload reads its token from a file again and again.
    supportsClientAssertionReuse: 'true',
    authorizationUrl: `${issuer}/nowhere`,
    tokenUrl: `${issuer}/nowhere`,
    clientId: 'unused',
    clientSecret: 'unused',
    clientAuthMethod: 'client_secret_post',
  },
});

async function createServiceAccount(
  admin: AdminApi,
  realm: string,
  {
    clientId = `service-${randomUUID()}`,
    roles = ['create-client', 'manage-clients'],
    federated,
  }: ServiceAccountOptions = {},
): Promise<ServiceAccount> {
  const [base, clientSecret] = [`/admin/realms/${realm}`, randomUUID()];
  const id = await create(admin, `${base}/clients`, {
    clientId,
    secret: clientSecret,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    ...(federated && {
      clientAuthenticatorType: 'federated-jwt',
      attributes: { 'jwt.credential.issuer': federated.alias, 'jwt.credential.sub': federated.subject },
    }),
  });
  const user = await get<Identified>(admin, `${base}/clients/${id}/service-account-user`);
  const [owner] = await get<readonly Identified[]>(admin, `${base}/clients?clientId=realm-management`);
  const grants = await Promise.all(
    roles.map((role) => get(admin, `${base}/clients/${owner?.id}/roles/${role}`)),
  );
  await admin.request('POST', `${base}/users/${user.id}/role-mappings/clients/${owner?.id}`, grants);
  return { clientId, clientSecret };
}
