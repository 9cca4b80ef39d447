import { z } from 'zod';
import { type ClientMetadata, MEMBERS, type MemberType, specName } from '../oauth/client-metadata.ts';
import { NOT_YET_SEEN } from './conditions.ts';
import type { KubernetesObject } from './kubernetes.ts';
import {
  anyObject,
  conditions,
  described,
  list,
  objectName,
  rules,
  stringMap,
  text,
  time,
} from './schema.ts';

/** `OAuthClient`: one OAuth client that a workload uses. Written by application teams. */

const absoluteUri = () =>
  z
    .string()
    .max(2048)
    .meta(
      rules({
        rule: "self.matches('^[A-Za-z][A-Za-z0-9+.-]*:[^#[:space:][:cntrl:]]+$')",
        message: 'must be an absolute URI without fragment, like https://app.example.com/callback',
      }),
    );

const scopeToken = () =>
  z
    .string()
    .min(1)
    .max(256)
    .meta(
      rules({
        rule: "self.matches('^[!#-\\\\[\\\\]-~]+$')",
        message: 'must be one scope: printable characters without space, quote or backslash',
      }),
    );

const schemaOf: Readonly<Record<MemberType, () => z.ZodType>> = {
  string: () => text(2048),
  uri: absoluteUri,
  strings: () => list(text(512), 64),
  uris: () => list(absoluteUri(), 32),
  scope: () => list(scopeToken(), 64),
  boolean: () => z.boolean(),
  integer: () => z.int().min(0).max(4_000_000_000),
  object: anyObject,
};

const memberFields = Object.fromEntries(
  MEMBERS.map(({ wire, type, source, description }) => [
    specName(wire),
    described(schemaOf[type](), `${description} \`${wire}\`, ${source}.`).optional(),
  ]),
);

const localized = z
  .object(
    Object.fromEntries(
      MEMBERS.filter((member) => 'localizable' in member).map((member) => [
        specName(member.wire),
        stringMap(32, 2048)
          .meta({ description: `Language tag to text, sent as \`${member.wire}#tag\`.`, maxProperties: 32 })
          .optional(),
      ]),
    ),
  )
  .meta({ description: 'Members in several languages (RFC 7591 section 2.2).' });

const secretBased = "self.tokenEndpointAuthMethod == 'none'";

const client = z
  .object({
    ...memberFields,
    localized: localized.optional(),
    additionalMetadata: anyObject()
      .meta({
        description: 'Members without a field of their own, by wire name, passed through as they are.',
        'x-kubernetes-preserve-unknown-fields': true,
        maxProperties: 64,
      })
      .optional(),
  })
  .meta({
    description: 'Client metadata (RFC 7591 section 2). What is unset is not sent; an empty list is.',
    ...rules(
      {
        rule: '!(has(self.jwks) && has(self.jwksUri))',
        message: 'set jwks or jwksUri, not both (RFC 7591 section 2)',
      },
      {
        rule: `!has(self.tokenEndpointAuthMethod) || !(${secretBased}) || !has(self.tokenEndpointAuthSigningAlg)`,
        message: 'tokenEndpointAuthMethod none has no assertion to sign: remove tokenEndpointAuthSigningAlg',
      },
      {
        rule: `!has(self.tokenEndpointAuthMethod) || !(${secretBased}) || !has(self.idTokenSignedResponseAlg) || !self.idTokenSignedResponseAlg.startsWith('HS')`,
        message:
          'an HS algorithm needs a client secret, and tokenEndpointAuthMethod none has none: choose another idTokenSignedResponseAlg',
      },
    ),
  });

const reservedPrefix = (what: string) =>
  rules({
    rule: "self.all(k, !k.matches('^([^/]*[.])?(kubernetes[.]io|k8s[.]io|oauth-registrar[.]dev)/'))",
    message: `${what} below kubernetes.io, k8s.io and oauth-registrar.dev are reserved`,
  });

const secret = z
  .object({
    name: objectName()
      .meta({ description: 'Name of the Secret. Default: the name of this object.' })
      .optional(),
    keys: stringMap(64, 253)
      .meta({
        description: 'Wire name to key, like `client_id: username`. `""` leaves the value out.',
        maxProperties: 64,
        ...rules({
          rule: "self.all(k, self[k] == '' || self[k].matches('^[A-Za-z0-9._-]+$'))",
          message: 'a key of a Secret consists of letters, digits, - _ and .',
        }),
      })
      .optional(),
    labels: stringMap(32, 63)
      .meta({ description: 'Labels to put on the Secret.', maxProperties: 32, ...reservedPrefix('labels') })
      .optional(),
    annotations: stringMap(32, 4096)
      .meta({
        description: 'Annotations to put on the Secret.',
        maxProperties: 32,
        ...reservedPrefix('annotations'),
      })
      .optional(),
  })
  .meta({ description: 'The Secret that workloads mount.' });

export const oauthClientSpec = z
  .object({
    authorizationServerRef: z
      .object({
        kind: z.enum(['AuthorizationServer', 'ClusterAuthorizationServer']).default('AuthorizationServer'),
        name: objectName(),
      })
      .meta({
        description: 'The server to register at. Can’t be changed: a client belongs to its server.',
        ...rules({
          rule: 'self == oldSelf',
          message:
            'authorizationServerRef can’t be changed; delete this object and create one for the other server',
        }),
      }),
    client,
    secret: secret.optional(),
  })
  .meta({ description: 'What is wanted.' });

export const oauthClientStatus = z
  .object({
    observedGeneration: z.int().optional(),
    clientId: z.string().max(4096).optional(),
    issuer: z.string().max(2048).optional(),
    installation: z
      .string()
      .max(253)
      .meta({ description: 'The installation that registered the client.' })
      .optional(),
    secretName: z.string().max(253).optional(),
    registeredAt: time().optional(),
    clientSecretExpiresAt: time().optional(),
    registrationAccessTokenExpiresAt: time().optional(),
    lastHandledReconcileAt: z.string().max(256).optional(),
    binding: z
      .object({ name: z.string().max(253) })
      .meta({ description: 'The Secret, as the Service Binding specification names it.' })
      .optional(),
    substitutions: z
      .array(z.object({ member: text(256), asked: z.string().max(1024), registered: z.string().max(1024) }))
      .max(64)
      .meta({
        description: 'What the server registered instead of what was asked.',
        'x-kubernetes-list-type': 'atomic',
      })
      .optional(),
    conditions: conditions().optional(),
  })
  .meta({ description: 'What was done.', default: { conditions: [NOT_YET_SEEN] } });

export type OAuthClientSpec = Omit<z.infer<typeof oauthClientSpec>, 'client'> & {
  readonly client: ClientMetadata;
};
export type OAuthClientStatus = z.infer<typeof oauthClientStatus>;

export interface OAuthClient extends KubernetesObject {
  readonly spec: OAuthClientSpec;
  readonly status?: OAuthClientStatus;
}
