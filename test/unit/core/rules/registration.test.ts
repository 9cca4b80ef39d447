import type { OAuthClientSpec } from '../../../../src/api/oauth-client.ts';
import type { Policy } from '../../../../src/core/connection.ts';
import type { ObservedClient, OwnStatement } from '../../../../src/core/observation.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import {
  desired,
  hashOf,
  object,
  observation,
  reached,
  record,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { ready, registers, stalls, table } from '../../../kit/fixtures/plans.ts';

const wants = (spec: Partial<OAuthClientSpec>, more: Partial<ObservedClient> = {}) =>
  object({ desired: desired(spec), ...more });
const bounded = (policy: Policy) => reached({ policy });
const named = { client: { clientName: 'Storefront', scopes: ['openid', 'admin'] } };
const refusal =
  'scope "admin" is not permitted: spec.policy.scopes of the server object lists openid; choose another, or ask the platform team to extend spec.policy.scopes.';
const statement: OwnStatement = {
  jwt: new Sensitive('a.b.c'),
  claims: { iss: 'https://publisher.example.com' },
  version: '1',
};
const softwareStatement = { secretRef: { name: 's', key: 'software_statement' } };
const brings = (more: Partial<ObservedClient> = {}) => wants({ softwareStatement }, { status: {}, ...more });
const allowing = reached({ statement: { given: undefined, sign: undefined, fromClient: 'Allow' } });

table('a policy of the server object', [
  [
    'keeps a client from being registered that it does not permit',
    unregistered({ object: wants(named, { status: {} }), server: bounded({ scopes: ['openid'] }) }),
    stalls('PolicyRefused', refusal),
  ],
  [
    'keeps a client from being changed to what it does not permit',
    observation({ object: wants(named), server: bounded({ scopes: ['openid'] }) }),
    stalls('PolicyRefused', refusal),
  ],
  [
    "judges also what the server object's defaults add",
    unregistered({
      server: reached({ policy: { scopes: ['openid'] }, defaults: { scopes: ['admin'] } }),
    }),
    stalls('PolicyRefused', refusal),
  ],
  [
    'lets what it permits be registered',
    unregistered({
      object: wants({ client: { clientName: 'Storefront', scopes: ['openid'] } }, { status: {} }),
      server: bounded({ scopes: ['openid'] }),
    }),
    { ...registers, document: { ...registers.document, scope: 'openid' } },
  ],
  [
    'leaves a client alone that was registered before the bound was set',
    observation({
      object: wants(named),
      records: [record({ metadataHash: hashOf(named.client) })],
      server: bounded({ scopes: ['openid'] }),
    }),
    ready,
  ],
]);

table("a software statement of the client's own", [
  [
    'stands in the document by its claims',
    unregistered({ object: brings(), server: allowing, statement }),
    { ...registers, document: { ...registers.document, software_statement: statement.claims } },
  ],
  [
    'keeps the client from being registered while it can not be read',
    unregistered({
      object: brings(),
      server: allowing,
      statement: { reason: 'CredentialNotFound', message: "Secret shop/s doesn't exist." },
    }),
    stalls('CredentialNotFound', "Secret shop/s doesn't exist."),
  ],
  [
    'is refused where the server object does not permit it',
    unregistered({ object: brings(), statement }),
    stalls(
      'InvalidSpec',
      "The server object doesn't permit softwareStatement; remove spec.softwareStatement or ask the platform team to set registration.softwareStatement.fromClient.",
    ),
  ],
]);
