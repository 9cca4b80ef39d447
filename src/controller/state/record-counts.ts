import type { ServerKind } from '../../api/authorization-server.ts';
import type { RecordRole } from '../../core/record.ts';
import { type ServerKey, serverKey } from '../../core/server-key.ts';
import type { RegistrationObject } from './cached-objects.ts';
import type { Membership } from './key-index.ts';

/**
 * Counts of records, for the bounds that every registration checks. They are kept up to date incrementally, since code
 * that runs per client must not iterate over all records.
 */
export type RecordCount =
  | 'clients'
  | 'atServerObject'
  | 'owed'
  | 'leftBehind'
  | 'documents'
  | 'inNamespace'
  | 'ended'
  | 'roles';

type NameOf = (object: RegistrationObject) => string | undefined;

export const RECORD_COUNTS: Readonly<Record<RecordCount, NameOf>> = {
  /** By server: records of clients that are in use or still to be deregistered. */
  clients: ({ record }) =>
    record && record.role !== 'left-behind' ? serverKey(record.server, record.client.namespace) : undefined,
  /** By uid of the server object: every record that names it. */
  atServerObject: ({ record }) => record?.serverUid,
  /** By server: records of clients whose objects are gone and that are still to be removed. */
  owed: ({ record }) =>
    record?.role === 'owed' ? serverKey(record.server, record.client.namespace) : undefined,
  /** By server: records of clients that were given up. */
  leftBehind: ({ record }) =>
    record?.role === 'left-behind' ? serverKey(record.server, record.client.namespace) : undefined,
  /** By server: records of clients whose documents are served, or held until their withdrawal is over. */
  documents: ({ record }) =>
    record?.document === undefined || record.role === 'left-behind'
      ? undefined
      : serverKey(record.server, record.client.namespace),
  /** By {@link inNamespace}: every client that may exist, with or without its object. */
  inNamespace: ({ record }) =>
    record && inNamespace(serverKey(record.server, record.client.namespace), record.client.namespace),
  /** By {@link endedIn}: clients that may exist although no object uses them any more. */
  ended: ({ record }) =>
    record && record.role !== 'current' ? endedIn(record.client.namespace, record.server.kind) : undefined,
  /** For metrics, by {@link roleAt}: AuthorizationServers are counted together. */
  roles: ({ record }) =>
    record &&
    roleAt(
      record.server.kind === 'AuthorizationServer' ? record.server.kind : record.server.name,
      record.role,
    ),
};

/** Name of the count of records that have a role at the server that metrics name so. */
const roleAt = (server: string, role: RecordRole): string => `${role} ${server}`;

/** The server and the role of a name of {@link roleAt}. */
export function ofRoleAt(name: string): { readonly server: string; readonly role: string } {
  const [role = '', server = ''] = name.split(' ');
  return { server, role };
}

/** Name of the count of clients that a namespace has at a server; `server`: a key of {@link serverKey}. */
export const inNamespace = (server: ServerKey, namespace: string): string => `${namespace} ${server}`;

/** Name of the count of ended clients that a namespace has at all servers of a kind. */
export const endedIn = (namespace: string, kind: ServerKind): string => `${namespace} ${kind}`;

export type RecordGroup = 'namespaces';

export const RECORD_GROUPS: Readonly<
  Record<RecordGroup, (object: RegistrationObject) => Membership | undefined>
> = {
  /** By server: the namespaces with clients there. */
  namespaces: ({ record }) =>
    record && record.role === 'current'
      ? { group: serverKey(record.server, record.client.namespace), member: record.client.namespace }
      : undefined,
};
