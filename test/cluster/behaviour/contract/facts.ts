import type { DialectName } from '../../../../src/dialects/presets.ts';

/** The sources of what is known about a server. */
export interface Fact {
  readonly server: string;
  /** Tested against the real server, in addition to the emulated one. */
  readonly tested?: string;
  readonly known: 'the RFCs' | 'observed' | 'read' | 'read, partly observed' | 'observed, partly read';
  /** Known from memory, or inferred. */
  readonly recalled?: string;
}

export const FACTS: Readonly<Record<DialectName, Fact>> = {
  rfc7591: { server: 'any that keeps to RFC 7591 and RFC 7592', known: 'the RFCs' },
  keycloak: {
    server: 'Keycloak 26',
    tested: '26.4.7, `npm run test:interop`',
    known: 'observed, partly read',
  },
  'keycloak-native': {
    server: 'Keycloak 26.7, its own form',
    tested: '26.7.0, `npm run test:interop`',
    known: 'observed',
  },
  hydra: {
    server: 'Ory Hydra 2',
    tested: '2.3.0, `npm run test:interop`',
    known: 'read, partly observed',
    recalled: 'wording of its errors',
  },
  'oidc-provider': { server: 'node-oidc-provider 9', tested: '9.13, `npm test`', known: 'observed' },
  'pingone-aic': {
    server: 'PingOne Advanced Identity Cloud, `/register`',
    known: 'read',
    recalled: '201; 401 after a deletion; 400 without a token',
  },
  'pingone-aic-agent': {
    server: 'PingOne Advanced Identity Cloud, `/aiagent/register`',
    known: 'read',
    recalled: 'managing, taken to be as at `/register`; `aiAgentIdentityUid` in the answer',
  },
  forgerock: {
    server: 'ForgeRock Identity Cloud and AM, PingAM',
    known: 'read',
    recalled: '201; 401 after a deletion',
  },
  pingfederate: {
    server: 'PingFederate 11.2 and later',
    known: 'read',
    recalled: "what rotates and whether clients can be deleted: its administrator's switches",
  },
  secureauth: {
    server: 'SecureAuth (Cloudentity)',
    known: 'read',
    recalled: '201; what an update does to members left out; 401 after a deletion',
  },
  okta: {
    server: 'Okta',
    known: 'read',
    recalled: 'path; form of errors; what a read answers; 404 after a deletion',
  },
  curity: {
    server: 'Curity Identity Server',
    known: 'read',
    recalled: '201; answers to DELETE and after it',
  },
  wso2: {
    server: 'WSO2 Identity Server',
    known: 'read',
    recalled: 'Basic of an administrator; the secret in reads and updates; no endpoint in discovery',
  },
  spring: {
    server: 'Spring Authorization Server 1.5, Spring Security 7, OpenID form',
    known: 'read',
    recalled: "statuses of what it doesn't support",
  },
  connect2id: { server: 'Connect2id server', known: 'read', recalled: 'reading, updating and deleting' },
  authlete: { server: "Authlete's sample server", known: 'read', recalled: 'token and URI in the answer' },
  gluu: { server: 'Gluu and Janssen', known: 'read', recalled: 'that an update merges; life of a client' },
  auth0: { server: 'Auth0', known: 'read', recalled: 'which members are answered' },
  zitadel: { server: 'ZITADEL 2026', known: 'read' },
  authentik: {
    server: 'authentik 2026.8',
    known: 'read',
    recalled: 'which grants it keeps; no endpoint in discovery',
  },
  scalekit: { server: 'Scalekit', known: 'read', recalled: '201; which grants it keeps' },
  cloudflare: { server: 'Cloudflare workers-oauth-provider', known: 'observed, partly read' },
};
