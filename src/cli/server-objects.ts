import type { ServerKind } from '../api/authorization-server.ts';
import { type KubernetesObject, RESOURCES, type Resource } from '../api/kubernetes.ts';
import { type ServerObject, toServerObject } from '../core/server-object.ts';

/** Where the API server has server objects of this kind. */
export const resourceOfServer = (kind: ServerKind): Resource =>
  kind === 'AuthorizationServer' ? RESOURCES.authorizationServer : RESOURCES.clusterAuthorizationServer;

/** Reads server objects of this kind. The operator's flags are not known, so URLs with http are permitted. */
export const toServer =
  (kind: ServerKind) =>
  (raw: KubernetesObject): ServerObject =>
    toServerObject(kind, raw, { allowHttp: true });
