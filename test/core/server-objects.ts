import type { AuthorizationServerSpec, ServerKind } from '../../src/api/authorization-server.ts';
import { type ServerObject, toServerObject } from '../../src/core/server.ts';

/** Server objects, as the API server hands them out. */

export const issuer = 'https://sso.example.com';
export const open = { admission: { open: {} } };

export interface Given {
  readonly kind?: ServerKind;
  readonly status?: unknown;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function objectOf(spec: unknown, given: Given = {}): ServerObject {
  const { kind = 'ClusterAuthorizationServer', status, annotations = {} } = given;
  const scope = kind === 'AuthorizationServer' ? { namespace: 'shop' } : {};
  const metadata = {
    name: 'corporate',
    ...scope,
    uid: 'uid-s',
    resourceVersion: '7',
    generation: 2,
    annotations,
  };
  const raw = { metadata, spec, status } as Parameters<typeof toServerObject>[1];
  return toServerObject(kind, raw, { allowHttp: false });
}

/** A spec with the defaults that the CRD gives it. */
export function specOf(more: object = {}): AuthorizationServerSpec {
  const { spec, problem } = objectOf({ issuer, registration: open, ...more });
  if (spec === undefined) {
    throw new Error(problem);
  }
  return spec;
}
