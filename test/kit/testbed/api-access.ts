import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type Agent, request } from 'undici';
import { stringify } from 'yaml';
import { childEnvironment } from './environment.ts';

/** Where an API server is and how a client knows it. */
export interface ApiEndpoint {
  readonly url: string;
  readonly caFile: string;
}

/** Requests as one user over kept connections. */
export interface ApiUser {
  /**
   * `path` from the root (`/api/v1/namespaces`); `body` is sent as JSON, for PATCH as a merge patch. Any answer is a value:
   * `json` is the parsed body, or the text where it is not JSON. Rejects where no answer was read.
   */
  request<T = unknown>(method: HttpMethod, path: string, body?: object): Promise<ApiAnswer<T>>;
}

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ApiAnswer<T> {
  readonly status: number;
  readonly json: T;
}

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The user that `token` authenticates. `agent` trusts the server's CA and stays the caller's to close. */
export function apiUser(url: string, token: string, agent: Agent): ApiUser {
  return {
    request: async <T>(method: HttpMethod, path: string, body?: object) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const answer = await request(`${url}${path}`, {
        dispatcher: agent,
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body: body === undefined ? null : JSON.stringify(body),
      });
      return { status: answer.statusCode, json: parse(await answer.body.text()) as T };
    },
  };
}

/** Writes a kubeconfig with one context, readable by its owner only. */
export async function writeKubeconfig(
  path: string,
  endpoint: ApiEndpoint,
  user: { readonly name: string; readonly token: string; readonly namespace?: string },
): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'testbed', cluster: { server: endpoint.url, 'certificate-authority': endpoint.caFile } },
    ],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [
      {
        name: 'testbed',
        context: { cluster: 'testbed', user: user.name, namespace: user.namespace ?? 'default' },
      },
    ],
    'current-context': 'testbed',
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
}

/** Runs kubectl to its end; a refusal is a result with its `code`, never an error. `cache` keeps discovery apart. */
export async function runKubectl(
  kubectl: { readonly path: string; readonly kubeconfig: string; readonly cache: string },
  args: readonly string[],
  stdin = '',
): Promise<KubectlResult> {
  const child = spawn(kubectl.path, args, {
    env: childEnvironment({ KUBECONFIG: kubectl.kubeconfig, KUBECACHEDIR: kubectl.cache }),
    stdio: 'pipe',
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
