import type { Admission, Behaviour, JsonObject, Manager } from './behaviour.ts';
import { refusalOf } from './error-answer.ts';
import { strings } from './server-state.ts';

/** What a server can do and asks for, said so that a suite can tell what to expect. Derived from its switches. */
export interface Capabilities {
  /** Whether a discovery document names the endpoint that registers. */
  readonly endpointDiscoverable: boolean;
  readonly gate: {
    /** Any one admits; `nothing`: open. */
    readonly admits: readonly Admission[];
    readonly scope: string | undefined;
    /** Whether each registration needs a token of its own. */
    readonly oneUse: boolean;
    readonly statement: 'ignored' | 'optional' | 'required';
    readonly signedBody: boolean;
    readonly clientCertificate: boolean;
  };
  readonly registrationStatus: 200 | 201;
  /** Whether a confidential client can be had, with a secret. */
  readonly secret: boolean;
  /** Seconds; 0: for ever. */
  readonly secretLifetimeSeconds: number;
  readonly clientDiesWithSecret: boolean;
  readonly registrationToken: boolean;
  /** Seconds; 0: for ever. */
  readonly tokenLifetimeSeconds: number;
  readonly configurationUri: boolean;
  /** Empty: unmanaged. */
  readonly managers: readonly Manager[];
  readonly read: CallCapability;
  readonly update: CallCapability & {
    readonly semantics: 'replace' | 'merge' | 'mergeNonEmpty';
    readonly secretEcho: 'mustMatchIfGiven' | 'ignored' | 'required' | 'refused';
  };
  readonly remove: boolean;
  /** Status of a read of a client that was deleted; `undefined`: can't be read, or can't be deleted. */
  readonly goneStatus: number | undefined;
  /** `undefined`: no client can have the grant. */
  readonly machineBody: JsonObject | undefined;
  /** A client of the authorization code grant; accepted as it is. */
  readonly webBody: JsonObject;
  readonly privateKeyJwt: boolean;
  readonly scopeMember: 'scope' | 'scopes' | 'either' | 'none';
  /** Words that a client may have; `undefined`: any. */
  readonly scopes: readonly string[] | undefined;
  readonly registrationsPerSecond: 'any' | 'one';
}

export interface CallCapability {
  readonly supported: boolean;
  readonly rotatesToken: boolean;
  readonly rotatesSecret: boolean;
  readonly answersToken: boolean;
  /** Whether the answer holds the secret as it is. */
  readonly answersSecret: boolean;
}

export function capabilitiesOf(behaviour: Behaviour): Capabilities {
  const { gate, answer, management, metadata, update, remove, limits } = behaviour;
  const isManaged = management.admits.length > 0;
  return {
    endpointDiscoverable: isDiscoverable(behaviour),
    gate: {
      admits: gate.admits,
      scope: gate.scope,
      oneUse: gate.oneUse,
      statement: gate.statement,
      signedBody: gate.signedBody,
      clientCertificate: gate.clientCertificate,
    },
    registrationStatus: answer.status,
    secret: !metadata.publicOnly,
    secretLifetimeSeconds: answer.secretLifetimeSeconds,
    clientDiesWithSecret: answer.clientDiesWithSecret,
    registrationToken: management.admits.includes('registrationToken'),
    tokenLifetimeSeconds: management.tokenLifetimeSeconds,
    configurationUri: answer.configurationUri !== 'absent' && management.admits.includes('registrationToken'),
    managers: management.admits,
    read: callOf(behaviour, 'read'),
    update: {
      ...callOf(behaviour, 'update'),
      semantics: update.semantics,
      secretEcho: update.secretEcho,
    },
    remove: isManaged && remove.supported,
    goneStatus: goneStatus(behaviour),
    machineBody: machineBody(behaviour),
    webBody: webBody(behaviour),
    privateKeyJwt: metadata.authMethods.includes('private_key_jwt') && !('jwks' in metadata.refusedMembers),
    scopeMember: 'scope' in metadata.refusedMembers ? 'none' : metadata.scopeMember,
    scopes: metadata.scopes,
    registrationsPerSecond: limits.keyedBySecond ? 'one' : 'any',
  };
}

function isDiscoverable({ discovery }: Behaviour): boolean {
  const isRight = discovery.advertises === undefined;
  return isRight && discovery.serves.some((form) => !discovery.withoutRegistration.includes(form));
}

function callOf({ management, ...behaviour }: Behaviour, call: 'read' | 'update'): CallCapability {
  const { supported, token, secret } = behaviour[call];
  const isPossible = supported && management.admits.length > 0;
  const hasToken = isPossible && management.admits.includes('registrationToken');
  return {
    supported: isPossible,
    rotatesToken: hasToken && token === 'new',
    rotatesSecret: isPossible && secret === 'new',
    answersToken: hasToken && token !== 'absent',
    answersSecret: isPossible && (secret === 'same' || secret === 'new'),
  };
}

/** With an administrator's credential, or else the registration access token. */
function goneStatus(behaviour: Behaviour): number | undefined {
  const { management, remove, read } = behaviour;
  if (!remove.supported || !read.supported || management.admits.length === 0) {
    return undefined;
  }
  const byToken = management.admits.includes('registrationToken');
  return refusalOf(behaviour, byToken ? 'deletedClient' : 'unknownClientForAdmin').status;
}

function webBody({ metadata }: Behaviour): JsonObject {
  return {
    client_name: 'Web',
    redirect_uris: ['https://app.example/callback'],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: metadata.publicOnly ? 'none' : 'client_secret_basic',
  };
}

function machineBody({ metadata }: Behaviour): JsonObject | undefined {
  const { machine, grantTypes, publicOnly } = metadata;
  if (!grantTypes.includes('client_credentials') || publicOnly) {
    return undefined;
  }
  const responseTypes = { any: [], explicitlyEmpty: [], absentOrEmpty: undefined, absentOrToken: ['token'] }[
    machine.responseTypes
  ];
  const needsUris = machine.redirectUris === 'nonEmpty';
  const redirectUris = needsUris || machine.redirectUris === 'given' || metadata.redirectUris === 'always';
  return {
    client_name: 'Machine',
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: preferred(metadata.authMethods),
    ...(responseTypes === undefined ? {} : { response_types: responseTypes }),
    ...(redirectUris ? { redirect_uris: needsUris ? ['https://app.example/callback'] : [] } : {}),
    ...(machine.applicationType === undefined ? {} : { application_type: machine.applicationType }),
  };
}

const preferred = (methods: readonly string[]) =>
  strings(['client_secret_basic', 'client_secret_post']).find((method) => methods.includes(method));
