import type { Preset } from './preset.ts';

/**
 * Keycloak 26. ▶ all of it, but: ✓ scopes refused for anonymous registration, ✓ RCU from the backend URL (variant).
 * Anonymous, counted token, or a service account's token, which also manages: then no RAT is answered, and 404 follows
 * deletion. RAT good only under the host name that it was asked for under.
 */
const keycloak: Preset = {
  departures: {
    paths: {
      issuer: '/realms/shop',
      registration: '/realms/shop/clients-registrations/openid-connect',
      token: '/realms/shop/protocol/openid-connect/token',
    },
    discovery: { serves: ['oauthInserted', 'openidAppended', 'oauthAppended'] },
    gate: {
      admits: ['nothing', 'countedToken', 'clientCredentials'],
      strayBearer: 'validated',
      scope: 'create-client',
      count: 100,
    },
    token: { clientMethods: 'anySecret' },
    metadata: {
      unknownMembers: 'refused',
      languageTags: 'unknownMember',
      refusedMembers: { software_statement: { description: 'Unrecognized field "software_statement"' } },
      chosenIdentifier: 'refused',
      droppedMembers: [
        'contacts',
        'software_id',
        'software_version',
        'application_type',
        'default_max_age',
        'require_auth_time',
        'initiate_login_uri',
      ],
      scopes: [
        'profile',
        'email',
        'address',
        'phone',
        'offline_access',
        'organization',
        'microprofile-jwt',
        'roles',
        'web-origins',
        'acr',
        'basic',
        'service_account',
      ],
      unsupportedGrants: 'dropped',
      relativeRedirects: 'accepted',
      redirectUris: 'never',
      substitutions: [
        'noneAddedToResponseTypes',
        'redirectUrisReordered',
        'refreshTokenAddedToDefault',
        'postLogoutCopied',
      ],
    },
    answer: {
      location: 'configurationUri',
      base: {
        scope: 'address phone offline_access organization microprofile-jwt',
        subject_type: 'public',
        request_uris: [],
        tls_client_certificate_bound_access_tokens: false,
        dpop_bound_access_tokens: false,
        backchannel_logout_session_required: false,
        frontchannel_logout_session_required: false,
        require_pushed_authorization_requests: false,
      },
    },
    management: {
      admits: ['registrationToken', 'adminToken'],
      adminScope: 'manage-clients',
      tokenBoundToHost: true,
    },
    read: { issuedAt: false },
    update: {
      token: 'new',
      issuedAt: false,
      secretEcho: 'ignored',
      serverMembers: 'ignored',
      semantics: 'merge',
      resets: ['token_endpoint_auth_method', 'response_types'],
    },
    errors: {
      challenge: false,
      refusals: {
        wrongToken: { description: 'Failed decode token' },
        usedToken: { description: 'No remaining count on initial access token' },
        unknownMember: { shape: 'sentence', description: 'Unrecognized field "x" at line 1 column 61.' },
        refusedMember: { shape: 'sentence' },
        wrongContentType: { status: 415, shape: 'sentence' },
        otherMethod: { shape: 'sentence', description: 'HTTP 405 Method Not Allowed' },
        unknownScope: {
          status: 403,
          error: 'insufficient_scope',
          description: "Policy 'Allowed Client Scopes' rejected request to client-registration service.",
        },
        tooManyClients: {
          description: "Policy 'Max Clients Limit' rejected request to client-registration service.",
        },
        updateClientId: { error: 'invalid_client_metadata', description: 'Client Identifier modified' },
        badClientAuthentication: { error: 'unauthorized_client' },
      },
    },
  },
  variants: {
    token: { gate: { admits: ['countedToken', 'clientCredentials'], count: 100 } },
    oneTokenOneClient: { gate: { admits: ['countedToken'], count: 1 } },
    backendUrl: { answer: { configurationUri: 'otherOrigin' } },
    full: { limits: { clients: 1 } },
    brokenAuthentication: {
      errors: {
        refusals: {
          wrongRegistrationToken: { status: 500, error: 'unknown_error' },
          deletedClient: { status: 500, error: 'unknown_error' },
        },
      },
    },
  },
};

/**
 * Keycloak 26.7 by its own form. ▶ all of it: 201, RAT, no RCU; GET and PUT with a new RAT, GET without secret; 401 after a
 * deletion. In truth discovery names the endpoint of the other form.
 */
const keycloakNative: Preset = {
  departures: {
    ...keycloak.departures,
    paths: { ...keycloak.departures.paths, registration: '/realms/shop/clients-registrations/default' },
    metadata: {
      ...keycloak.departures.metadata,
      extraMembers: ['jwt.credential.issuer', 'jwt.credential.sub'],
      authMethods: [
        ...['none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'],
        ...['tls_client_auth', 'federated-jwt'],
      ],
    },
    answer: { ...keycloak.departures.answer, form: 'keycloakClient', configurationUri: 'absent' },
    read: { ...keycloak.departures.read, token: 'new' },
  },
};

const NO_CLIENT = { description: 'The request could not be authorized', shape: 'sentence' } as const;

/**
 * Ory Hydra 2. ✓ 201, RAT, RCU, CSE 0, no CIIA, `""` URIs, secret in the body 400, Location of the admin API; GET without
 * secret, RAT and RCU, PUT with a new RAT alone; replacing, secret on PUT 403, identifier ignored, 404 when off,
 * advertised by an option. ▶ `metadata` 400, 401 after deletion, unknown client as wrong token. ~ form of the sentences.
 */
const hydra: Preset = {
  departures: {
    paths: { issuer: '', registration: '/oauth2/register', token: '/oauth2/token' },
    discovery: { serves: ['openidAppended'] },
    metadata: {
      chosenSecret: 'refused',
      refusedMembers: {
        metadata: { description: "'metadata' cannot be set for dynamic client registration" },
      },
      droppedMembers: [
        'software_id',
        'software_version',
        'application_type',
        'default_acr_values',
        'default_max_age',
        'require_auth_time',
        'initiate_login_uri',
        'id_token_signed_response_alg',
      ],
      redirectUris: 'never',
    },
    answer: {
      issuedAt: false,
      secretExpiry: 'always',
      location: 'adminPath',
      base: { client_uri: '', policy_uri: '', tos_uri: '', logo_uri: '', owner: '', subject_type: 'public' },
    },
    read: { token: 'absent', secret: 'absent', uri: false },
    update: {
      token: 'new',
      secret: 'absent',
      uri: false,
      clientId: 'ignored',
      secretEcho: 'refused',
      serverMembers: 'ignored',
    },
    errors: {
      challenge: false,
      refusals: {
        wrongRegistrationToken: NO_CLIENT,
        missingRegistrationToken: NO_CLIENT,
        unknownClient: NO_CLIENT,
        deletedClient: NO_CLIENT,
        updateSecret: {
          status: 403,
          shape: 'sentence',
          description: 'It is not allowed to choose your own OAuth2 Client secret.',
        },
      },
    },
  },
  variants: {
    unadvertised: { discovery: { withoutRegistration: ['openidAppended'] } },
    off: { gate: { admits: [] } },
  },
};

/** node-oidc-provider 9, with a stored initial token. ▶ all of it. */
const oidcProvider: Preset = {
  departures: {
    paths: { issuer: '', registration: '/reg', token: '/token' },
    gate: { admits: ['fixedToken'], statement: 'ignored' },
    token: { clientMethods: 'anySecret' },
    metadata: {
      languageTags: 'dropped',
      scopes: ['openid', 'offline_access'],
      emptyStrings: 'refused',
      machine: { responseTypes: 'explicitlyEmpty', redirectUris: 'any', applicationType: undefined },
    },
    answer: {
      unusedSecret: 'shown',
      clientIds: 'urlSafe',
      base: {
        application_type: 'web',
        id_token_signed_response_alg: 'RS256',
        require_auth_time: false,
        subject_type: 'public',
        post_logout_redirect_uris: [],
        require_pushed_authorization_requests: false,
        dpop_bound_access_tokens: false,
      },
    },
    management: { foreignToken: 'destroyed' },
    update: { token: 'new' },
    errors: {
      refusals: {
        machineMetadata: {
          error: 'invalid_redirect_uri',
          description: 'redirect_uris is mandatory property',
        },
        otherMethod: { status: 404, shape: 'text' },
      },
    },
  },
  variants: { open: { gate: { admits: ['nothing'] } }, steadyToken: { update: { token: 'same' } } },
};

export const RUNNABLE = {
  keycloak,
  'keycloak-native': keycloakNative,
  hydra,
  'oidc-provider': oidcProvider,
} as const satisfies Readonly<Record<string, Preset>>;
