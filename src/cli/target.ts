import { type KubernetesObject, keyOf, RESOURCES, type Resource } from '../api/kubernetes.ts';
import type { ObjectKey } from '../controller/ports.ts';
import type { ClusterAccess } from './cluster.ts';
import type { CommandFailure } from './failure.ts';

/** An object that a command is about. */
export interface SteerTarget {
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** `KIND NAME`, for sentences. */
  readonly text: string;
}

const KINDS: readonly (readonly [shortName: string, resource: Resource])[] = [
  ['oac', RESOURCES.oauthClient],
  ['coas', RESOURCES.clusterAuthorizationServer],
  ['oas', RESOURCES.authorizationServer],
];

/** The kinds that an operand may name. */
export const NAMED_KINDS: readonly Resource[] = KINDS.map(([, resource]) => resource);

/** The operand of commands that also take server objects. */
export const ANY_OPERAND = {
  usage: '<NAME>',
  about: 'Name of an OAuthClient; oas/NAME or coas/NAME for a server object.',
  completes: 'clientsAndServersByKind',
} as const;

/** The operand of commands for clients alone. */
export const CLIENT_OPERAND = {
  usage: '<NAME>',
  about: 'Name of an OAuthClient.',
  completes: 'clients',
} as const;

/** Why flags that mean many objects do not fit a name. */
export const oneObjectRefusal = ({
  selection,
}: Pick<ClusterAccess, 'selection'>): CommandFailure | undefined =>
  selection.namespace === undefined || selection.labelSelector !== undefined
    ? { exit: 'usage', sentence: 'This is about one object: leave -A and -l out, and use -n.' }
    : undefined;

/**
 * Reads `NAME` or `KIND/NAME`, with a short name, a kind or a plural as kubectl takes them.
 *
 * @returns without `resource` if the operand names no kind
 */
export function kindNamed(
  operand: string,
): { readonly resource: Resource | undefined; readonly name: string } | CommandFailure {
  const [first = '', second, ...others] = operand.split('/');
  const name = second ?? first;
  const resource = second === undefined ? undefined : resourceSpelled(first.toLowerCase());
  const isKindUnknown = second !== undefined && resource === undefined;
  return isKindUnknown || name === '' || others.length > 0
    ? { exit: 'usage', sentence: `"${operand}" is neither a name nor oac/NAME, oas/NAME or coas/NAME.` }
    : { resource, name };
}

const resourceSpelled = (kind: string): Resource | undefined =>
  KINDS.find(([shortName, resource]) => spellingsOf(shortName, resource).includes(kind))?.[1];

/**
 * The object that an operand means: `NAME` is an OAuthClient, and `KIND/NAME` is read as by {@link kindNamed}.
 *
 * @param ofClients only an OAuthClient is permitted
 */
export function steerTarget(
  operand: string,
  { namespace, selection }: Pick<ClusterAccess, 'namespace' | 'selection'>,
  ofClients: 'Clients' | 'Any',
): SteerTarget | CommandFailure {
  const manyMeant = oneObjectRefusal({ selection });
  if (manyMeant !== undefined) {
    return manyMeant;
  }
  const named = kindNamed(operand);
  if ('sentence' in named) {
    return named;
  }
  const { resource = RESOURCES.oauthClient, name } = named;
  if (ofClients === 'Clients' && resource !== RESOURCES.oauthClient) {
    return { exit: 'usage', sentence: `This is about OAuthClients, and "${operand}" is a server object.` };
  }
  const key = resource.namespaced ? { namespace, name } : { name };
  return { resource, key, text: `${resource.kind} ${keyOf(key)}` };
}

function spellingsOf(shortName: string, { kind, plural, group }: Resource): readonly string[] {
  const names = [shortName, kind.toLowerCase(), plural];
  return [...names, ...names.map((name) => `${name}.${group}`)];
}

/** A custom resource with what its status has in common. */
export interface Steered extends KubernetesObject {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly clientId?: string;
    readonly lastHandledReconcileAt?: string;
    readonly lastHandledRotateAt?: string;
    readonly conditions?: readonly SteeredCondition[];
  };
}

interface SteeredCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Whether the operator has seen the present spec. */
export const isSeen = ({ metadata, status }: Steered): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
