import type { AuthorizationServerSpec } from '../../../../src/api/authorization-server.ts';
import { type DialectName, effectiveDialect } from '../../../../src/dialects/presets.ts';
import { specName } from '../../../../src/oauth/client-metadata.ts';
import type { Capabilities } from '../../../kit/emulator/capabilities.ts';
import type { Emulator } from '../../../kit/emulator/emulator.ts';
import { CAPABILITIES } from '../../../kit/emulator/presets.ts';
import { namespacedServer, OPERATOR_NAMESPACE, clusterServer as wholeClusterServer } from '../objects.ts';

/** One emulated server, the objects that a platform team would write for it, and a client to register there. */
export interface Placed {
  readonly dialect: DialectName;
  readonly emulator: Emulator;
  readonly capabilities: Capabilities;
  readonly server: {
    readonly kind: 'AuthorizationServer' | 'ClusterAuthorizationServer';
    readonly name: string;
  };
  readonly serverObject: string;
  /** The Secrets that the server object refers to, with the right content. */
  readonly credentials: readonly Credential[];
  /** Metadata under wire names, without a name, that the server accepts. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Scopes to request at first and after the second edit; empty if the server accepts none. */
  readonly scopes: readonly [readonly string[], readonly string[]];
}

export interface Credential {
  readonly name: string;
  readonly namespace: string;
  readonly data: Readonly<Record<string, string>>;
  readonly isManagement: boolean;
}

export const NAMESPACE = 'contract';

export function place(dialect: DialectName, emulator: Emulator): Placed {
  const { capabilities } = emulator;
  const by = admissionKind(dialect, capabilities);
  const needsStatement = capabilities.gate.statement === 'required';
  const kind = by === 'open' && !needsStatement ? 'AuthorizationServer' : 'ClusterAuthorizationServer';
  const namespace = kind === 'AuthorizationServer' ? NAMESPACE : OPERATOR_NAMESPACE;
  const credentials = [
    ...admissionCredential(dialect, by, emulator),
    ...(needsStatement ? [publisherKey(dialect, emulator)] : []),
    ...(isManagedByAdministrator(capabilities) ? [managementCredential(dialect, emulator)] : []),
  ].map((credential) => ({ ...credential, namespace }));
  const spec = serverSpec(dialect, by, emulator);
  return {
    dialect,
    emulator,
    capabilities,
    server: { kind, name: dialect },
    serverObject:
      kind === 'AuthorizationServer'
        ? namespacedServer(emulator.issuer, NAMESPACE, dialect, spec)
        : wholeClusterServer(emulator.issuer, dialect, spec),
    credentials,
    body: bodyOf(capabilities),
    scopes: scopesOf(capabilities),
  };
}

type AdmissionKind = 'open' | 'initialAccessToken' | 'basic' | 'clientCredentials';

/** The kind of admission that administrators would choose among those that the server offers. */
function admissionKind(dialect: DialectName, { gate }: Capabilities): AdmissionKind {
  if (dialect === 'wso2') {
    return 'basic';
  }
  if (gate.admits.includes('countedToken') || gate.admits.includes('fixedToken')) {
    return dialect === 'connect2id' ? 'clientCredentials' : 'initialAccessToken';
  }
  return gate.admits.includes('nothing') ? 'open' : 'clientCredentials';
}

type Unplaced = Omit<Credential, 'namespace'>;

function admissionCredential(
  dialect: DialectName,
  by: AdmissionKind,
  { credentials, capabilities }: Emulator,
): readonly Unplaced[] {
  const { basic, client, countedToken, initialAccessToken } = credentials;
  const counted = capabilities.gate.admits.includes('countedToken');
  const data = {
    open: undefined,
    initialAccessToken: { token: counted ? countedToken : initialAccessToken },
    basic: { username: basic.username, password: basic.password },
    clientCredentials: { client_id: client.clientId, client_secret: client.clientSecret },
  }[by];
  return data === undefined ? [] : [{ name: `${dialect}-admission`, data, isManagement: false }];
}

const publisherKey = (dialect: DialectName, { credentials }: Emulator): Unplaced => ({
  name: `${dialect}-publisher`,
  data: { key: credentials.publisher.secret },
  isManagement: false,
});

const isManagedByAdministrator = ({ managers }: Capabilities): boolean =>
  managers.length > 0 && !managers.includes('registrationToken');

function managementCredential(dialect: DialectName, { credentials, capabilities }: Emulator): Unplaced {
  const { basic, ssws } = credentials;
  const data = capabilities.managers.includes('basic')
    ? { username: basic.username, password: basic.password }
    : { token: ssws };
  return { name: `${dialect}-management`, data, isManagement: true };
}

function serverSpec(dialect: DialectName, by: AdmissionKind, emulator: Emulator): Partial<SpecOf> {
  const { capabilities, credentials, registrationEndpoint } = emulator;
  const secretRef = { name: `${dialect}-admission` };
  const { scopes } = credentials.client;
  const admission = {
    open: { open: {} },
    initialAccessToken: { initialAccessToken: { secretRef } },
    basic: { basic: { secretRef } },
    clientCredentials: { clientCredentials: { secretRef, ...(scopes.length === 0 ? {} : { scopes }) } },
  }[by];
  return {
    dialect,
    registration: {
      admission,
      ...(capabilities.endpointDiscoverable ? {} : { endpoint: registrationEndpoint }),
      ...(capabilities.gate.statement === 'required'
        ? { softwareStatement: statement(dialect, emulator) }
        : {}),
    },
    ...(isManagedByAdministrator(capabilities) ? { management: management(dialect, capabilities) } : {}),
    // A cluster server must have a policy for members that a statement copies from clients.
    ...(capabilities.gate.statement === 'required' ? { policy: { uriHosts: ['*.example'] } } : {}),
  };
}

/** A spec as people write it, without defaults. */
type SpecOf = { readonly [Field in keyof AuthorizationServerSpec]: unknown };

const statement = (dialect: DialectName, { credentials }: Emulator) => ({
  sign: {
    secretRef: { name: `${dialect}-publisher` },
    keyFormat: 'Raw',
    algorithm: 'HS256',
    issuer: credentials.publisher.issuer,
    claimsFromClient: { redirect_uris: 'redirect_uris' },
  },
});

function management(dialect: DialectName, { managers }: Capabilities) {
  const secretRef = { name: `${dialect}-management` };
  return managers.includes('basic')
    ? { credential: { basic: { secretRef } } }
    : { credential: { token: { secretRef, scheme: 'SSWS' } } };
}

/** The reason why a client isn't registered while the credentials are wrong; `undefined`: the server needs none. */
export function refusalOfWrongCredential(
  dialect: DialectName,
): 'AdmissionRefused' | 'AdmissionTokenFailed' | 'InvalidSoftwareStatement' | undefined {
  const { gate } = CAPABILITIES[dialect];
  const by = admissionKind(dialect, CAPABILITIES[dialect]);
  if (by === 'open') {
    return gate.statement === 'required' ? 'InvalidSoftwareStatement' : undefined;
  }
  return by === 'clientCredentials' ? 'AdmissionTokenFailed' : 'AdmissionRefused';
}

/** Whether registrations are sent without any credential. */
export const isOpen = (dialect: DialectName): boolean =>
  admissionKind(dialect, CAPABILITIES[dialect]) === 'open';

/** A client that can get a token, if the server issues any; with a redirect URI if a statement must contain it. */
function bodyOf({ machineBody, webBody, gate }: Capabilities): Placed['body'] {
  const body = machineBody ?? webBody;
  const { redirect_uris } = webBody;
  return gate.statement === 'required' && body['redirect_uris'] === undefined
    ? { ...body, redirect_uris }
    : body;
}

function scopesOf({ scopeMember, scopes = ['read', 'write'] }: Capabilities): Placed['scopes'] {
  const [first = 'read', second = first] = scopes;
  return scopeMember === 'none' ? [[], []] : [[first], [first, second]];
}

/** The Secret, with the right data or with other data. */
export function secretObject({ name, namespace, data }: Credential, { wrong = false } = {}): string {
  const values = wrong
    ? Object.fromEntries(Object.keys(data).map((key) => [key, wrongValue(key, data)]))
    : data;
  const labels = { 'oauth-registrar.dev/credential': 'true' };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels },
    stringData: values,
  });
}

/** Names stay; the value that proves them changes. */
const wrongValue = (key: string, data: Credential['data']): string =>
  ['client_id', 'username'].includes(key) ? (data[key] ?? '') : WRONG;

/** Long enough for any algorithm. It counts as a secret like the right one. */
export const WRONG = 'wrong-credential-that-nobody-issued-0123456789';

/** `spec.client` of a body with wire names. */
export function specClient(body: Placed['body'], name: string, scopes: readonly string[]): object {
  const members = Object.entries(body).map(([wire, value]) => [specName(wire), value]);
  return { ...Object.fromEntries(members), clientName: name, ...(scopes.length === 0 ? {} : { scopes }) };
}

/** Whether the dialect sends `scope` at all. */
export const sendsScope = (dialect: DialectName): boolean =>
  !effectiveDialect(dialect).membersNotSent.includes('scope');
