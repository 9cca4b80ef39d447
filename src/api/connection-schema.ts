import * as z from 'zod';
import { boundedDuration } from './durations.ts';
import { described, objectName, rules, secretKey, url } from './schema.ts';

/** `spec.connection` of a server object: how the server is reached. */

const caRef = z
  .object({
    kind: z
      .enum(['ConfigMap', 'Secret'])
      .default('ConfigMap')
      .meta({ description: 'ConfigMap or labelled Secret. Default: ConfigMap.' }),
    name: objectName().meta({ description: 'Its name.' }),
    key: secretKey()
      .default('ca.crt')
      .meta({ description: 'Key whose value is the bundle. Default: ca.crt.' }),
  })
  .meta({
    description:
      "CA bundle (PEM) that the server's certificate must lead to, like `{name: corporate-ca}`. Default: the public CAs.",
  });

export const connection = z
  .object({
    timeout: boundedDuration('timeout', 'Longest time for one call, 1s to 2m. Default: 30s.').default('30s'),
    maxInFlight: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .meta({ description: 'Calls under way at one time, 1 to 256. Default: 16.' }),
    caRef: caRef.optional(),
    clientCertificateRef: z
      .object({ name: objectName().meta({ description: 'Name of the Secret.' }) })
      .meta({
        description:
          'Labelled Secret of type kubernetes.io/tls whose certificate the operator presents (RFC 8705). Renewal needs no restart. Default: no certificate.',
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
          'Proxy that asks for credentials, instead of proxyUrl: labelled Secret with `url`, and perhaps `username` and `password`.',
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
