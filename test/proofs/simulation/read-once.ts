import {
  authorizationServerStatus,
  clusterAuthorizationServerSpec,
} from '../../../src/api/authorization-server.ts';
import { oauthClientSpec, oauthClientStatus } from '../../../src/api/oauth-client.ts';

/**
 * Objects in a simulated cluster are never changed in place, and unchanged parts are the same object in the next
 * version. So each spec and each status is validated once, not by every process at every version.
 */
interface Schema {
  safeParse(value: unknown): unknown;
}

function once(schema: Schema): void {
  const parse = schema.safeParse.bind(schema);
  const known = new WeakMap<object, unknown>();
  schema.safeParse = (value) => {
    if (typeof value !== 'object' || value === null) {
      return parse(value);
    }
    const parsed = known.get(value) ?? parse(value);
    known.set(value, parsed);
    return parsed;
  };
}

export function readOnce(): void {
  for (const schema of [
    oauthClientSpec,
    oauthClientStatus,
    clusterAuthorizationServerSpec,
    authorizationServerStatus,
  ]) {
    once(schema as Schema);
  }
}
