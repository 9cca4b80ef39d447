import type { DialectName } from '../../../src/dialects/presets.ts';

/**
 * The samples of servers that are registered at once and do no more, each against the emulator of its dialect
 * (`server-examples.test.ts`). The others are tried from end to end by `test/cluster/behaviour/examples.test.ts`.
 */
export const PLAIN_EXAMPLES = [
  'authentik',
  'authlete',
  'cloudflare',
  'connect2id',
  'curity',
  'gluu',
  'hydra',
  'keycloak-native',
  'oidc-provider',
  'okta',
  'pingone-aic',
  'scalekit',
  'spring',
  'wso2',
  'zitadel',
] as const satisfies readonly DialectName[];
