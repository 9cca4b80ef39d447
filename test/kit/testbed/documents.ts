import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CertificateAuthority, createCertificateAuthority } from './certificates.ts';
import type { ControlPlane } from './control-plane.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

export const DOCUMENTS_NAMESPACE = 'oauth-registrar-documents';

/** `oauth-registrar documents` as a process under its own account, and the front through which the world reaches it. */
export interface DocumentsProcess {
  /** Of the front: `https://localhost:PORT`. */
  readonly baseUrl: string;
  readonly ca: CertificateAuthority;
  /** Paths that were asked for at the front, in order. */
  readonly asked: readonly string[];
  /** Answers in its place, until the function that is returned is called. Returns true where it answered. */
  intercept(handler: Interceptor): () => void;
  /** Answers as the process does, without the front. For `intercept` of another. */
  readonly answer: Interceptor;
  /** What the front answers. */
  fetch(url: string): Promise<{ readonly status: number; readonly body: string }>;
  stop(): Promise<void>;
}

type Interceptor = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Applies the manifests of the component: the namespace of documents, and who may do what there.
 *
 * @param namespace in place of that of the manifests, for another install
 */
export async function applyDocumentsComponent(
  { kubectl }: ControlPlane,
  namespace = DOCUMENTS_NAMESPACE,
): Promise<void> {
  const component = join(ROOT, 'deploy', 'components', 'documents');
  const files = ['namespace', 'service-account', 'role'].map((name) =>
    readFileSync(join(component, `${name}.yaml`), 'utf8').replaceAll(DOCUMENTS_NAMESPACE, namespace),
  );
  const { code, stderr } = await kubectl(['apply', '-f', '-'], { stdin: files.join('---\n') });
  if (code !== 0) {
    throw new Error(stderr);
  }
}

/**
 * Applies the manifests of the component, and starts the process that they describe.
 *
 * @param namespace of its documents: that of another install
 */
export async function startDocuments(
  controlPlane: ControlPlane,
  namespace = DOCUMENTS_NAMESPACE,
): Promise<DocumentsProcess> {
  await applyDocumentsComponent(controlPlane, namespace);
  const kubeconfig = await controlPlane.kubeconfigFor({ namespace, serviceAccount: namespace });
  const flags = [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, '--port=0', '--documents-port=0'];
  const child = spawn(process.execPath, [join(ROOT, 'src', 'main.ts'), 'documents', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const endWithParent = () => child.kill('SIGKILL');
  process.once('exit', endWithParent);
  const port = await servingPort(child);
  const ca = createCertificateAuthority();
  const asked: string[] = [];
  const interceptors: Interceptor[] = [];
  const front = createServer(ca.issue({ names: ['localhost'] }), (incoming, response) => {
    asked.push(incoming.url ?? '');
    if (!interceptors.toReversed().some((handler) => handler(incoming, response))) {
      forward(port, incoming, response);
    }
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const baseUrl = `https://localhost:${(front.address() as AddressInfo).port}`;
  return {
    baseUrl,
    ca,
    asked,
    intercept: (handler) => {
      interceptors.push(handler);
      return () => void interceptors.splice(interceptors.indexOf(handler), 1);
    },
    answer: (incoming, response) => {
      forward(port, incoming, response);
      return true;
    },
    fetch: (url) => ask(port, url),
    async stop() {
      process.removeListener('exit', endWithParent);
      child.kill('SIGKILL');
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

/** Resolves when the documents of the API server are served. */
async function servingPort(child: ChildProcess): Promise<number> {
  let port: unknown;
  for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
    const { msg, documentsPort } = JSON.parse(line) as Record<string, unknown>;
    port = documentsPort ?? port;
    if (msg === 'serving' && typeof port === 'number') {
      child.stdout?.resume();
      return port;
    }
  }
  throw new Error('the documents are not served');
}

function forward(port: number, incoming: IncomingMessage, response: ServerResponse): void {
  const { url = '', method = 'GET', headers } = incoming;
  request({ port, path: url, method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  })
    .on('error', () => response.writeHead(502).end())
    .end();
}

const ask = (port: number, url: string) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const { host, pathname } = new URL(url);
    request({ port, path: pathname, headers: { host }, agent: false }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
