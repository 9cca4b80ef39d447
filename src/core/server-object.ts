import type { AllowedNamespaces } from '../api/access-schema.ts';
import {
  type AuthorizationServer,
  type AuthorizationServerSpec,
  type AuthorizationServerStatus,
  authorizationServerStatus,
  clusterAuthorizationServerSpec,
  type ServerKind,
} from '../api/authorization-server.ts';
import { boundedMs } from '../api/durations.ts';
import { API_VERSION, type KubernetesObject } from '../api/kubernetes.ts';
import { ANNOTATIONS } from '../api/names.ts';
import { defined } from '../oauth/objects.ts';
import type { UrlRules } from '../oauth/url.ts';
import type { DeletionTerms } from './connection.ts';
import { keptIfAny } from './kept-text.ts';
import { readServerSpec } from './server-spec.ts';

/** An AuthorizationServer or ClusterAuthorizationServer, as kept in memory. */
export interface ServerObject extends KubernetesObject {
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Absent where the spec can't be used; then `problem` says why. */
  readonly spec: AuthorizationServerSpec | undefined;
  readonly problem: string | undefined;
  /** Default: `InvalidSpec`. */
  readonly problemReason?: 'NamespaceShareReached' | 'WrittenByNewerVersion';
  /** Where only a part of the object is kept: bytes of memory that the whole object takes. */
  readonly takes?: number;
  /** Also set where the spec can't be used, so that admitted namespaces see what is wrong. */
  readonly allowedNamespaces: AllowedNamespaces | undefined;
  /** Serves OAuthClients that name no server. */
  readonly isDefault: boolean;
  /** Value of the annotation by which a person asks for a try. */
  readonly reconcileRequestedAt?: string;
  readonly status: AuthorizationServerStatus;
}

/** Reads one server object with any content. */
export function toServerObject(kind: ServerKind, raw: KubernetesObject, rules: UrlRules): ServerObject {
  const { spec: rawSpec, status: rawStatus } = raw as Partial<AuthorizationServer>;
  const read = readServerSpec(kind, rawSpec, rules);
  const { name, namespace, uid = '', resourceVersion = '', generation = 0, annotations } = raw.metadata;
  const { creationTimestamp = '' } = raw.metadata;
  const status = authorizationServerStatus.safeParse(rawStatus ?? {});
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: defined({ name, namespace, uid, resourceVersion }),
    generation,
    createdAt: Date.parse(creationTimestamp),
    ...read,
    allowedNamespaces: allowedNamespacesOf(rawSpec),
    isDefault: annotations?.[ANNOTATIONS.isDefault] === 'true',
    ...defined({ reconcileRequestedAt: keptIfAny(annotations?.[ANNOTATIONS.reconcileRequestedAt]) }),
    status: status.success ? status.data : {},
  };
}

function allowedNamespacesOf(
  spec: Partial<AuthorizationServerSpec> | undefined,
): AllowedNamespaces | undefined {
  const allowed = clusterAuthorizationServerSpec.shape.allowedNamespaces.safeParse(spec?.allowedNamespaces);
  return allowed.success ? allowed.data : undefined;
}

/** Needs only the spec, so that it applies also while the server can't be called. */
export const deletionTerms = ({ deletion, policy }: AuthorizationServerSpec): DeletionTerms => ({
  unconfirmed: deletion.unconfirmed,
  retryForMs: boundedMs('retryFor', deletion.retryFor),
  retainDenied: policy.retain === 'Deny',
});
