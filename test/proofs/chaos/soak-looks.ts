import type { Condition } from '../../../src/api/conditions.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';

/** Without vitest, which a plain script doesn't load. */
export const conditionOf = ({ status }: Pick<OAuthClient, 'status'>, type: string): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);
