import { type ServerKey, serverNamed } from './server-key.ts';

/** ConfigMaps of the operator's namespace that list suspected orphans: of cluster servers, and of namespaced ones. */
export const SUSPECTS = 'oauth-registrar-suspected-orphans';
export const OWN_SUSPECTS = 'oauth-registrar-suspected-orphans-namespaced';

/** The ConfigMap that lists the suspected orphans of a server. */
export const listOfSuspects = (server: ServerKey): string =>
  serverNamed(server).kind === 'AuthorizationServer' ? OWN_SUSPECTS : SUSPECTS;
