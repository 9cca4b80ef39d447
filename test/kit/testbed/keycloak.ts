import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AdminApi, adminApi } from './admin-api.ts';
import { freePort } from './free-port.ts';
import {
  ensureKeycloak,
  type KeycloakDistribution,
  type KeycloakVersion,
  SHARED_FOLDERS,
} from './keycloak-distribution.ts';
import {
  type InitialAccessTokenOptions,
  type KeycloakClient,
  type KeycloakRealms,
  keycloakRealms,
  type RealmOptions,
  type ServiceAccount,
  type ServiceAccountOptions,
} from './keycloak-realms.ts';
import type { ProcessGroup } from './process-group.ts';
import { createProgress, type Progress } from './progress.ts';
import { startServer, untilServing } from './server-start.ts';
import { requestTokenAt, type TokenAnswer, type TokenRequest } from './token-request.ts';

export type {
  InitialAccessTokenOptions,
  KeycloakClient,
  RealmOptions,
  ServiceAccount,
  ServiceAccountOptions,
};

/** A real Keycloak of its own in development mode, with a database in memory: new at each start. */
export interface Keycloak extends KeycloakRealms {
  /** `http://127.0.0.1:PORT/realms/REALM`. */
  issuer(realm: string): string;
  /** Asks the realm's token endpoint for a token by client credentials, as a workload does. */
  requestToken(realm: string, request: TokenRequest): Promise<TokenAnswer>;
  /** For all else that an administrator can do; paths begin with `/admin/realms`. */
  readonly admin: AdminApi;
  /** Ends it and removes every file. Safe to call again. */
  stop(): Promise<void>;
}

interface KeycloakOptions {
  readonly progress?: Progress;
  readonly version?: KeycloakVersion;
  /** Features besides those that are on by default, such as `cimd`. */
  readonly features?: readonly string[];
  /** Of `conf/keycloak.conf`, besides its own. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A token of the administrator is good for a minute, and one is used for less. */
const TOKEN_REUSE_MS = 30_000;

/**
 * Starts Keycloak on a free port of 127.0.0.1 and resolves when it serves (11 to 25 s, up to 450 MB), having fetched it
 * where it was missing. It has the realm `master` only. `version` defaults to 26.4.7.
 *
 * Without `stop` it ends with this process, however that ends. Throws with the last lines of its log where it does not come
 * up, and with what to install where it can't be fetched or run. `progress` defaults to lines on stderr.
 */
export async function startKeycloak(options: KeycloakOptions = {}): Promise<Keycloak> {
  const progress = options.progress ?? createProgress();
  const { version = '26.4.7', features = [], settings = {} } = options;
  const distribution = await ensureKeycloak(progress, version, features);
  return progress.step(`Starting Keycloak ${version} (10 to 30 s)`, () =>
    startServer((group) => start(distribution, group, settings)),
  );
}

async function start(
  distribution: KeycloakDistribution,
  group: ProcessGroup,
  settings: NonNullable<KeycloakOptions['settings']>,
): Promise<Keycloak> {
  const port = await freePort();
  const administrator = { clientId: 'testbed-admin', clientSecret: randomBytes(24).toString('base64url') };
  await layOut(distribution, group.folder, {
    'http-host': '127.0.0.1',
    'http-port': port,
    'bootstrap-admin-client-id': administrator.clientId,
    'bootstrap-admin-client-secret': administrator.clientSecret,
    ...settings,
  });
  const server = await group.start('keycloak', distribution.java, distribution.startArguments(group.folder));
  const url = `http://127.0.0.1:${port}`;
  await untilServing(server, `${url}/realms/master`);
  return keycloak(url, administrator, group);
}

/** A home that shares what is never written; the secret is in a file, since anyone may read arguments. */
async function layOut(
  distribution: KeycloakDistribution,
  home: string,
  settings: Readonly<Record<string, string | number>>,
): Promise<void> {
  await mkdir(join(home, 'conf'));
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(home, 'conf', 'keycloak.conf'), lines.join(''), { mode: 0o600 });
  for (const name of SHARED_FOLDERS) {
    await symlink(join(distribution.folder, name), join(home, name));
  }
}

function keycloak(url: string, administrator: TokenRequest, group: ProcessGroup): Keycloak {
  const issuer = (realm: string) => `${url}/realms/${realm}`;
  const requestToken = (realm: string, request: TokenRequest) =>
    requestTokenAt(`${issuer(realm)}/protocol/openid-connect/token`, request);
  const admin = adminApi(
    url,
    reused(TOKEN_REUSE_MS, async () => {
      const { status, body } = await requestToken('master', administrator);
      if (status !== 200) {
        throw new Error(`no token for the administrator of Keycloak: ${status}`);
      }
      return `Bearer ${body['access_token']}`;
    }),
  );
  return { issuer, requestToken, admin, ...keycloakRealms(admin), stop: group.stop };
}

/** What `get` gave, for `forMs`; then `get` is asked again. */
function reused<T>(forMs: number, get: () => Promise<T>): () => Promise<T> {
  let last: { readonly value: Promise<T>; readonly until: number } | undefined;
  return () => {
    if (last === undefined || performance.now() > last.until) {
      last = { value: get(), until: performance.now() + forMs };
    }
    return last.value;
  };
}
