import * as z from 'zod';
import { boundedDuration } from './durations.ts';
import { described, objectName, rules, secretKey, url } from './schema.ts';

/** `spec.connection` of a server object: how the server is reached. */

const caRef = z
  .object({
    kind: z
      .enum(['ConfigMap', 'Secret'])
      .default('ConfigMap')
      .meta({ description: 'ConfigMap, or Secret with the label `oauth-registrar.dev/credential: "true"`.' }),
    name: objectName().meta({ description: 'Name of the ConfigMap or Secret.' }),
    key: secretKey().default('ca.crt').meta({ description: 'Key whose value is the bundle.' }),
  })
  .meta({
    description:
      "CA bundle (PEM) that the server's certificate must lead to, like `{name: corporate-ca}`. Default: the public CAs.",
  });

export const connection = z
  .object({
    timeout: boundedDuration('timeout', 'Longest time for one call, 1s to 2m.').default('30s'),
    maxInFlight: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .meta({ description: 'Calls that may be under way at one time.' }),
    caRef: caRef.optional(),
    clientCertificateRef: z
      .object({ name: objectName().meta({ description: 'Name of the Secret.' }) })
      .meta({
        description:
          'Secret of type kubernetes.io/tls, with the label `oauth-registrar.dev/credential: "true"`, whose certificate the operator presents (RFC 8705). Renewal needs no restart. Default: no certificate.',
      })
      .optional(),
    proxyUrl: described(
      url(),
      "Proxy for calls to this server, like https://proxy.example.com:3128. Default: that of the operator's environment.",
    ).optional(),
    proxyRef: z
      .object({ name: objectName().meta({ description: 'Name of the Secret.' }) })
      .meta({
        description:
          'Proxy that asks for credentials, instead of proxyUrl: a Secret with `url`, and perhaps `username` and `password`, and the label `oauth-registrar.dev/credential: "true"`. Default: none.',
      })
      .optional(),
  })
  .meta({
    description: 'How the server is reached.',
    ...rules({
      rule: '!(has(self.proxyUrl) && has(self.proxyRef))',
      message: 'set proxyUrl or proxyRef, not both',
    }),
  });
