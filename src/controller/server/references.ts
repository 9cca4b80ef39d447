import type { AuthorizationServerSpec } from '../../api/authorization-server.ts';
import { type ConfigMap, RESOURCES } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import { secretNames } from '../../core/build-connection.ts';
import { type CredentialSecrets, NO_ROOM, secretValue } from '../../core/credential.ts';
import { isProblem, type Problem } from '../../core/problem.ts';
import { keyOfServer } from '../../core/server-key.ts';
import type { ServerObject } from '../../core/server-object.ts';
import type { Context } from '../context.ts';

interface References {
  readonly secrets: CredentialSecrets;
  /** Text of the CA bundle. */
  readonly ca: string | undefined;
  /** Why the server can't even be asked for its documents. */
  readonly problem: Problem | undefined;
  /** A Secret could not be read, or not in its present version: retry. */
  readonly isIncomplete: boolean;
}

/**
 * Reads what a server object references: Secrets, each version once, and the CA bundle. For an unusable Secret the
 * problem says whether it lacks the label or doesn't exist.
 */
export async function resolveReferences(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  context: Context,
): Promise<References> {
  const namespace = object.metadata.namespace ?? context.settings.operatorNamespace;
  const { credentials } = context;
  const who = { kind: 'Server', key: keyOfServer(object) } as const;
  await credentials.refer(who, namespace, secretNames(spec));
  const secrets = { namespace, get: (name: string) => credentials.get(namespace, name) };
  const ca = bounded(await caOf(spec, secrets, context), namespace, (bytes) =>
    credentials.count(who, namespace, bytes),
  );
  const isIncomplete = credentials.isIncomplete(who);
  return isProblem(ca)
    ? { secrets, ca: undefined, problem: ca, isIncomplete }
    : { secrets, ca: ca?.text, problem: undefined, isIncomplete };
}

function bounded(
  ca: { readonly text: string } | Problem | undefined,
  namespace: string,
  count: (bytes: number) => boolean,
): typeof ca {
  const bytes = ca === undefined || isProblem(ca) ? 0 : ca.text.length;
  if (bytes > SHARES.caBundleBytes.most) {
    count(0);
    const message = `The CA bundle that connection.caRef names has ${bytes} bytes, and may have ${SHARES.caBundleBytes.most}. Put only the certificates into it that lead to this server.`;
    return { reason: 'CredentialTooLarge', message };
  }
  return count(bytes)
    ? ca
    : {
        reason: 'NamespaceShareReached',
        message: `The CA bundle that connection.caRef names in namespace ${namespace} isn't kept: ${NO_ROOM}`,
      };
}

async function caOf(
  { connection }: AuthorizationServerSpec,
  secrets: CredentialSecrets,
  { api }: Context,
): Promise<{ readonly text: string } | Problem | undefined> {
  const ref = connection.caRef;
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
        message: `ConfigMap ${namespace}/${ref.name} has no certificate (PEM) under key "${ref.key}". Put the CA bundle there, or name another key in connection.caRef.`,
      }
    : {
        reason: 'CredentialNotFound',
        message: `ConfigMap ${namespace}/${ref.name}, which connection.caRef names, can't be read (${found.status}). Create it with the CA bundle under key "${ref.key}".`,
      };
}
