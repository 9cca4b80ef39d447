import { JWT_BEARER } from '../oauth/token-request.ts';

/** What a workload needs to authenticate with a token of its ServiceAccount (RFC 7523 section 2.2), by wire name. */
interface AccountTokenValues {
  readonly client_assertion_type: string;
  readonly audience: string;
  /** See {@link projectedVolume}. */
  readonly 'projected_volume.yaml': string;
}

/** The wire names of {@link accountTokenValues}. */
export const ACCOUNT_TOKEN_NAMES = [
  'client_assertion_type',
  'audience',
  'projected_volume.yaml',
] as const satisfies readonly (keyof AccountTokenValues)[];

/** @param audience of the tokens that the server takes */
export const accountTokenValues = (audience: string): AccountTokenValues => ({
  client_assertion_type: JWT_BEARER,
  audience,
  'projected_volume.yaml': projectedVolume(audience),
});

/** An entry of `spec.volumes` of a Pod: the file `token` of this volume is a token for the audience, which is renewed. */
const projectedVolume = (audience: string): string => `- name: oauth-token
  projected:
    sources:
      - serviceAccountToken:
          audience: ${JSON.stringify(audience)}
          expirationSeconds: 3600
          path: token
`;
