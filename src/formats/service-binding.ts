import type { SecretFormat } from './format.ts';
import { keyForEach } from './named-values.ts';
import { BINDING_TYPE } from './published-client.ts';
import { OF_PROVIDER, OF_REGISTRATION, springValues } from './spring-names.ts';

const SPRING: Readonly<Record<string, string>> = { ...OF_REGISTRATION, ...OF_PROVIDER };

/** Keys keep the dot of `private_key.pem`. */
const nameOf = (wireName: string): string =>
  SPRING[wireName] ?? (wireName.includes('.') ? wireName : wireName.replaceAll('_', '-'));

/**
 * The Service Binding specification for Kubernetes, 1.1.0 (Provisioned Service): `type`, `provider`, and a Secret of type
 * `servicebinding.io/<type>`. It names no entries of an OAuth client: they are those that Spring Cloud Bindings reads for
 * the type `oauth2`.
 */
export const serviceBindingFormat = {
  name: 'ServiceBinding',
  about:
    'a service binding of type `oauth2`, with `type`, `provider` and the entries that Spring Cloud Bindings reads, like `client-id`',
  secretType: `servicebinding.io/${BINDING_TYPE}`,
  ...keyForEach(nameOf, (client) => ({
    ...springValues(client),
    type: BINDING_TYPE,
    provider: client.provider,
  })),
} as const satisfies SecretFormat;
