import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { type Emulator, startEmulator } from '../../kit/emulator/emulator.ts';
import { writeKubeconfig } from '../../kit/testbed/api-access.ts';
import { createCertificateAuthority } from '../../kit/testbed/certificates.ts';
import { startDocumentServer } from '../../kit/testbed/document-server.ts';
import { type DocumentsProcess, startDocuments } from '../../kit/testbed/documents.ts';
import type { Progress } from '../../kit/testbed/progress.ts';
import { startTestbed, type Testbed } from '../../kit/testbed/testbed.ts';
import { startApiProxy } from './api-proxy.ts';
import { failDocuments } from './document-faults.ts';
import type { KnownDocuments } from './further-facts.ts';
import { FURTHER_FLAGS, permitRestarts } from './further-install.ts';
import { type ServerProxy, startServerProxy } from './server-proxy.ts';
import { createFaults, type Faults } from './soak-faults.ts';
import { type Operators, startOperators } from './soak-operators.ts';
import { chanceOf } from './soak-random.ts';
import { SERVERS, type ServerName, stageOf } from './soak-stage.ts';
import type { Suspect } from './soak-truth.ts';
import { createUsers, type Users } from './soak-users.ts';

/** All participants: two operators, a proxy before each server that they call, and people. */
export interface SoakScene {
  readonly testbed: Testbed;
  readonly servers: Readonly<Record<ServerName, Emulator>>;
  readonly proxies: Readonly<Record<ServerName, ServerProxy>>;
  readonly documents: DocumentsProcess;
  /** Every document that was ever there, by URL. */
  readonly knownDocuments: KnownDocuments;
  readonly operators: Operators;
  readonly users: Users;
  readonly faults: Faults;
  /** Every suspected orphan that was ever listed, by attempt. */
  readonly suspects: Map<string, Suspect>;
  stop(): Promise<void>;
}

const CALL_TIMEOUT = '2s';
/** Longer than the timeout above. */
const STALL_MS = 3_000;

export async function setUp(seed: number, progress: Progress): Promise<SoakScene> {
  const testbed = await startTestbed({ operator: false, progress });
  const faults = createFaults();
  const servers = {
    steady: await startEmulator(),
    rotating: await startEmulator('oidc-provider', { gate: { admits: ['nothing'] } }),
  };
  const proxyOf = (name: ServerName) =>
    startServerProxy({
      name,
      backend: new URL(servers[name].issuer).origin,
      stallMs: STALL_MS,
      faults,
      chance: chanceOf(seed, name),
    });
  const proxies = { steady: await proxyOf('steady'), rotating: await proxyOf('rotating') };
  const ca = createCertificateAuthority();
  const apiProxy = await startApiProxy({
    backend: {
      origin: testbed.controlPlane.url,
      ca: await readFile(testbed.controlPlane.caFile, 'utf8'),
    },
    tls: ca.issue({ usage: 'server' }),
    faults,
    chance: chanceOf(seed, 'api'),
  });
  const documents = await startDocuments(testbed.controlPlane);
  const documentServer = await startDocumentServer(documents.ca.cert);
  failDocuments(documents, faults, chanceOf(seed, 'documents'));
  await permitRestarts(testbed);
  const operators = await startOperators(
    await proxiedKubeconfig(testbed.operatorKubeconfig, apiProxy.origin, ca.cert),
    FURTHER_FLAGS(documents.baseUrl),
  );
  const { issuer } = documentServer;
  await testbed.apply(
    stageOf({
      issuers: { steady: proxies.steady.origin, rotating: proxies.rotating.origin },
      documents: { issuer, baseUrl: documents.baseUrl, ca: documents.ca.cert },
      timeout: CALL_TIMEOUT,
    }),
  );
  return {
    testbed,
    servers,
    proxies,
    documents,
    knownDocuments: new Map(),
    operators,
    users: createUsers(testbed, chanceOf(seed, 'users')),
    faults,
    suspects: new Map(),
    async stop() {
      await operators.stop();
      await Promise.all(
        [apiProxy, proxies.steady, proxies.rotating, documents, documentServer].map((one) => one.stop()),
      );
      await Promise.all(SERVERS.map((name) => servers[name].stop()));
      await testbed.stop();
    },
  };
}

/** A kubeconfig of the operator's own account, through the proxy. */
async function proxiedKubeconfig(path: string, url: string, ca: string): Promise<string> {
  const { users } = parse(await readFile(path, 'utf8')) as {
    readonly users: readonly [{ readonly name: string; readonly user: { readonly token: string } }];
  };
  const file = join(dirname(path), 'proxied.kubeconfig');
  const caFile = join(dirname(path), 'proxy-ca.crt');
  await writeFile(caFile, ca);
  const [{ name, user }] = users;
  await writeKubeconfig(file, { url, caFile }, { name, token: user.token });
  return file;
}
