import type { ClientKey } from './client-key.ts';

/** Who makes a call. The caller may itself be the cause of a failure. */
export interface Caller {
  readonly namespace: string;
  readonly client: ClientKey;
}

/** Which other clients wait for the server and would call it at once. */
export interface Waiting {
  /** A client of another namespace. */
  readonly otherNamespaces: boolean;
  /** Another client, of any namespace. */
  readonly otherClients: boolean;
}

export const NOBODY_WAITS: Waiting = { otherNamespaces: false, otherClients: false };

/**
 * Whose calls failed: those of one client, which may be the cause itself; those of several clients of one namespace; or
 * those of more than one namespace, which makes it the server's trouble. Failures of one namespace never stop the calls
 * of another.
 */
export type Scope =
  | { readonly namespace: string; readonly client: ClientKey | undefined }
  /** More than one namespace: the server is in trouble. */
  | 'All';

export const onlyOf = ({ namespace, client }: Caller): Scope => ({ namespace, client });

/** The scope after another call failed, too. */
export function widened(scope: Scope | undefined, caller: Caller): Scope {
  if (scope === undefined) {
    return onlyOf(caller);
  }
  if (scope === 'All' || scope.namespace !== caller.namespace) {
    return 'All';
  }
  return scope.client === undefined || scope.client === caller.client
    ? scope
    : { namespace: scope.namespace, client: undefined };
}

export const isOneClient = (scope: Scope | undefined): boolean =>
  scope !== undefined && scope !== 'All' && scope.client !== undefined;

/** Whether the scope includes this caller. `undefined` includes everybody. */
export function concerns(scope: Scope | undefined, { namespace, client }: Caller): boolean {
  return (
    scope === undefined ||
    scope === 'All' ||
    (scope.namespace === namespace && (scope.client === undefined || scope.client === client))
  );
}

/**
 * Whether a caller outside the scope has to wait: such callers test the server with one call at a time. Calls of the
 * namespace in trouble never delay other namespaces, and its other clients go after those of other namespaces.
 */
export function isBehind(
  scope: Scope,
  caller: Caller,
  { otherNamespaces }: Waiting,
  underWay: readonly Caller[],
): boolean {
  const isOfIts = ({ namespace }: Caller) => scope !== 'All' && namespace === scope.namespace;
  return isOfIts(caller) ? otherNamespaces || underWay.length > 0 : underWay.some((call) => !isOfIts(call));
}
