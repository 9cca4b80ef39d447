import type { AllowedNamespaces } from '../api/authorization-server.ts';
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
