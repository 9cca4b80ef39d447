import type { AllowedNamespaces } from '../api/access-schema.ts';
import type { ServerKind } from '../api/authorization-server.ts';
import { enumerated } from '../oauth/text.ts';
import type { ObservedClient } from './observation.ts';
import type { ServerRef } from './record.ts';

/** Which namespaces are admitted. */
export type AdmittedNamespaces = Pick<AllowedNamespaces, 'names' | 'selector'>;

/** Whether a cluster server serves a namespace: by name or by label, either admits; by default none. */
export function admits(
  allowed: AdmittedNamespaces | undefined,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (allowed?.names?.includes(namespace)) {
    return true;
  }
  const { selector } = allowed ?? {};
  if (selector === undefined) {
    return false;
  }
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((expression) => matches(expression, labels[expression.key]))
  );
}

type Expression = NonNullable<NonNullable<AllowedNamespaces['selector']>['matchExpressions']>[number];

function matches({ operator, values = [] }: Expression, label: string | undefined): boolean {
  switch (operator) {
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
  }
}

/**
 * The server that status names, where a spec that names none is bound to it: the object has or had a client there, or the
 * spec is the one for which it was chosen. A server that an earlier spec named by mistake binds nothing.
 */
export function chosenServer({
  generation,
  status,
}: Pick<ObservedClient, 'generation' | 'status'>): ServerRef | undefined {
  const { clientId, observedGeneration, authorizationServerRef } = status;
  const isBound = clientId !== undefined || observedGeneration === generation;
  return isBound ? authorizationServerRef : undefined;
}

/** What is known of a server that a namespace can't use, as far as the namespace may know it. */
interface Unavailable {
  readonly ref: ServerRef;
  readonly namespace: string;
  /** A server object of the other kind bears the name, and the namespace may use it. */
  readonly isOfOtherKind: boolean;
  /** The cluster server of this name, where there is one that doesn't admit the namespace. */
  readonly closed:
    | { readonly allowed: AllowedNamespaces | undefined; readonly contact: string | undefined }
    | undefined;
}

const MAX_LISTED = 8;

/** The kind that a reference without effect may have meant. */
export const otherKind = (kind: ServerKind): ServerKind =>
  kind === 'AuthorizationServer' ? 'ClusterAuthorizationServer' : 'AuthorizationServer';

/**
 * Why a server can't be used. One text whether it is absent or closed: who isn't admitted doesn't learn that it exists,
 * unless the server object says `disclose: Requirement`.
 */
export function unavailableMessage({ ref, namespace, isOfOtherKind, closed }: Unavailable): string {
  const { kind, name } = ref;
  if (isOfOtherKind) {
    const other = otherKind(kind);
    const offer =
      other === 'AuthorizationServer'
        ? `An AuthorizationServer ${name} is in namespace ${namespace}`
        : `A ClusterAuthorizationServer ${name} admits namespace ${namespace}`;
    return `${kind} ${name} is not available to this namespace. ${offer}: set spec.authorizationServerRef.kind to ${other}.`;
  }
  if (closed?.allowed?.disclose === 'Requirement') {
    const whom = closed.contact === undefined ? 'the platform team' : closed.contact;
    return `${kind} ${name} does not admit namespace ${namespace}. It admits ${requirementOf(closed.allowed)}. Ask ${whom}.`;
  }
  return `${kind} ${name} is not available to this namespace: it doesn't exist, or it doesn't admit the namespace. Check spec.authorizationServerRef, or ask the platform team.`;
}

function requirementOf({ names = [], selector }: AllowedNamespaces): string {
  const labels = [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) =>
      values.length === 0 ? `${key} ${operator}` : `${key} ${operator} (${enumerated(values, MAX_LISTED)})`,
    ),
  ];
  const admitted = [
    ...(names.length === 0 ? [] : [`the namespaces ${enumerated(names, MAX_LISTED)}`]),
    ...(labels.length === 0 ? [] : [`namespaces with the labels ${enumerated(labels, MAX_LISTED)}`]),
  ];
  return admitted.length === 0 ? 'no namespace' : admitted.join(', and ');
}
