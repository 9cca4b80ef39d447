import type { AuthorizationServerSpec } from '../api/authorization-server.ts';
import { type ConfigMap, RESOURCES, type Secret } from '../api/kubernetes.ts';
import { secretNames } from '../core/connect.ts';
import { type CredentialSecret, type CredentialSecrets, secretValue } from '../core/credential.ts';
import { isProblem, type Problem } from '../core/problem.ts';
import type { ServerObject } from '../core/server.ts';
import type { Context } from './context.ts';

export interface References {
  readonly secrets: CredentialSecrets;
  /** Text of the CA bundle. */
  readonly ca: string | undefined;
  /** Why the server can't even be asked for its documents. */
  readonly problem: Problem | undefined;
}

/**
 * What a server object refers to: Secrets from those that are watched by their label, and the CA bundle. A Secret that
 * isn't watched is asked for by its metadata's sake alone: does it lack the label, or does it not exist?
 */
export async function resolveReferences(
  { metadata }: ServerObject,
  spec: AuthorizationServerSpec,
  context: Context,
): Promise<References> {
  const namespace = metadata.namespace ?? context.settings.operatorNamespace;
  const found = new Map<string, CredentialSecret>();
  for (const name of secretNames(spec)) {
    found.set(name, await lookUp(namespace, name, context));
  }
  const secrets = { namespace, get: (name: string) => found.get(name) ?? ({ kind: 'NotFound' } as const) };
  const ca = await caOf(spec, secrets, context);
  return isProblem(ca)
    ? { secrets, ca: undefined, problem: ca }
    : { secrets, ca: ca?.text, problem: undefined };
}

async function lookUp(namespace: string, name: string, { caches, api }: Context): Promise<CredentialSecret> {
  const secret = caches.credentials.get(`${namespace}/${name}`);
  if (secret !== undefined) {
    const { uid, resourceVersion } = secret.metadata;
    return { kind: 'Found', values: secret.values, version: `${uid}/${resourceVersion}` };
  }
  const there = await api.get<Secret>(RESOURCES.secret, { namespace, name });
  if (!there.ok && there.status !== 404) {
    return { kind: 'NotRead', why: there.message };
  }
  return { kind: there.ok ? 'NotLabelled' : 'NotFound' };
}

async function caOf(
  { connection }: AuthorizationServerSpec,
  secrets: CredentialSecrets,
  { api }: Context,
): Promise<{ readonly text: string } | Problem | undefined> {
  const ref = connection?.caRef;
  if (ref === undefined) {
    return undefined;
  }
  if (ref.kind === 'Secret') {
    const value = secretValue(secrets, ref);
    return isProblem(value) ? value : { text: value.reveal() };
  }
  const { namespace } = secrets;
  const found = await api.get<ConfigMap>(RESOURCES.configMap, { namespace, name: ref.name });
  const text = found.ok ? found.object.data?.[ref.key] : undefined;
  if (text?.includes('-----BEGIN CERTIFICATE-----')) {
    return { text };
  }
  return found.ok
    ? {
        reason: 'CredentialKeyMissing',
        message: `ConfigMap ${namespace}/${ref.name} has no certificate (PEM) under key “${ref.key}”. Put the CA bundle there, or name another key in connection.caRef.`,
      }
    : {
        reason: 'CredentialNotFound',
        message: `ConfigMap ${namespace}/${ref.name}, which connection.caRef names, can’t be read (${found.status}). Create it with the CA bundle under key “${ref.key}”.`,
      };
}
