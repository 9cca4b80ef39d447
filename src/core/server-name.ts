import type { ServerKind } from '../api/authorization-server.ts';

/** A server object among all of the cluster; only an AuthorizationServer has a namespace. */
export interface ServerName {
  readonly kind: ServerKind;
  readonly name: string;
  readonly namespace?: string;
}

/** The server object that a key of `serverKey` or `keyWithoutServer` names. */
export function serverNamed(key: string): ServerName {
  const [object = ''] = key.split('@', 1);
  const [kind, ...names] = object.split('/');
  if (kind === 'ClusterAuthorizationServer') {
    return { kind, name: names.join('/') };
  }
  const [namespace = '', name = ''] = names;
  return { kind: 'AuthorizationServer', name, namespace };
}
