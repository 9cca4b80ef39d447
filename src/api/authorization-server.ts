import { z } from 'zod';
import { NOT_YET_SEEN } from './conditions.ts';
import type { KubernetesObject } from './kubernetes.ts';
import {
  conditions,
  described,
  duration,
  list,
  objectName,
  rules,
  secretKey,
  stringMap,
  text,
  url,
} from './schema.ts';

/** `AuthorizationServer` and `ClusterAuthorizationServer`: where clients are registered, and how. */

const optionalUrl = (description: string) => described(url(), description).optional();

const endpoints = z
  .object({
    token: optionalUrl('Token endpoint.'),
    authorization: optionalUrl('Authorization endpoint.'),
    jwks: optionalUrl('Keys of the server.'),
    userinfo: optionalUrl('UserInfo endpoint.'),
    endSession: optionalUrl('End session endpoint.'),
    revocation: optionalUrl('Revocation endpoint.'),
    introspection: optionalUrl('Introspection endpoint.'),
  })
  .meta({
    description:
      'Endpoints to publish in the workloads’ Secrets. Each given one wins over what was discovered.',
  });

const admission = z
  .object({
    open: z.object({}).meta({ description: 'The endpoint is open: no credential is sent.' }).optional(),
    initialAccessToken: z
      .object({
        secretRef: z.object({
          name: objectName(),
          key: secretKey().default('token'),
        }),
      })
      .meta({ description: 'A fixed initial access token (RFC 7591 section 3), sent as Bearer.' })
      .optional(),
  })
  .meta({
    description: 'How the registration endpoint admits the operator.',
    ...rules({
      rule: '[has(self.open), has(self.initialAccessToken)].filter(x, x).size() == 1',
      message: 'set exactly one of open and initialAccessToken',
    }),
  });

const spec = z.object({
  issuer: described(
    url({ rule: 'self == oldSelf', message: 'issuer can’t be changed: create another server object' }),
    'Issuer identifier, exactly as the server publishes it.',
  ),
  discovery: z
    .object({
      mode: z.enum(['Auto', 'None']).default('Auto'),
      prefer: z
        .enum(['OAuth', 'OpenID'])
        .default('OAuth')
        .meta({ description: 'Whose documents are asked for first: RFC 8414 or OpenID Connect Discovery.' }),
      url: optionalUrl('Replaces the well-known forms.'),
      acceptedIssuer: z
        .string()
        .min(1)
        .max(2048)
        .meta({ description: 'The issuer that the document publishes, where it differs from spec.issuer.' })
        .optional(),
    })
    .optional(),
  endpoints: endpoints.optional(),
  registration: z.object({
    endpoint: optionalUrl('Client registration endpoint. Default: discovered.'),
    admission,
  }),
  management: z
    .object({
      allowedOrigins: list(url(), 8)
        .meta({
          description:
            'Further origins that may receive a registration access token, besides that of the registration endpoint.',
          'x-kubernetes-list-type': 'set',
        })
        .optional(),
    })
    .optional(),
  connection: z
    .object({
      timeout: duration()
        .default('30s')
        .meta({
          description: 'Longest time for one call, 1s to 2m.',
          ...rules({
            rule: "self != '' && duration(self) >= duration('1s') && duration(self) <= duration('2m')",
            message: 'must be between 1s and 2m, like 30s',
          }),
        }),
      maxInFlight: z.int().min(1).max(256).default(16).meta({ description: 'Calls under way at one time.' }),
    })
    .optional(),
});

const noneNeedsEndpoint = {
  rule: "!has(self.discovery) || self.discovery.mode != 'None' || has(self.registration.endpoint)",
  message: 'discovery.mode None needs registration.endpoint',
};

export const authorizationServerSpec = spec.meta({ description: 'The server.', ...rules(noneNeedsEndpoint) });

export const clusterAuthorizationServerSpec = spec
  .extend({
    allowedNamespaces: z
      .object({
        names: list(text(63), 256).optional(),
        selector: z
          .object({
            matchLabels: stringMap(32, 63).optional(),
            matchExpressions: list(
              z.object({
                key: text(317),
                operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
                values: list(z.string().max(63), 64).optional(),
              }),
              32,
            ).optional(),
          })
          .optional(),
      })
      .meta({
        description:
          'Namespaces that may use the server: by name or by label, either admits. Absent: none. `selector: {}`: all.',
      })
      .optional(),
  })
  .meta({ description: 'The server.', ...rules(noneNeedsEndpoint) });

export const authorizationServerStatus = z
  .object({
    observedGeneration: z.int().optional(),
    endpoints: z
      .object({
        registration: z.string().max(2048).optional(),
        token: z.string().max(2048).optional(),
        authorization: z.string().max(2048).optional(),
        jwks: z.string().max(2048).optional(),
        userinfo: z.string().max(2048).optional(),
        endSession: z.string().max(2048).optional(),
        revocation: z.string().max(2048).optional(),
        introspection: z.string().max(2048).optional(),
      })
      .meta({ description: 'Endpoints in use.' })
      .optional(),
    management: z
      .enum(['Unknown', 'RegistrationAccessToken', 'None'])
      .meta({
        description: 'How clients are managed. Can’t be discovered: Unknown until a first answer shows it.',
      })
      .optional(),
    conditions: conditions().optional(),
  })
  .meta({ description: 'What was found.', default: { management: 'Unknown', conditions: [NOT_YET_SEEN] } });

export type AuthorizationServerSpec = z.infer<typeof clusterAuthorizationServerSpec>;
export type AuthorizationServerStatus = z.infer<typeof authorizationServerStatus>;
export type AllowedNamespaces = NonNullable<AuthorizationServerSpec['allowedNamespaces']>;

/** Either kind; `allowedNamespaces` is the cluster kind's alone. */
export interface AuthorizationServer extends KubernetesObject {
  readonly spec: AuthorizationServerSpec;
  readonly status?: AuthorizationServerStatus;
}

export type ServerKind = 'AuthorizationServer' | 'ClusterAuthorizationServer';
