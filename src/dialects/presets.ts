import { auth0 } from './auth0.ts';
import { authentik } from './authentik.ts';
import { authlete } from './authlete.ts';
import { cloudflare } from './cloudflare.ts';
import type { ClientCodec } from './codec.ts';
import { connect2id } from './connect2id.ts';
import { curity } from './curity.ts';
import type { Dialect, Hint, Preset } from './dialect.ts';
import { forgerock } from './forgerock.ts';
import { gluu } from './gluu.ts';
import { clientCredentialsAnywhere } from './hints.ts';
import { hydra } from './hydra.ts';
import { keycloak } from './keycloak.ts';
import { keycloakNative } from './keycloak-native.ts';
import { oidcProvider } from './oidc-provider.ts';
import { okta } from './okta.ts';
import { pingfederate } from './pingfederate.ts';
import { pingoneAic } from './pingone-aic.ts';
import { pingoneAicAgent } from './pingone-aic-agent.ts';
import { rfc7591 } from './rfc7591.ts';
import { scalekit } from './scalekit.ts';
import { secureauth } from './secureauth.ts';
import { spring } from './spring.ts';
import { wso2 } from './wso2.ts';
import { zitadel } from './zitadel.ts';

/** The values of `spec.dialect`, the default first. To add a server, add one file, and one line here and below. */
export const DIALECT_NAMES = [
  'rfc7591',
  'auth0',
  'authentik',
  'authlete',
  'cloudflare',
  'connect2id',
  'curity',
  'forgerock',
  'gluu',
  'hydra',
  'keycloak',
  'keycloak-native',
  'oidc-provider',
  'okta',
  'pingfederate',
  'pingone-aic',
  'pingone-aic-agent',
  'scalekit',
  'secureauth',
  'spring',
  'wso2',
  'zitadel',
] as const;

export type DialectName = (typeof DIALECT_NAMES)[number];

export const PRESETS: Readonly<Record<DialectName, Preset>> = {
  rfc7591: { departures: {}, hint: clientCredentialsAnywhere },
  auth0,
  authentik,
  authlete,
  cloudflare,
  connect2id,
  curity,
  forgerock,
  gluu,
  hydra,
  keycloak,
  'keycloak-native': keycloakNative,
  'oidc-provider': oidcProvider,
  okta,
  pingfederate,
  'pingone-aic': pingoneAic,
  'pingone-aic-agent': pingoneAicAgent,
  scalekit,
  secureauth,
  spring,
  wso2,
  zitadel,
};

type Switches<Of> = { readonly [Switch in keyof Of]?: Of[Switch] | undefined };

/** `spec.dialectOverrides`: any switch by itself, and any member of the nested ones. */
export type DialectOverrides = Switches<Omit<Dialect, Nested | 'configurationUrl'>> & {
  readonly [Switch in Nested]?: Switches<Dialect[Switch]> | undefined;
};

type Nested = 'readEffect' | 'updateEffect' | 'deleteEffect' | 'lifetimes';

/** The RFCs' defaults, overridden by the server's preset, overridden by the user's values. A list replaces a list. */
export function effectiveDialect(name: DialectName, overrides: DialectOverrides = {}): Dialect {
  const known: Dialect = { ...rfc7591, ...PRESETS[name].departures };
  return {
    ...known,
    ...given(overrides),
    readEffect: { ...known.readEffect, ...given(overrides.readEffect) },
    updateEffect: { ...known.updateEffect, ...given(overrides.updateEffect) },
    deleteEffect: { ...known.deleteEffect, ...given(overrides.deleteEffect) },
    lifetimes: { ...known.lifetimes, ...given(overrides.lifetimes) },
  };
}

/** The switches that have a value; an unset switch overrides nothing. */
function given<Of extends object>(switches: Of | undefined): Partial<Given<Of>> {
  const entries = Object.entries(switches ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Given<Of>>;
}

type Given<Of> = { [Switch in keyof Of]: Exclude<Of[Switch], undefined> };

/** The form of clients at this server; `undefined`: the metadata of RFC 7591. */
export const codecOf = (name: DialectName): ClientCodec | undefined => PRESETS[name].codec;

/** The advice about refusals by this server. */
export function hintOf(name: DialectName): Hint {
  return PRESETS[name].hint ?? (() => undefined);
}
