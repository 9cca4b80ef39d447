import type { DiscoveryForm } from './behaviour.ts';
import type { Reply } from './message.ts';
import { methodsOf } from './metadata.ts';
import type { ServerState } from './server-state.ts';

const FORMS: Readonly<Record<DiscoveryForm, (issuerPath: string) => string>> = {
  oauthInserted: (path) => `/.well-known/oauth-authorization-server${path}`,
  openidInserted: (path) => `/.well-known/openid-configuration${path}`,
  openidAppended: (path) => `${path}/.well-known/openid-configuration`,
  oauthAppended: (path) => `${path}/.well-known/oauth-authorization-server`,
};

/** RFC 8414 section 3.1: a terminating slash is removed first. */
const wellKnownPath = (form: DiscoveryForm, issuerPath: string) => FORMS[form](issuerPath.replace(/\/$/, ''));

/** Whether anybody would look for a discovery document there. */
export const isDiscovery = (path: string): boolean => path.includes('/.well-known/');

/** The document under this path, or what the server has there instead. */
export function discover(state: ServerState, path: string): Reply {
  const { discovery, metadata, paths } = state.behaviour;
  const forms = discovery.serves.filter((form) => wellKnownPath(form, paths.issuer) === path);
  if (forms.length === 0) {
    return ELSEWHERE[discovery.elsewhere];
  }
  const advertised = !forms.every((form) => discovery.withoutRegistration.includes(form));
  const { origin } = state;
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: {
      issuer: publishedIssuer(state),
      authorization_endpoint: `${origin}${paths.token}/authorize`,
      token_endpoint: `${origin}${paths.token}`,
      jwks_uri: `${origin}${paths.token}/keys`,
      ...(advertised ? { registration_endpoint: origin + (discovery.advertises ?? paths.registration) } : {}),
      response_types_supported: ['code', 'token', 'id_token', 'none'],
      grant_types_supported: metadata.grantTypes,
      token_endpoint_auth_methods_supported: methodsOf(metadata),
      ...discovery.offers,
      ...(discovery.aliases === 'absent' ? {} : { mtls_endpoint_aliases: aliases(state) }),
    },
  };
}

function aliases({ origin, behaviour: { paths } }: ServerState) {
  const other = origin.replace('127.0.0.1', 'localhost');
  return { token_endpoint: other + paths.token, registration_endpoint: other + paths.registration };
}

/** The issuer in the documents, which need not be the one that was asked. */
export function publishedIssuer({ behaviour, issuer }: ServerState): string {
  const forms = {
    same: issuer,
    port443: issuer.replace(/:\d+/, ':443'),
    trailingSlash: `${issuer}/`,
    otherPath: `${issuer}/aliased`,
  };
  return forms[behaviour.discovery.publishedIssuer];
}

const ELSEWHERE = {
  notFound: { status: 404, headers: { 'content-type': 'application/json' }, body: {} },
  htmlPage: {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!doctype html><title>Welcome</title><p>Please sign in.</p>',
  },
  unauthorized: {
    status: 401,
    headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' },
    body: { error: 'unauthorized' },
  },
} as const satisfies Readonly<Record<string, Reply>>;
