import { omit } from '../oauth/objects.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import { originOf, resolveUrl } from '../oauth/url.ts';
import type { ClientCredentials, Credential, ManagementTerms, ServerConnection } from './connection.ts';
import type { ClientAddresses, RegistrationContent } from './content.ts';
import type { Home } from './home.ts';
import { narrowestScope, ownCredential } from './own-credential.ts';
import type { RegistrationRecord } from './record.ts';
import type { ServerMeans } from './server-record.ts';
import { type Telling, tellOnly, viewersOf, type Words, wordsOf } from './tell.ts';

/** The address and the credential to change and delete a registered client, or why it can't be managed. */
export type Management =
  | { readonly kind: 'Managed'; readonly url: string; readonly credential: ManagementCredential }
  /** The credential may not be sent to the address. */
  | ({ readonly kind: 'Refused' } & Words)
  | { readonly kind: 'Unmanaged'; readonly message: string };

/**
 * A registration access token manages one client (RFC 7592 section 2), and so does an access token that the client itself
 * obtains; any other credential manages all clients.
 */
export type ManagementCredential =
  | { readonly kind: 'RegistrationAccessToken'; readonly token: Sensitive }
  /** The operator itself serves the client's document. */
  | { readonly kind: 'OwnDocument' }
  | Credential;

const termsOf = ({ management, allowedOrigins, registrationEndpoint, transport }: ServerMeans): Terms => ({
  management,
  transport,
  allowedOrigins,
  endpoints: { registration: registrationEndpoint },
});

type Terms = Pick<ServerConnection, 'management' | 'allowedOrigins' | 'endpoints' | 'transport'>;

/** How the clients of a server are managed, as far as its answers show. */
type ManagementMode = 'RegistrationAccessToken' | 'Credential' | 'ClientCredential' | 'None';

/** @param managed whether the answer brought a registration access token, and an address is known. */
export function managementMode(managed: boolean, terms: ManagementTerms | undefined): ManagementMode {
  const mode = terms?.mode ?? 'Auto';
  if (mode === 'None' || mode === 'ClientCredential') {
    return mode;
  }
  if (managed && mode !== 'Credential') {
    return 'RegistrationAccessToken';
  }
  return terms?.credential !== undefined && mode !== 'RegistrationAccessToken' ? 'Credential' : 'None';
}

/**
 * Uses the connection of the record's own server object, or the record and what is kept of that server object. At a server object that was created
 * again, only the management address of the record is used.
 *
 * @param kept default: nothing is
 */
export function managementOf(home: Home, content: RegistrationContent, kept?: ServerMeans): Management {
  const terms = home.kind === 'AtServer' ? home.connection : kept && termsOf(kept);
  const managed = manage(home.record, content, terms);
  if (home.kind === 'Alone' || !home.isRecreated || managed.kind !== 'Managed') {
    return managed;
  }
  const { registrationClientUri = addressBelow(home.record, content) } = content.information;
  return managed.url === registrationClientUri
    ? managed
    : {
        kind: 'Refused',
        message: `${home.ref.kind} ${home.ref.name} was created again and gives another management address than the one at which client ${home.record.clientId} was managed`,
      };
}

function manage(
  {
    clientId,
    managed,
    server,
    document,
  }: Pick<RegistrationRecord, 'clientId' | 'managed' | 'server' | 'document'>,
  content: RegistrationContent,
  terms: Terms | undefined,
): Management {
  if (document !== undefined) {
    return { kind: 'Managed', url: clientId, credential: { kind: 'OwnDocument' } };
  }
  const mode = managementMode(managed, terms?.management);
  const credential = credentialBy(mode, content, terms);
  if (credential.kind === 'Unmanaged') {
    return credential;
  }
  const { registrationEndpoint, information } = content;
  const override = explicitTemplate(terms?.management);
  const returned = information.registrationClientUri;
  const template = override ?? returned ?? templateOf(terms?.management);
  const url = template ? configurationUrl(template, clientId, registrationEndpoint) : undefined;
  if (url === undefined || template === 'AsReturned') {
    return {
      kind: 'Unmanaged',
      message:
        'The server gave no address to manage the client at; the server object can give one in management.configurationUrl',
    };
  }
  const ofServer = terms?.endpoints.registration ?? registrationEndpoint;
  // A credential for all clients is sent only to its server object's endpoints; a client's own token also to its
  // issuer.
  const trusted = mode === 'Credential' ? [ofServer] : [registrationEndpoint, ofServer];
  const origins = [...trusted.map(originOf), ...(terms?.allowedOrigins ?? content.allowedOrigins)];
  return origins.includes(originOf(url))
    ? { kind: 'Managed', url, credential }
    : {
        kind: 'Refused',
        ...wordsOf(elsewhere(originOf(url), originOf(registrationEndpoint)), {
          viewers: viewersOf(server.kind),
        }),
      };
}

const elsewhere = (address: string, issuing: string): Telling =>
  tellOnly(
    'Connection',
    `The management address is at ${address}, and the token was issued by ${issuing}`,
    'The management address is at another origin than the one that issued the token',
  );

/** A template of the server object overrides the address that the server answers; a template of a dialect doesn't. */
function explicitTemplate(terms: ManagementTerms | undefined): string | undefined {
  return terms?.isExplicit && terms.configurationUrl !== 'AsReturned' ? terms.configurationUrl : undefined;
}

type Unmanaged = Extract<Management, { readonly kind: 'Unmanaged' }>;

function credentialBy(
  mode: ManagementMode,
  content: RegistrationContent,
  terms: Terms | undefined,
): ManagementCredential | Unmanaged {
  const unmanaged = { kind: 'Unmanaged', message: unmanagedText(terms) } as const;
  const token = content.information.registrationAccessToken;
  switch (mode) {
    case 'None':
      return unmanaged;
    case 'ClientCredential':
      return ownManager(content, terms);
    case 'Credential':
      return terms?.management.credential ?? unmanaged;
    case 'RegistrationAccessToken':
      return token === undefined ? unmanaged : { kind: 'RegistrationAccessToken', token };
  }
}

/** Servers that let a client manage itself answer no address: it is below the registration endpoint. */
const BELOW_REGISTRATION = '{registration_endpoint}/{client_id}';

const templateOf = (terms: ManagementTerms | undefined): string | undefined =>
  terms?.mode === 'ClientCredential' && terms.configurationUrl === 'AsReturned'
    ? BELOW_REGISTRATION
    : terms?.configurationUrl;

/** Below the registration endpoint that the record has. */
const addressBelow = (
  { clientId }: Pick<RegistrationRecord, 'clientId'>,
  { registrationEndpoint }: RegistrationContent,
): string | undefined => configurationUrl(BELOW_REGISTRATION, clientId, registrationEndpoint);

const OWN_METHODS: readonly string[] = ['private_key_jwt', 'tls_client_auth'];

/** The client's own credential, by which it obtains an access token for one call. */
function ownManager(content: RegistrationContent, terms: Terms | undefined): ClientCredentials | Unmanaged {
  const own = ownCredential(content, { hasCertificate: terms?.transport?.certificate !== undefined });
  if ('notOurs' in own) {
    return cannotManageItself(own.notOurs);
  }
  const { clientId, authentication, grantTypes } = own;
  if (authentication.method === 'none' || !OWN_METHODS.includes(authentication.method)) {
    return cannotManageItself(`it authenticates by ${authentication.method}`);
  }
  return grantTypes.includes('client_credentials')
    ? {
        kind: 'ClientCredentials',
        ...{ clientId, authentication, scopes: narrowestScope(own), resources: [], parameters: {} },
        reuse: 'Never',
        isOwn: true,
      }
    : cannotManageItself('its grant types lack client_credentials');
}

const cannotManageItself = (why: string): Unmanaged => ({
  kind: 'Unmanaged',
  message: `By management.mode ClientCredential a client is managed with an access token of its own, and this one can't obtain one: ${why}. It needs grant type client_credentials, and credential.generatedKey or tls_client_auth with the certificate of connection.clientCertificateRef`,
});

/** The management address to record for an answer that may lack one. `undefined` where none is known. */
export function keptAddress(
  returned: string | undefined,
  clientId: string,
  registrationEndpoint: string,
  terms: ManagementTerms,
): string | undefined {
  const template = explicitTemplate(terms) ?? returned ?? terms.configurationUrl;
  return template === 'AsReturned' ? undefined : configurationUrl(template, clientId, registrationEndpoint);
}

/**
 * What is kept of the address in an answer to a call at `called`. An address that differs from the one that just worked
 * is used next, and the one that worked is kept beside it; one that did not work before is not taken again.
 *
 * @param called where the call was made; `undefined`: not known
 */
export function weighAddress(
  returned: string | undefined,
  called: string | undefined,
  before: ClientAddresses | undefined,
): Pick<RegistrationContent, 'addresses'> & { readonly address: string | undefined } {
  const isProof = returned === undefined || called === undefined || returned === called;
  if (isProof || originOf(returned) !== originOf(called)) {
    return {
      address: returned,
      ...(before?.broken === undefined ? {} : { addresses: { broken: before.broken } }),
    };
  }
  return returned === before?.broken
    ? { address: called, addresses: { broken: returned } }
    : { address: returned, addresses: { ...omit(before ?? {}, 'proven'), proven: called } };
}

/** Answers that an address gives that is not the client's. A server may ask for a token before it looks at the path. */
const ANSWERS_ELSEWHERE: readonly number[] = [401, 403, 404, 405, 410];

/**
 * The content with the address that worked before, after a call at an unproven address was answered with this status.
 * `undefined`: there is none, or the status says nothing against the address.
 */
export function withProvenAddress(
  content: RegistrationContent,
  called: string,
  status: number | undefined,
): RegistrationContent | undefined {
  const { information, addresses: { proven } = {} } = content;
  const isInDoubt = called === information.registrationClientUri && ANSWERS_ELSEWHERE.includes(status ?? 0);
  return proven === undefined || !isInDoubt
    ? undefined
    : {
        ...content,
        information: { ...information, registrationClientUri: proven },
        addresses: { broken: called },
      };
}

/** As path segments they change the path, percent-encoded too (RFC 3986 section 5.2.4). */
const DOT_SEGMENTS = ['.', '..'];

/** Fills a template; the client_id is percent-encoded, since the server chooses it. Resolves a relative address. */
function configurationUrl(
  template: string,
  clientId: string,
  registrationEndpoint: string,
): string | undefined {
  if (template.includes('/{client_id}') && DOT_SEGMENTS.includes(clientId)) {
    return undefined;
  }
  const filled = template
    .replaceAll('{registration_endpoint}', () => registrationEndpoint)
    // A lone surrogate, which JSON can contain, has no encoding.
    .replaceAll('{client_id}', () => encodeURIComponent(clientId.toWellFormed()));
  const url = resolveUrl(filled, registrationEndpoint);
  return url !== undefined && /^https?:/.test(url) ? url : undefined;
}

function unmanagedText(terms: Terms | undefined): string {
  if (terms === undefined) {
    return 'The server gave no registration access token, and the server object, whose credential manages its clients, is gone or not ready';
  }
  return terms.management.mode === 'None'
    ? 'Clients of this server are not managed (management.mode None)'
    : 'The server gave no registration access token, and the server object has no credential that manages its clients';
}
