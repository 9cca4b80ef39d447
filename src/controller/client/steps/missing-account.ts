import { type KubernetesObject, RESOURCES } from '../../../api/kubernetes.ts';
import type { UsableClient } from '../../../core/narrowed.ts';
import { subjectOfAccount } from '../../../core/workload-identity.ts';
import type { StepInput } from '../round.ts';

/** Why a client can't be registered for its ServiceAccount. */
interface MissingAccount {
  readonly kind: 'Transient';
  readonly reason: 'ServiceAccountNotFound';
  readonly message: string;
}

/**
 * Whether the ServiceAccount that the client is for is there: one read, of metadata alone, for those who name one. Where it
 * can't be read, the client is registered: the server is not harmed by a client that nobody can use.
 */
export async function missingAccount(
  { object }: { readonly object: UsableClient },
  { o, context }: StepInput,
): Promise<MissingAccount | undefined> {
  const { name } = object.desired.spec.credential?.serviceAccount ?? {};
  if (name === undefined) {
    return undefined;
  }
  const { namespace } = o;
  const key = { namespace, name };
  const found = await context.api.get<KubernetesObject>(RESOURCES.serviceAccount, key, 'metadata');
  return found.ok || found.status !== 404
    ? undefined
    : {
        kind: 'Transient',
        reason: 'ServiceAccountNotFound',
        message: `ServiceAccount ${namespace}/${name} of spec.credential.serviceAccount doesn't exist`,
      };
}

/**
 * The same for an edit that names another ServiceAccount than the client is registered for. One that was deleted since is
 * no reason against other edits.
 */
export async function missingNewAccount(
  { object }: { readonly object: UsableClient | undefined },
  clientId: string,
  input: StepInput,
): Promise<MissingAccount | undefined> {
  const { name } = object?.desired.spec.credential?.serviceAccount ?? {};
  if (object === undefined || name === undefined) {
    return undefined;
  }
  const isRegistered = object.status.credential?.subject === subjectOfAccount(input.o.namespace, name);
  const missing = isRegistered ? undefined : await missingAccount({ object }, input);
  return (
    missing && { ...missing, message: `${missing.message}; until it does, client ${clientId} stays as it is` }
  );
}
