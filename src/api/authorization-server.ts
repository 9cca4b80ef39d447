import * as z from 'zod';
import type { ClientMetadata } from '../oauth/client-metadata.ts';
import { ENDPOINT_NAMES, ENDPOINTS, type EndpointName, MOST_OTHER_ENDPOINTS } from '../oauth/discovery.ts';
import { allowedNamespaces } from './access-schema.ts';
import {
  admission,
  CERTIFICATE_METHODS,
  clusterAdmission,
  clusterManagement,
  management,
  SERVICE_ACCOUNT_TOKEN,
} from './admission-schema.ts';
import { defaultsSchema } from './client-schema.ts';
import { NOT_YET_SEEN } from './conditions.ts';
import { connection } from './connection-schema.ts';
import { dialect, dialectOverrides } from './dialect-schema.ts';
import { identification } from './identification-schema.ts';
import type { KubernetesObject } from './kubernetes.ts';
import { policy } from './policy-schema.ts';
import { anyObject, conditions, described, rules, stringMap, text, url } from './schema.ts';
import { signedRequest, softwareStatement } from './statement-schema.ts';
import { migration, upkeep } from './upkeep-schema.ts';

/** `AuthorizationServer` and `ClusterAuthorizationServer`: where clients are registered, and how. */

const optionalUrl = (description: string) => described(url(), description).optional();

type Configurable = Exclude<EndpointName, 'registration'>;

const endpointsOf = <Name extends EndpointName, Schema extends z.ZodType>(
  names: readonly Name[],
  schemaOf: (name: Name) => Schema,
) => z.object(Object.fromEntries(names.map((name) => [name, schemaOf(name)])) as Record<Name, Schema>);

const endpoints = endpointsOf(
  ENDPOINT_NAMES.filter((name): name is Configurable => name !== 'registration'),
  (name) => optionalUrl(`${ENDPOINTS[name].description} Default: discovered.`),
).meta({
  description:
    "Endpoints to publish in the workloads' Secrets. Each one that is set overrides the discovered one.",
});

const registration = <Admission extends typeof admission>(admissionOfKind: Admission) =>
  z
    .object({
      endpoint: optionalUrl(
        'Client registration endpoint, like https://sso.example.com/register. Default: discovered.',
      ),
      admission: admissionOfKind.optional(),
      softwareStatement: softwareStatement.prefault({}),
      signedRequest: signedRequest.optional(),
    })
    .meta({ description: 'How clients are registered (RFC 7591 section 3).' })
    .prefault({});

const spec = z.object({
  issuer: described(
    url({
      rule: "!self.contains('?')",
      message: 'must have no query (RFC 8414 section 2): write it as the server publishes it',
    }),
    'Issuer identifier, exactly as the server publishes it, like https://sso.example.com/realms/shop. Can be corrected until a client was registered.',
  ),
  discovery: z
    .object({
      mode: z.enum(['Auto', 'None']).default('Auto').meta({
        description:
          'Auto: the endpoints are read from the documents that the server publishes. None: no document is asked for, and registration.endpoint is needed.',
      }),
      prefer: z.enum(['OAuth', 'OpenID']).default('OAuth').meta({
        description:
          'Which document is read first. OAuth: that of RFC 8414. OpenID: that of OpenID Connect Discovery.',
      }),
      url: optionalUrl(
        'The only URL to ask for a document, like https://sso.example.com/.well-known/openid-configuration. Default: the well-known URLs of the issuer.',
      ),
      acceptedIssuer: z
        .string()
        .min(1)
        .max(2048)
        .meta({
          description:
            'The issuer that the document publishes, where it differs from spec.issuer, like https://sso.example.com:443. Default: spec.issuer.',
        })
        .optional(),
    })
    .meta({ description: 'How the endpoints of the server are found.' })
    .prefault({}),
  endpoints: endpoints.optional(),
  dialect: dialect.default('rfc7591'),
  dialectOverrides: dialectOverrides.optional(),
  identification,
  registration: registration(admission),
  management: management.prefault({}),
  workloadIdentity: z
    .object({
      mode: z.enum(['Off', 'Allow']).default('Off').meta({
        description:
          'Whether clients may authenticate by tokens of their ServiceAccount or by their SPIFFE ID, without a secret. A ClusterAuthorizationServer needs policy.workloadIdentity Allow, too.',
      }),
      identityProvider: text(256)
        .meta({
          description:
            'Name of the trust that the server keeps for this cluster, like `cluster`: at Keycloak the alias of the identity provider. Default: none.',
        })
        .optional(),
      audience: text(2048)
        .meta({
          description: 'Audience of the tokens that workloads send. Default: issuer.',
        })
        .optional(),
    })
    .meta({ description: 'Clients without a secret.' })
    .prefault({}),
  connection: connection.prefault({}),
  ...upkeep,
  contact: text(256)
    .meta({
      description:
        'Contact for questions of tenants about this server, like `#platform-sso`; at most 256 characters. Shown to admitted tenants in refusals by policy or quota, and to others only by allowedNamespaces.disclose. Default: nobody.',
    })
    .optional(),
  suspend: z
    .boolean()
    .default(false)
    .meta({ description: 'Nothing is sent to the server until this is false. Clients and Secrets stay.' }),
  migration: migration.optional(),
  defaults: defaultsSchema.optional(),
  attemptMarker: z
    .object({ member: text(128).meta({ description: 'Its wire name, like `software_version`.' }) })
    .meta({
      description:
        'Member (wire name) that carries the id of the attempt, so that a client whose answer was lost can be found at the server. Default: none.',
    })
    .optional(),
});

/** CEL: whether these client credentials, if there are any, do without a client certificate or have one. */
const hasCertificate = (credential: string): string =>
  `!has(${credential}) || !has(${credential}.clientCredentials) || !(${credential}.clientCredentials.authMethod in ${JSON.stringify(CERTIFICATE_METHODS)}) || has(self.connection.clientCertificateRef)`;

const CERTIFICATE_NEEDED =
  'authMethod tls_client_auth and self_signed_tls_client_auth need a certificate: name its Secret in connection.clientCertificateRef';

/** CEL: whether these client credentials, if there are any, do without a token of a ServiceAccount. */
const hasNoAssertion = (credential: string): string =>
  `!has(${credential}) || !has(${credential}.clientCredentials) || ${credential}.clientCredentials.authMethod != '${SERVICE_ACCOUNT_TOKEN}'`;

const CLUSTER_ALONE =
  'authMethod ServiceAccountToken is for a ClusterAuthorizationServer alone: choose another authMethod';

/** Of the kind that tenants may create. */
const OF_NAMESPACED = [
  { rule: hasNoAssertion('self.registration.admission'), message: CLUSTER_ALONE },
  { rule: hasNoAssertion('self.management.credential'), message: CLUSTER_ALONE },
];

/** Keycloak's own form of a client can't carry these: they would be left out without a word. */
const NOT_NATIVE = [
  {
    isAbsent:
      "(!has(self.registration.softwareStatement.secretRef) && !has(self.registration.softwareStatement.sign) && self.registration.softwareStatement.fromClient == 'Deny')",
    field: 'registration.softwareStatement',
    instead: 'Remove it, or choose dialect keycloak',
  },
  {
    isAbsent: '!has(self.registration.signedRequest)',
    field: 'registration.signedRequest',
    instead: 'Remove it, or choose dialect keycloak',
  },
  {
    isAbsent: '!has(self.attemptMarker)',
    field: 'attemptMarker',
    instead: 'Remove it: a client whose answer was lost has its clientName at Keycloak',
  },
];

const OF_SPEC = [
  {
    rule: "self.discovery.mode != 'None' || has(self.registration.endpoint) || self.identification.mode == 'Document'",
    message: 'discovery.mode None needs registration.endpoint',
  },
  {
    rule: "self.identification.mode == 'Document' || has(self.registration.admission)",
    message:
      'set registration.admission: how the registration endpoint admits the operator, like {initialAccessToken: {secretRef: {name: sso-iat}}}',
  },
  {
    rule: "self.identification.mode == 'Registration' || has(self.identification.document)",
    message:
      'the modes Document and Auto of identification need document.baseUrl, like {mode: Document, document: {baseUrl: "https://clients.example.com"}}',
  },
  {
    rule: "self.workloadIdentity.mode != 'Allow' || self.dialect != 'keycloak-native' || has(self.workloadIdentity.identityProvider)",
    message:
      'workloadIdentity.mode Allow needs workloadIdentity.identityProvider: the alias of the identity provider that trusts this cluster, like cluster',
  },
  ...NOT_NATIVE.map(({ isAbsent, field, instead }) => ({
    rule: `self.dialect != 'keycloak-native' || self.identification.mode == 'Document' || ${isAbsent}`,
    message: `dialect keycloak-native has no place for ${field}: Keycloak's own form of a client is plain JSON with members of its own. ${instead}`,
  })),
  { rule: hasCertificate('self.registration.admission'), message: CERTIFICATE_NEEDED },
  { rule: hasCertificate('self.management.credential'), message: CERTIFICATE_NEEDED },
];

/** Of a whole server object: another issuer would get what belongs to the clients of this one. */
export const OF_SERVER_OBJECT = rules(
  {
    rule: '!has(oldSelf.status) || !has(oldSelf.status.issuer) || self.spec.issuer == oldSelf.status.issuer',
    message:
      "spec.issuer can't be changed any more, since clients are registered there: create another server object",
  },
  {
    rule: '!has(self.spec.migration) || self.spec.migration.to.kind != self.kind || self.spec.migration.to.name != self.metadata.name',
    message: 'migration.to names this object itself: name the server object that the clients move to',
  },
  {
    rule: 'has(self.spec.migration) || !has(oldSelf.spec.migration) || !has(oldSelf.status) || !has(oldSelf.status.migration) || !oldSelf.status.migration.begun || !has(oldSelf.status.migration.movedForGood) || oldSelf.status.migration.movedForGood == 0',
    message:
      'OAuthClients name this object that have a client at the new one alone, and they would be registered here again: set their spec.authorizationServerRef to the new server object first (status.migration.movedForGood counts them)',
  },
  {
    rule: '!has(oldSelf.status) || !has(oldSelf.status.documentBaseUrl) || !has(self.spec.identification.document) || self.spec.identification.document.baseUrl == oldSelf.status.documentBaseUrl',
    message:
      "spec.identification.document.baseUrl can't be changed while clients have documents there, since it is a part of their client_id: create another server object",
  },
);

const SERVER = 'Where clients are registered, and how. Only issuer and registration.admission are needed.';

export const authorizationServerSpec = spec.meta({
  description: SERVER,
  ...rules(...OF_SPEC, ...OF_NAMESPACED),
});

export const clusterAuthorizationServerSpec = spec
  .extend({
    registration: registration(clusterAdmission),
    management: clusterManagement.prefault({}),
    allowedNamespaces: allowedNamespaces.prefault({}),
    policy: policy.prefault({}),
  })
  .meta({
    description: SERVER,
    ...rules(...OF_SPEC, {
      rule: "!has(self.migration) || self.migration.to.kind == 'ClusterAuthorizationServer'",
      message: 'migration.to must be a ClusterAuthorizationServer: clients of all namespaces move there',
    }),
  });

const pauseEnd = (calls: string) =>
  z
    .string()
    .max(64)
    .meta({ format: 'date-time', description: `End of the pause of ${calls}.` })
    .optional();

export const authorizationServerStatus = z
  .object({
    observedGeneration: z.int().meta({ description: 'The generation of the spec that was read.' }).optional(),
    endpoints: endpointsOf(ENDPOINT_NAMES, (name) =>
      described(z.string().max(2048), ENDPOINTS[name].description).optional(),
    )
      .extend({
        others: described(
          stringMap(MOST_OTHER_ENDPOINTS, 2048),
          'Further endpoints that the server publishes, by wire name: spec.secret.include of an OAuthClient can name them.',
        ).optional(),
        mtlsAliases: described(
          stringMap(MOST_OTHER_ENDPOINTS, 2048),
          'Endpoints for clients that present a certificate (RFC 8705 section 5), by wire name.',
        ).optional(),
      })
      .meta({ description: 'Endpoints in use.' })
      .optional(),
    issuer: z
      .string()
      .max(2048)
      .meta({
        description: "Issuer at which clients were registered. From then on spec.issuer can't be changed.",
      })
      .optional(),
    identification: z
      .enum(['Registration', 'Document'])
      .meta({ description: 'How clients get their identifier, where spec.identification.mode is Auto.' })
      .optional(),
    documentBaseUrl: z
      .string()
      .max(2048)
      .meta({
        description:
          "Base URL of the documents that are served. While there are any, spec.identification.document.baseUrl can't be changed.",
      })
      .optional(),
    management: z
      .enum(['Unknown', 'RegistrationAccessToken', 'Credential', 'ClientCredential', 'None'])
      .meta({
        description: "How clients are managed. Can't be discovered: Unknown until a first answer shows it.",
      })
      .optional(),
    clients: z
      .int()
      .meta({ description: 'Clients that are registered, including those that are being removed.' })
      .optional(),
    suspectedOrphans: z
      .int()
      .meta({
        description:
          'Registrations without an answer: clients may exist that nobody knows. ConfigMap oauth-registrar-suspected-orphans, or oauth-registrar-suspected-orphans-namespaced, lists them.',
      })
      .optional(),
    owed: z
      .int()
      .meta({
        description:
          'Clients whose objects are gone and that the operator still tries to remove at the server. Uninstall only when it is 0.',
      })
      .optional(),
    isDefault: z
      .boolean()
      .meta({
        description:
          'Whether the server serves OAuthClients that name none, by the annotation oauth-registrar.dev/is-default-server.',
      })
      .optional(),
    leftBehind: z
      .int()
      .meta({ description: 'Clients that could not be removed and wait for a person, each with its record.' })
      .optional(),
    migration: z
      .object({
        to: z
          .object({
            kind: described(z.string().max(253), 'Kind of the new server object.'),
            name: described(z.string().max(253), 'Its name.'),
          })
          .meta({ description: 'The server object that the clients move to.' }),
        total: described(z.int(), 'Clients that had to move when the first one began.'),
        moved: described(z.int(), 'Of these, the clients that have moved.'),
        moving: described(z.int(), 'Clients that move now.'),
        refused: described(
          z.int(),
          'Clients that the new server would refuse. Condition Migrating of each OAuthClient says why.',
        ),
        references: described(
          z.int(),
          'OAuthClients whose spec names this object. Name the new one there before you remove spec.migration.',
        ),
        movedForGood: z
          .int()
          .meta({
            description:
              'Of these, the OAuthClients that have a client at the new server object alone. While there are any, spec.migration can not be removed.',
          })
          .optional(),
        begun: described(z.boolean(), 'Whether a client was permitted to move.'),
      })
      .meta({ description: 'How far the migration is.' })
      .optional(),
    pausedUntil: z
      .string()
      .max(64)
      .meta({ format: 'date-time', description: 'End of the last of the pauses.' })
      .optional(),
    pauses: z
      .object({
        registrations: pauseEnd('registrations'),
        management: pauseEnd('updates and deletions'),
        tokens: pauseEnd('requests for access tokens'),
      })
      .meta({
        description:
          'Pauses of single endpoints, which the server asked for or the operator keeps. Other calls go on. To have one call of each kind tried now: annotation reconcile-requested-at.',
      })
      .optional(),
    lastHandledReconcileAt: z
      .string()
      .max(256)
      .meta({ description: 'Last value of the annotation reconcile-requested-at that was handled.' })
      .optional(),
    unsupportedCalls: z
      .array(z.enum(['Update', 'Deletion']))
      .max(2)
      .meta({
        description:
          'Calls that the server refused to clients of two namespaces (to two clients, where one namespace has all) though it knows these clients. They are not sent any more, until a day has passed, one succeeds, or this object is edited.',
        'x-kubernetes-list-type': 'set',
      })
      .optional(),
    lastError: z
      .string()
      .max(2048)
      .meta({
        description:
          'Error of the last call that failed. It is shown while the server is in trouble, or until a call succeeds.',
      })
      .optional(),
    effectiveDialect: anyObject()
      .meta({ description: 'The dialect in use: the preset with dialectOverrides applied.' })
      .optional(),
    signingKeys: anyObject()
      .meta({
        description:
          'Public keys (JWK set) of statements, signed requests and assertions, to be configured at the server.',
      })
      .optional(),
    conditions: conditions().optional(),
  })
  .meta({ description: 'What was found.', default: { management: 'Unknown', conditions: [NOT_YET_SEEN] } });

export type AuthorizationServerSpec = Omit<z.infer<typeof clusterAuthorizationServerSpec>, 'defaults'> & {
  readonly defaults?: ClientMetadata | undefined;
};
export type AuthorizationServerStatus = z.infer<typeof authorizationServerStatus>;

/** Either kind; `allowedNamespaces` is the cluster kind's alone. */
export interface AuthorizationServer extends KubernetesObject {
  readonly spec: AuthorizationServerSpec;
  readonly status?: AuthorizationServerStatus;
}

export type ServerKind = 'AuthorizationServer' | 'ClusterAuthorizationServer';
