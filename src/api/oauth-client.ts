import * as z from 'zod';
import type { ClientMetadata } from '../oauth/client-metadata.ts';
import { KEY_PAIR_ALGORITHMS } from '../oauth/signing-key.ts';
import { secretRef } from './admission-schema.ts';
import { clientSchema } from './client-schema.ts';
import { NOT_YET_SEEN } from './conditions.ts';
import { boundedDuration } from './durations.ts';
import { NOTHING_TO_HAND_OVER, NOTHING_WANTED } from './handed-over.ts';
import type { KubernetesObject } from './kubernetes.ts';
import { conditions, described, objectName, rules, secretName, text, textMatching, time } from './schema.ts';
import { secret } from './secret-schema.ts';

/** `OAuthClient`: one OAuth client that a workload uses. Written by application teams. */

const generatedKey = z
  .object({
    algorithm: z
      .enum(KEY_PAIR_ALGORITHMS)
      .default('ES256')
      .meta({ description: 'JWS algorithm of the keys.' }),
    rotateAfter: boundedDuration(
      'rotateAfter',
      'Age at which a new key takes over, 5m to 87600h, like 720h. Default: never.',
    ).optional(),
    overlap: boundedDuration('keyOverlap', 'How long the earlier key stays published, 1m to 720h.').default(
      '24h',
    ),
  })
  .meta({
    description:
      'The client authenticates by private_key_jwt (RFC 7523), with keys that the operator makes, publishes in `jwks` and writes into the Secret.',
  });

const serviceAccount = z
  .object({
    name: objectName().meta({
      description: 'Name of the ServiceAccount of the workload, in the same namespace; not `default`.',
    }),
  })
  .meta({
    description:
      'The workload authenticates by a token of its ServiceAccount, which the server trusts (RFC 7523): no secret exists. Needs workloadIdentity of the server object. One OAuthClient for each ServiceAccount and server.',
  });

const spiffe = z
  .object({
    id: z
      .string()
      .max(2048)
      .meta({
        description: 'SPIFFE ID of the workload, like `spiffe://example.com/shop/web`.',
        ...rules({
          rule: "self.matches('^spiffe://[a-z0-9._-]+/[A-Za-z0-9._/-]+$')",
          message: 'must be a SPIFFE ID, like spiffe://example.com/shop/web',
        }),
      }),
  })
  .meta({
    description:
      'The workload authenticates by its SPIFFE identity, by the draft of SPIFFE client authentication (`spiffe_jwt`). Needs workloadIdentity of the server object.',
  });

const credential = z
  .object({
    generatedKey: generatedKey.optional(),
    serviceAccount: serviceAccount.optional(),
    spiffe: spiffe.optional(),
  })
  .meta({
    description:
      'How the client proves itself to the server, like `{generatedKey: {}}`. At most one member. Default: by what the server gives, a client secret.',
    ...rules({
      rule: '[has(self.generatedKey), has(self.serviceAccount), has(self.spiffe)].filter(x, x).size() <= 1',
      message: 'set at most one of generatedKey, serviceAccount and spiffe',
    }),
  });

const NO_WORKLOAD_IDENTITY =
  '!has(self.credential) || !(has(self.credential.serviceAccount) || has(self.credential.spiffe))';

const NO_GENERATED_KEY = '!has(self.credential) || !has(self.credential.generatedKey)';

const lifetime = z
  .object({
    expiresAfter: boundedDuration(
      'expiresAfter',
      'How long the client lives, counted from the creation of this object, 1m to 87600h, like 24h. Default: without end.',
    ).optional(),
    onExpiry: z.enum(['DeleteObject', 'Deregister']).default('DeleteObject').meta({
      description:
        'What happens at the end. DeleteObject: this object is removed, and its client with it. Deregister: the client and its Secret are removed and the object stays, for GitOps, which would create it again.',
    }),
    expiryMember: text(128)
      .meta({
        description:
          'Member that carries the end to the server in seconds since 1970, by wire name, like `client_expires_at`. Default: none.',
      })
      .optional(),
    boundTo: z
      .object({
        group: textMatching(
          z.string().max(253),
          /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/,
          'must be the group of an API, like batch, or empty for the core group',
        )
          .default('')
          .meta({
            description:
              'API group, like `batch` for a Job or `agents.x-k8s.io` for a Sandbox; empty for a Pod.',
          }),
        kind: textMatching(
          text(63),
          /^[A-Z][A-Za-z0-9]*$/,
          'must be a kind, which begins with a capital letter, like Job',
        ).meta({ description: 'Pod, Job, or another kind that the installation admits, like `Sandbox`.' }),
        name: objectName().meta({
          description: 'Name of the object, in the same namespace, like `agent-7`.',
        }),
      })
      .meta({
        description:
          'An object that becomes the owner of this one, so that the client ends with it, like `{group: batch, kind: Job, name: agent-7}`. Default: none.',
        ...rules({
          rule: "!(self.kind == 'Job' && self.group == '') && !(self.kind == 'Pod' && self.group == 'batch')",
          message: 'a Job is of group batch, a Pod of the empty group: correct group',
        }),
      })
      .optional(),
  })
  .meta({
    description: 'When the client ends by itself. Default: never.',
    ...rules({
      rule: '!has(self.expiryMember) || has(self.expiresAfter)',
      message:
        'expiryMember tells the server the end that expiresAfter gives: set expiresAfter, too, or remove it',
    }),
  });

const replacement = z
  .object({
    onEdit: z.enum(['Never', 'Manual', 'Automatic']).default('Never').meta({
      description:
        "What happens to an edit that the server can't take, and when the server object of the name became another one. Never: the edit waits (`UpdateUnsupported`). Manual: another client is registered when the annotation rotate-requested-at asks for it (`ReplacementPending`). Automatic: at once.",
    }),
    onExpiry: z.enum(['Automatic', 'Manual', 'Never']).default('Automatic').meta({
      description:
        "What happens before a client or its secret expires, where an update doesn't renew it. Automatic: another client is registered before the end. Manual: it is registered when the annotation rotate-requested-at asks for it (`ReplacementPending` after the end). Never: status shows the end.",
    }),
    retire: z.enum(['AfterOverlap', 'WhenUnused']).default('AfterOverlap').meta({
      description:
        'When a former client or key ends. AfterOverlap: when its overlap is over. WhenUnused: then, but only when no Pod that uses the Secret has been running since before the new one; after 720h at the latest. An overlap of 0s ends it at once. The installation has to permit it.',
    }),
    overlap: boundedDuration(
      'overlap',
      'How long the former client stays registered beside the new one, 0s to 720h, like 1h.',
    ).default('24h'),
  })
  .meta({
    description:
      'When another client is registered in place of the present one. It has a new client_id: consents, refresh tokens and audience lists end with the former one. A rotation by annotation and another authorizationServerRef are requests of a person, and need neither onEdit nor onExpiry.',
  });

export const oauthClientSpec = z
  .object({
    authorizationServerRef: z
      .object({
        kind: z
          .enum(['AuthorizationServer', 'ClusterAuthorizationServer'])
          .default('ClusterAuthorizationServer')
          .meta({
            description:
              'ClusterAuthorizationServer: one that the platform team offers. AuthorizationServer: one in the same namespace.',
          }),
        name: objectName().meta({ description: 'Name of the server object, like `corporate`.' }),
      })
      .meta({
        description:
          'The server to register at, like `{name: corporate}`. A change registers another client at the other server; the Secret then shows it, and the former one ends after replacement.overlap. Default: the default server, which status then names.',
      })
      .optional(),
    client: clientSchema,
    softwareStatement: z
      .object({ secretRef: secretRef('software_statement') })
      .meta({
        description:
          "A software statement of the client's own, where the server object permits one. Default: none.",
      })
      .optional(),
    credential: credential.optional(),
    secret: secret.prefault({}),
    lifetime: lifetime.optional(),
    deletionPolicy: z.enum(['Delete', 'Retain']).default('Delete').meta({
      description:
        'What happens to the client when this object is deleted. Delete: it is removed at the server. Retain: it is kept, and its record, for a later object of the same name.',
    }),
    adopt: z
      .object({
        secretRef: z
          .object({ name: secretName() })
          .meta({ description: 'The Secret, with the label `oauth-registrar.dev/credential: "true"`.' }),
      })
      .meta({
        description:
          'A client that exists already: a Secret with `client_id`, `registration_access_token`, `registration_client_uri` and perhaps `client_secret`. Read while no client of this object is recorded; where status names one, it has to be that one. Default: none.',
      })
      .optional(),
    rolloutRestartTargets: z
      .array(
        z.object({
          kind: z
            .enum(['Deployment', 'StatefulSet', 'DaemonSet'])
            .meta({ description: 'Deployment, StatefulSet or DaemonSet.' }),
          name: objectName().meta({
            description: 'Name of the workload, in the same namespace, like `web`.',
          }),
        }),
      )
      .max(16)
      .meta({
        description:
          'Workloads to restart when the Secret has a new credential, as `kubectl rollout restart` does, like `[{kind: Deployment, name: web}]`. The installation has to permit it, and a label of the namespace. Default: none.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['kind', 'name'],
      })
      .optional(),
    suspend: z.boolean().default(false).meta({
      description: 'Nothing is sent and the Secret stays as it is, until this is false.',
    }),
    replacement: replacement.prefault({}),
  })
  .meta({
    description: 'The client that is wanted, and how workloads get it. Only client is needed.',
    ...rules(
      {
        rule: `${NO_GENERATED_KEY} || !(has(self.client.jwks) || has(self.client.jwksUri))`,
        message:
          'with credential.generatedKey the operator makes the keys: remove client.jwks and client.jwksUri',
      },
      {
        rule: `${NO_GENERATED_KEY} || !has(self.client.tokenEndpointAuthMethod) || self.client.tokenEndpointAuthMethod == 'private_key_jwt'`,
        message:
          'a client with credential.generatedKey authenticates by private_key_jwt: set client.tokenEndpointAuthMethod to private_key_jwt, or leave it out',
      },
      {
        rule: `!has(self.secret) || !has(self.secret.mode) || self.secret.mode != 'None' || (${NOTHING_TO_HAND_OVER})`,
        message: NOTHING_WANTED,
      },
      {
        rule: `${NO_WORKLOAD_IDENTITY} || !has(self.client.tokenEndpointAuthMethod)`,
        message:
          'with credential.serviceAccount or credential.spiffe the operator says how the client authenticates: remove client.tokenEndpointAuthMethod',
      },
    ),
  });

export const oauthClientStatus = z
  .object({
    observedGeneration: described(z.int(), 'The generation of the spec that was read.').optional(),
    clientId: described(z.string().max(4096), 'Client identifier that the server gave.').optional(),
    issuer: described(z.string().max(2048), 'Issuer at which the client is registered.').optional(),
    installation: z
      .string()
      .max(253)
      .meta({ description: 'The installation that registered the client.' })
      .optional(),
    secretName: described(z.string().max(253), 'Secret that workloads mount.').optional(),
    registeredAt: described(time(), 'When the client was registered.').optional(),
    clientSecretExpiresAt: described(time(), 'When the client secret expires.').optional(),
    registrationAccessTokenExpiresAt: described(
      time(),
      'When the registration access token expires; it is renewed before.',
    ).optional(),
    endsAt: described(time(), 'When the client ends by spec.lifetime.expiresAfter.').optional(),
    retiring: z
      .array(
        z.object({
          clientId: described(z.string().max(4096), 'The client_id that was replaced.'),
          issuer: described(z.string().max(2048), 'Issuer at which it is registered.'),
          endsAt: described(time(), 'When the overlap is over and the client is removed at the server.'),
        }),
      )
      .max(8)
      .meta({
        description:
          'Clients that were replaced and still exist, at most eight, the first to end first. Restart what uses them before they end.',
        'x-kubernetes-list-type': 'atomic',
      })
      .optional(),
    lastHandledReconcileAt: described(
      z.string().max(256),
      'Last value of the annotation reconcile-requested-at that was handled.',
    ).optional(),
    lastHandledRotateAt: described(
      z.string().max(256),
      'Last value of the annotation rotate-requested-at that was handled.',
    ).optional(),
    authorizationServerRef: z
      .object({
        kind: z
          .enum(['AuthorizationServer', 'ClusterAuthorizationServer'])
          .meta({ description: 'Kind of the server object.' }),
        name: described(z.string().max(253), 'Name of the server object.'),
      })
      .meta({
        description:
          'The server where the client is registered; before that, the one where it is to be registered.',
      })
      .optional(),
    credential: z
      .object({
        subject: described(z.string().max(2048), 'Subject of the tokens by which the client authenticates.'),
        audience: described(z.string().max(2048), 'Audience that these tokens need.'),
        tokenEndpoint: described(z.string().max(2048), 'Where the workload sends them.').optional(),
        clientAssertionType: described(
          z.string().max(256),
          'Parameter `client_assertion_type` of the token request (RFC 7521 section 4.2).',
        ).optional(),
        projectedVolume: described(
          z.string().max(4096),
          'Entry of `spec.volumes` of the Pod, to copy: its file `token` is such a token, which Kubernetes renews.',
        ).optional(),
      })
      .meta({
        description: 'How a client without a secret authenticates (`spec.credential.serviceAccount`).',
      })
      .optional(),
    binding: z
      .object({ name: described(z.string().max(253), 'Name of the Secret.') })
      .meta({ description: 'The Secret, as the Service Binding specification names it.' })
      .optional(),
    substitutions: z
      .array(
        z.object({
          member: described(text(256), 'Wire name of the member.'),
          asked: described(z.string().max(1024), 'What was asked; empty where it was taken out of the spec.'),
          registered: described(
            z.string().max(1024),
            'What the server registered; empty where it was not sent, or the answer lacks it.',
          ),
        }),
      )
      .max(64)
      .meta({
        description: 'What the server registered instead of what was asked.',
        'x-kubernetes-list-type': 'atomic',
      })
      .optional(),
    refusal: z
      .object({
        call: z.enum(['Register', 'Update', 'Adopt']).meta({ description: 'What was refused.' }),
        basis: described(
          z.string().max(64),
          'Identifies the request: it changes with the spec, the server object, the value of a credential, and with annotations that request a try.',
        ),
        reason: described(text(64), 'As in the condition Ready.'),
        message: described(z.string().max(2048), 'As in the condition Ready.'),
        attempts: described(z.int().min(1).max(1000), 'How often the same request was refused.'),
        at: described(time(), 'When it was refused last.'),
      })
      .meta({
        description:
          'The last refusal that only another request can change. The same is sent again after an hour at first, later once a day; a restart of the operator changes nothing about that.',
      })
      .optional(),
    verification: z
      .object({
        credential: described(
          z.string().max(64),
          'Identifies what was tried: it changes with the client and with what workloads see of it.',
        ),
        result: z
          .enum(['Verified', 'CredentialRefused', 'VerificationInconclusive', 'ClientForgotten'])
          .meta({ description: 'As in the condition Verified.' }),
        at: described(
          time(),
          'When the server answered so. While its answer stays the same, the time is renewed once a day.',
        ),
      })
      .meta({
        description:
          'The last answer of the token endpoint about the credential, so that a restart of the operator asks nothing again.',
      })
      .optional(),
    rolloutRestarts: z
      .object({
        credential: described(z.string().max(64), 'Identifies the credential.'),
        at: described(time(), 'When the last workload was restarted for it.'),
      })
      .meta({ description: 'The last credential for which all of rolloutRestartTargets were restarted.' })
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
