import type { Condition } from '../../../src/api/conditions.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';

/** Without vitest, which is no part of a plain script. */
export const conditionOf = ({ status }: Pick<OAuthClient, 'status'>, type: string): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);
