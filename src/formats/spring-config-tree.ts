import { own } from '../oauth/objects.ts';
import type { Rendering, SecretFormat } from './format.ts';
import { namedValues } from './named-values.ts';
import { OF_PROVIDER, OF_REGISTRATION, springValues } from './spring-names.ts';

const PREFIX = 'spring.security.oauth2.client';
const FALLBACK = 'default';

/** A dot in the name of an object would be a level of the property. */
const idOf = (name = FALLBACK): string => name.replaceAll('.', '-');

const nameOf: SecretFormat['nameOf'] = (wireName, { name, provider }) => {
  const [ofRegistration, ofProvider] = [own(OF_REGISTRATION, wireName), own(OF_PROVIDER, wireName)];
  if (ofRegistration !== undefined) {
    return `${PREFIX}.registration.${idOf(name)}.${ofRegistration}`;
  }
  return ofProvider === undefined ? '' : `${PREFIX}.provider.${idOf(provider)}.${ofProvider}`;
};

/** Names the provider of the registration: no value of the client. */
const PROVIDER = 'provider';

/**
 * A configuration tree of Spring Boot (`spring.config.import=configtree:/path/`): each key is the name of a property, each
 * value its value. The registration is named after the OAuthClient, the provider after the server object.
 */
export const springConfigTreeFormat = {
  name: 'SpringConfigTree',
  about:
    'a configuration tree of Spring Boot, where each key is a property like `spring.security.oauth2.client.registration.<name>.client-id`',
  secretType: 'Opaque',
  nameOf,
  render(client, keys): Rendering {
    const named = namedValues(client, keys, { nameOf }, springValues(client));
    if (!named.ok) {
      return named;
    }
    const data = {
      ...named.data,
      [`${PREFIX}.registration.${idOf(client.name)}.${PROVIDER}`]: idOf(client.provider),
    };
    // Spring replaces placeholders in values of properties, wherever they come from.
    const broken = Object.entries(data).find(([, value]) => value.includes('${'));
    return broken === undefined
      ? { ok: true, data }
      : {
          ok: false,
          problem: `can't have the format SpringConfigTree: the value of "${broken[0]}" has \${ in it, which Spring would replace. Use the format Keys, or request another secret`,
        };
  },
  clientIdIn: (data, keys) => {
    const key =
      own(keys, 'client_id') ??
      Object.keys(data).find(
        (name) => name.startsWith(`${PREFIX}.registration.`) && name.endsWith('.client-id'),
      );
    return key === undefined ? undefined : own(data, key);
  },
} as const satisfies SecretFormat;
