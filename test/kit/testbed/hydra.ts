import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type AdminAnswer, type AdminApi, adminApi } from './admin-api.ts';
import { freePort } from './free-port.ts';
import { ensureHydra } from './hydra-build.ts';
import type { ProcessGroup } from './process-group.ts';
import { createProgress, type Progress } from './progress.ts';
import { startServer, untilServing } from './server-start.ts';
import { requestTokenAt, type TokenAnswer, type TokenRequest } from './token-request.ts';

/** A real Ory Hydra of its own, with a database in memory; registration (RFC 7591) is open and advertised. */
export interface Hydra {
  /** `http://127.0.0.1:PORT`. */
  readonly issuer: string;
  /** Exactly the clients that exist, as its admin API shows them: the oracle of every test. */
  clients(): Promise<readonly HydraClient[]>;
  client(clientId: string): Promise<HydraClient | undefined>;
  /** Asks the token endpoint for a token by client credentials, as a workload does. */
  requestToken(request: TokenRequest): Promise<TokenAnswer>;
  /** For all else that an administrator can do; paths begin with `/admin`. */
  readonly admin: AdminApi;
  /** Ends it and removes every file. Safe to call again. */
  stop(): Promise<void>;
}

export interface HydraOptions {
  readonly progress?: Progress;
  /** Whether clients can be registered; it is advertised all the same. Default: true. */
  readonly registration?: boolean;
}

/** RFC 7591 client metadata with members of its own; never a secret or a token. */
export type HydraClient = Readonly<Record<string, unknown>> & { readonly client_id: string };

/** Listed as supported, besides those of OpenID Connect, and given to a client that asks for none. */
export const HYDRA_SCOPES = ['read', 'write'] as const;

const PAGE_SIZE = 500;

/**
 * Starts Hydra on free ports of 127.0.0.1 and resolves when it serves (about 1 s), having built it where it was missing.
 *
 * Without `stop` it ends with this process, however that ends. Throws with the last lines of its log where it does not come
 * up, and with what to install where it can't be built. `progress` defaults to lines on stderr.
 */
export async function startHydra(options: HydraOptions = {}): Promise<Hydra> {
  const { progress = createProgress(), registration = true } = options;
  const program = await ensureHydra(progress);
  return progress.step('Starting Ory Hydra', () =>
    startServer((group) => start(program, group, registration)),
  );
}

async function start(program: string, group: ProcessGroup, registration: boolean): Promise<Hydra> {
  const [publicPort, adminPort] = [await freePort(), await freePort()];
  const issuer = `http://127.0.0.1:${publicPort}`;
  const file = join(group.folder, 'hydra.yml');
  await writeFile(file, stringify(configuration(issuer, publicPort, adminPort, registration)), {
    mode: 0o600,
  });
  const flags = ['serve', 'all', '--dev', '--sqa-opt-out', '-c', file];
  const server = await group.start('hydra', program, flags);
  await untilServing(server, `${issuer}/health/ready`);
  return hydra(issuer, adminApi(`http://127.0.0.1:${adminPort}`), group);
}

function hydra(issuer: string, admin: AdminApi, group: ProcessGroup): Hydra {
  const clients = () => listClients(admin);
  return {
    issuer,
    admin,
    clients,
    client: async (clientId) => (await clients()).find(({ client_id }) => client_id === clientId),
    requestToken: (request) => requestTokenAt(`${issuer}/oauth2/token`, request),
    stop: group.stop,
  };
}

function configuration(issuer: string, publicPort: number, adminPort: number, registration: boolean): object {
  const host = '127.0.0.1';
  return {
    dsn: 'memory',
    serve: { public: { host, port: publicPort }, admin: { host, port: adminPort } },
    urls: { self: { issuer, public: issuer } },
    secrets: { system: [randomBytes(24).toString('base64url')] },
    oidc: { dynamic_client_registration: { enabled: registration, default_scope: HYDRA_SCOPES } },
    webfinger: {
      oidc_discovery: {
        // Without this, discovery says nothing of registration.
        client_registration_url: `${issuer}/oauth2/register`,
        supported_scope: HYDRA_SCOPES,
      },
    },
  };
}

async function listClients(admin: AdminApi): Promise<readonly HydraClient[]> {
  const clients: HydraClient[] = [];
  let path: string | undefined = `/admin/clients?page_size=${PAGE_SIZE}`;
  let total = 0;
  while (path !== undefined) {
    const answer: AdminAnswer<readonly HydraClient[]> = await admin.request('GET', path);
    const { headers, json } = answer;
    clients.push(...json);
    total = Number(headers.get('x-total-count'));
    const next = /<([^>]*)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
    // An empty page has a next one, too.
    path = json.length === 0 ? undefined : next;
  }
  if (clients.length !== total) {
    throw new Error(`Hydra shows ${clients.length} of its ${total} clients`);
  }
  return clients;
}
