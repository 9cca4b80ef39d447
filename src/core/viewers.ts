import type { ServerKind } from '../api/authorization-server.ts';

/**
 * Which facts about a call to an authorization server each viewer may see. Every message about such a call uses this
 * table.
 *
 * A cluster server belongs to the platform: its tenants see what they need to fix their own objects. A namespaced
 * server belongs to the namespace's owners, who see everything except the platform's own network.
 */

export type Viewer =
  /** Reads OAuthClients, their Events and Secrets, where the server is a ClusterAuthorizationServer. */
  | 'ClusterTenant'
  /** Reads an AuthorizationServer and the OAuthClients of its namespace. */
  | 'NamespaceOwner'
  /** Reads the status of a ClusterAuthorizationServer, and what is in the operator's own namespace. */
  | 'Platform'
  /** Reads the operator's log. */
  | 'Log';

export type Fact =
  /** Status code and media type of the server's answer. */
  | 'StatusCode'
  /** `error` of the answer, where it is a code of the RFCs. */
  | 'ErrorCode'
  /** The server's words about the metadata that were sent: 400 or 2xx with a code of RFC 7591 section 3.2.2. */
  | 'MetadataWords'
  /** The server's words about the credential that admits registrations, and what to do about it. */
  | 'AdmissionWords'
  /** The server's words about anything else, and an `error` that no RFC knows. */
  | 'OtherWords'
  /** Method and address of the call. */
  | 'Call'
  /** How the connection failed: host, TLS, time limit; the proxy that the server object names. */
  | 'Connection'
  /** The address that was refused, why, and the flag that would permit it. */
  | 'AddressRefusal'
  /** The proxy of the operator's environment. */
  | 'PlatformProxy'
  /** Names of the Secrets and keys of the server object's credentials, and what is wrong with them. */
  | 'Credential';

export const MAY_SEE: Readonly<Record<Fact, Readonly<Record<Viewer, boolean>>>> = {
  StatusCode: { ClusterTenant: true, NamespaceOwner: true, Platform: true, Log: true },
  ErrorCode: { ClusterTenant: true, NamespaceOwner: true, Platform: true, Log: true },
  MetadataWords: { ClusterTenant: true, NamespaceOwner: true, Platform: true, Log: true },
  AdmissionWords: { ClusterTenant: false, NamespaceOwner: true, Platform: true, Log: true },
  OtherWords: { ClusterTenant: false, NamespaceOwner: true, Platform: true, Log: true },
  Call: { ClusterTenant: false, NamespaceOwner: true, Platform: true, Log: true },
  Connection: { ClusterTenant: false, NamespaceOwner: true, Platform: true, Log: true },
  AddressRefusal: { ClusterTenant: false, NamespaceOwner: false, Platform: true, Log: true },
  PlatformProxy: { ClusterTenant: false, NamespaceOwner: false, Platform: true, Log: true },
  Credential: { ClusterTenant: false, NamespaceOwner: true, Platform: true, Log: true },
};

export const maySee = (viewer: Viewer, fact: Fact): boolean => MAY_SEE[fact][viewer];

/** Who reads the OAuthClients of a server of this kind. */
export const clientViewerOf = (kind: ServerKind): Viewer =>
  kind === 'ClusterAuthorizationServer' ? 'ClusterTenant' : 'NamespaceOwner';

/** Who reads the server object itself. */
export const objectViewerOf = (kind: ServerKind): Viewer =>
  kind === 'ClusterAuthorizationServer' ? 'Platform' : 'NamespaceOwner';
