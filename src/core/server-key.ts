import type { ServerKind } from '../api/authorization-server.ts';
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { ServerRef } from './record.ts';

declare const BRAND: unique symbol;

/** `Kind/name`, or `Kind/namespace/name`: names a server object across the cluster. Made by the functions of this file. */
export type ServerKey = string & { readonly [BRAND]: 'ServerKey' };

/** Names a server object in the cluster; only an AuthorizationServer has a namespace. */
export interface ServerName {
  readonly kind: ServerKind;
  readonly name: string;
  readonly namespace?: string;
}

/** The server object that a key of `serverKey` or `keyWithoutServer` names. */
export function serverNamed(key: ServerKey): ServerName {
  const [object = ''] = key.split('@', 1);
  const [kind, ...names] = object.split('/');
  if (kind === 'ClusterAuthorizationServer') {
    return { kind, name: names.join('/') };
  }
  const [namespace = '', name = ''] = names;
  return { kind: 'AuthorizationServer', name, namespace };
}

/** @param namespace of the server object; a ClusterAuthorizationServer has none */
export function serverKey(ref: ServerRef, namespace: string): ServerKey {
  const key =
    ref.kind === 'ClusterAuthorizationServer'
      ? `${ref.kind}/${ref.name}`
      : `${ref.kind}/${namespace}/${ref.name}`;
  return key as ServerKey;
}

/** A key that was stored as text and is read back. */
export const storedServerKey = (text: string): ServerKey => text as ServerKey;

/**
 * Takes the place of a server object's key where a client is managed by its record alone: the state of the object that
 * has the name today doesn't apply.
 */
export const keyWithoutServer = (ref: ServerRef, namespace: string, origin: string): ServerKey =>
  `${serverKey(ref, namespace)}@${origin}` as ServerKey;

/** The key of a server object itself. */
export function keyOfServer({ kind, metadata: { name, namespace } }: KubernetesObject): ServerKey {
  return serverKey(
    { kind: kind === 'AuthorizationServer' ? kind : 'ClusterAuthorizationServer', name },
    namespace ?? '',
  );
}
