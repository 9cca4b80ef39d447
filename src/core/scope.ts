import type { ClientKey } from './client-key.ts';

/** Who makes a call: what it meets may be of its own making. */
export interface Caller {
  readonly namespace: string;
  readonly client: ClientKey;
}

/** Who waits for a server beside one caller, and would call it at once if that were permitted. */
export interface Waiting {
  /** A client of another namespace. */
  readonly otherNamespaces: boolean;
  /** Another client, of whichever namespace. */
  readonly otherClients: boolean;
}

export const NOBODY_WAITS: Waiting = { otherNamespaces: false, otherClients: false };

/**
 * Whose calls met a trouble: those of one client, whose own doing it may be; those of several clients of one namespace;
 * or those of more than one namespace, which makes it the server's. What one namespace meets never keeps another from
 * calling.
 */
export type Scope =
  | { readonly namespace: string; readonly client: ClientKey | undefined }
  /** The server's. */
  | 'All';

export const onlyOf = ({ namespace, client }: Caller): Scope => ({ namespace, client });

/** After another call met it, too. */
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

/** Whether the trouble is this caller's, too. `undefined`: everybody's. */
export function concerns(scope: Scope | undefined, { namespace, client }: Caller): boolean {
  return (
    scope === undefined ||
    scope === 'All' ||
    (scope.namespace === namespace && (scope.client === undefined || scope.client === client))
  );
}

/**
 * Whether somebody whom the trouble doesn't concern has to wait until others have found out: one call at a time goes.
 * Calls of the namespace that met the trouble hold nobody else up, and its other clients come after those of other
 * namespaces.
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
