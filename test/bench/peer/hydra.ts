import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Call } from '../../kit/emulator/message.ts';
import { type AdminApi, adminApi } from '../../kit/testbed/admin-api.ts';
import { freePort } from '../../kit/testbed/free-port.ts';
import { ensureHydra } from '../../kit/testbed/hydra-build.ts';
import type { RunningProcess } from '../../kit/testbed/process-group.ts';
import type { Progress } from '../../kit/testbed/progress.ts';
import { startServer, untilServing } from '../../kit/testbed/server-start.ts';
import type { BenchServer } from '../server.ts';

/** One Ory Hydra for both: open registration at its public port, its admin API at the other. */
export interface PeerHydra extends BenchServer {
  readonly adminPort: number;
  /** Starts the process anew, at the same ports: its database in memory is empty then, and its counts are 0. */
  restart(): Promise<void>;
}

/** Builds Hydra where it is missing. Its database is in memory. */
export async function startPeerHydra(progress: Progress): Promise<PeerHydra> {
  const program = await ensureHydra(progress);
  return startServer(async (group) => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const issuer = `http://127.0.0.1:${port}`;
    const file = join(group.folder, 'hydra.yml');
    await writeFile(file, stringify(configuration(issuer, port, adminPort)), { mode: 0o600 });
    const flags = ['serve', 'all', '--dev', '--sqa-opt-out', '-c', file];
    const start = async () => {
      const server = await group.start('hydra', program, flags);
      await untilServing(server, `${issuer}/health/ready`);
      return server;
    };
    return hydra({ issuer, adminPort, start, stop: group.stop, first: await start() });
  });
}

function configuration(issuer: string, port: number, adminPort: number): object {
  const host = '127.0.0.1';
  return {
    dsn: 'memory',
    log: { level: 'error' },
    serve: { public: { host, port }, admin: { host, port: adminPort } },
    urls: { self: { issuer, public: issuer } },
    secrets: { system: [randomBytes(24).toString('base64url')] },
    oidc: { dynamic_client_registration: { enabled: true } },
    webfinger: { oidc_discovery: { client_registration_url: `${issuer}/oauth2/register` } },
  };
}

function hydra(parts: {
  readonly issuer: string;
  readonly adminPort: number;
  readonly start: () => Promise<RunningProcess>;
  readonly stop: () => Promise<void>;
  readonly first: RunningProcess;
}): PeerHydra {
  const { issuer, adminPort, start, stop } = parts;
  const origin = `http://127.0.0.1:${adminPort}`;
  const admin = adminApi(origin);
  let running = parts.first;
  let looks = 0;
  return {
    issuer,
    registrationEndpoint: `${issuer}/oauth2/register`,
    initialAccessToken: undefined,
    spec: { dialect: 'hydra', registration: { admission: { open: {} } } },
    get pid() {
      return running.pid;
    },
    adminPort,
    async tally() {
      looks += 1;
      const clients = await countClients(admin);
      const calls = await callsAt(origin);
      return { clients, calls: { ...calls, read: calls.read - looks } };
    },
    async restart() {
      await running.stop('SIGKILL');
      running = await start();
      looks = 0;
    },
    stop,
  };
}

async function countClients(admin: AdminApi): Promise<number> {
  const { headers } = await admin.request('GET', '/admin/clients?page_size=1');
  return Number(headers.get('x-total-count'));
}

/** Labels may hold braces: `endpoint="/admin/clients/{param}"`. */
const METRIC = /^http_requests_total\{(?<labels>.*)\} (?<count>\S+)$/gm;
const OF_CLIENTS = /endpoint="\/(?:oauth2\/register|admin\/clients)/;

/** As Hydra itself counts them, at either port: whatever is about clients, lists of them with the reads. */
async function callsAt(origin: string): Promise<Readonly<Record<Call, number>>> {
  const text = await (await fetch(`${origin}/admin/metrics/prometheus`)).text();
  const calls = { discovery: 0, token: 0, register: 0, read: 0, update: 0, remove: 0, other: 0 };
  for (const { groups } of text.matchAll(METRIC)) {
    const { labels = '', count } = groups ?? {};
    const method = /method="(\w+)"/.exec(labels)?.[1] ?? '';
    if (OF_CLIENTS.test(labels)) {
      calls[CALL_BY_METHOD[method] ?? 'other'] += Number(count);
    }
  }
  return calls;
}

const CALL_BY_METHOD: Readonly<Record<string, Call>> = {
  post: 'register',
  get: 'read',
  put: 'update',
  delete: 'remove',
};
