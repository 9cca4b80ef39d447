import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { MEMBERS, specName } from '../../../src/oauth/client-metadata.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../src/oauth/json.ts';

const definitions = JSON.parse(JSON.stringify(customResourceDefinitions())) as readonly JsonObject[];

/** What stands at a path of member names and list indexes. */
function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (part, step) => (part as Readonly<Record<string | number, Json>> | undefined)?.[step],
    value,
  );
}

const definition = (kind: string) => definitions.find((d) => at(d, 'spec', 'names', 'kind') === kind);
const schema = (kind: string) =>
  at(definition(kind), 'spec', 'versions', 0, 'schema', 'openAPIV3Schema', 'properties');

interface Visit {
  readonly path: string;
  readonly node: JsonObject;
}

/** Every schema below one, with its path. */
function schemasIn(node: Json | undefined, path: string): readonly Visit[] {
  if (!isJsonObject(node)) {
    return [];
  }
  const properties = isJsonObject(node['properties']) ? Object.entries(node['properties']) : [];
  return [
    { path, node },
    ...properties.flatMap(([name, child]) => schemasIn(child, `${path}.${name}`)),
    ...schemasIn(node['items'], `${path}[]`),
    ...schemasIn(node['additionalProperties'], `${path}{}`),
  ];
}

const all = definitions.flatMap((d) => {
  const kind = String(at(d, 'spec', 'names', 'kind'));
  return ['spec', 'status'].flatMap((part) => schemasIn(at(schema(kind), part), `${kind}.${part}`));
});

describe('customResourceDefinitions', () => {
  test.each([
    ['OAuthClient', 'oauthclients', 'Namespaced', 'oac'],
    ['AuthorizationServer', 'authorizationservers', 'Namespaced', 'oas'],
    ['ClusterAuthorizationServer', 'clusterauthorizationservers', 'Cluster', 'coas'],
  ])('defines %s', (kind, plural, scope, short) => {
    expect(definition(kind)).toMatchObject({
      metadata: { name: `${plural}.oauth-registrar.dev` },
      spec: { scope, names: { plural, shortNames: [short], categories: ['oauth'], listKind: `${kind}List` } },
    });
    expect(at(definition(kind), 'spec', 'versions', 0)).toMatchObject({
      name: 'v1alpha1',
      served: true,
      storage: true,
      subresources: { status: {} },
    });
  });

  test('selects OAuthClients by server and by client_id, and prints the server that status names', () => {
    const selectable = (kind: string) => at(definition(kind), 'spec', 'versions', 0, 'selectableFields');
    expect(selectable('OAuthClient')).toEqual([
      { jsonPath: '.spec.authorizationServerRef.name' },
      { jsonPath: '.status.authorizationServerRef.name' },
      { jsonPath: '.status.clientId' },
    ]);
    expect(selectable('ClusterAuthorizationServer')).toBeUndefined();
    expect(at(definition('OAuthClient'), 'spec', 'versions', 0, 'additionalPrinterColumns')).toContainEqual({
      name: 'Server',
      type: 'string',
      jsonPath: '.status.authorizationServerRef.name',
    });
  });

  test.each([
    ['OAuthClient', 'Ready Reason Server Client ID Age', 'Secret Ends Secret expires Message'],
    [
      'AuthorizationServer',
      'Ready Reason Issuer Clients Age',
      'Management Registration Default Owed Left behind Suspected Message',
    ],
    [
      'ClusterAuthorizationServer',
      'Ready Reason Issuer Clients Age',
      'Management Registration Default Owed Left behind Suspected Message',
    ],
  ])('shows of each %s what is asked first, and more with -o wide', (kind, columns, more) => {
    const shown = at(
      definition(kind),
      'spec',
      'versions',
      0,
      'additionalPrinterColumns',
    ) as readonly JsonObject[];
    const named = (priority: number | undefined) =>
      shown
        .filter((column) => column['priority'] === priority)
        .map(({ name }) => name)
        .join(' ');
    expect([named(undefined), named(1)]).toEqual([columns, more]);
  });

  test('shows only ages in columns of type date: a time in the future would be <invalid>', () => {
    const columns = definitions.flatMap(
      (d) => at(d, 'spec', 'versions', 0, 'additionalPrinterColumns') as readonly JsonObject[],
    );
    const dates = columns.filter(({ type }) => type === 'date').map(({ jsonPath }) => jsonPath);
    expect([...new Set(dates)]).toEqual(['.metadata.creationTimestamp']);
    const ends = { name: 'Ends', type: 'string', jsonPath: '.status.endsAt', priority: 1 };
    expect(columns).toContainEqual(ends);
  });

  test.each(MEMBERS.map(({ wire }) => [specName(wire), wire]))('has spec.client.%s for %s', (name, wire) => {
    const member = at(schema('OAuthClient'), 'spec', 'properties', 'client', 'properties', name);
    expect(at(member, 'description')).toContain(`\`${wire}\``);
  });

  test('permits only the cluster kind to admit namespaces', () => {
    const admitted = (kind: string) => at(schema(kind), 'spec', 'properties', 'allowedNamespaces');
    expect(admitted('ClusterAuthorizationServer')).toBeDefined();
    expect(admitted('AuthorizationServer')).toBeUndefined();
  });

  test.each(['AuthorizationServer', 'ClusterAuthorizationServer'])(
    'lets the issuer of %s be corrected until a client was registered',
    (kind) => {
      const whole = at(definition(kind), 'spec', 'versions', 0, 'schema', 'openAPIV3Schema');
      expect(at(whole, 'x-kubernetes-validations')).toMatchObject([
        {
          rule: '!has(oldSelf.status) || !has(oldSelf.status.issuer) || self.spec.issuer == oldSelf.status.issuer',
          message:
            "spec.issuer can't be changed any more, since clients are registered there: create another server object",
        },
        { message: expect.stringMatching(/^migration.to names this object itself/) },
        {
          // A dry run can be removed, however many OAuthClients have no client.
          rule: expect.stringContaining(' || !oldSelf.status.migration.begun || '),
          message: expect.stringMatching(
            /^OAuthClients name this object that have a client at the new one alone/,
          ),
        },
        {
          rule: '!has(oldSelf.status) || !has(oldSelf.status.documentBaseUrl) || !has(self.spec.identification.document) || self.spec.identification.document.baseUrl == oldSelf.status.documentBaseUrl',
          message:
            "spec.identification.document.baseUrl can't be changed while clients have documents there, since it is a part of their client_id: create another server object",
        },
      ]);
    },
  );

  test('lets only the cluster kind bound what clients register', () => {
    const bounded = (kind: string) => at(schema(kind), 'spec', 'properties', 'policy');
    expect(bounded('ClusterAuthorizationServer')).toBeDefined();
    expect(bounded('AuthorizationServer')).toBeUndefined();
  });

  test("judges a client's URIs at once, and those of defaults when their placeholders are filled", () => {
    const item = ['redirectUris', 'items', 'x-kubernetes-validations'];
    const client = ['spec', 'properties', 'client', 'properties', ...item];
    const defaults = ['spec', 'properties', 'defaults', 'properties', ...item];
    expect(at(schema('OAuthClient'), ...client)).toMatchObject([
      { message: 'must be an absolute URI without fragment, like https://app.example.com/callback' },
    ]);
    expect(at(schema('AuthorizationServer'), ...defaults)).toBeUndefined();
  });

  test.each<readonly [string, readonly string[], string]>([
    [
      'one way of admission',
      ['properties', 'registration', 'properties', 'admission'],
      'set exactly one of open, initialAccessToken, basic and clientCredentials',
    ],
    [
      'one credential for all',
      ['properties', 'management', 'properties', 'credential'],
      'set exactly one of token, basic and clientCredentials',
    ],
    [
      'a credential where management needs one',
      ['properties', 'management'],
      'mode Credential needs credential: the one that manages every client',
    ],
    [
      'no credential where management uses none',
      ['properties', 'management'],
      'only mode Auto and mode Credential use credential: remove it, or set one of them',
    ],
    [
      'admission, unless clients are identified otherwise',
      [],
      'set registration.admission: how the registration endpoint admits the operator, like {initialAccessToken: {secretRef: {name: sso-iat}}}',
    ],
    [
      'one software statement',
      ['properties', 'registration', 'properties', 'softwareStatement'],
      'set secretRef or sign, not both',
    ],
  ])('demands %s of a server object', (_, path, message) => {
    const rules = at(schema('AuthorizationServer'), 'spec', ...path, 'x-kubernetes-validations') as
      | readonly JsonObject[]
      | undefined;
    expect(rules?.map((rule) => rule['message'])).toContain(message);
  });

  test.each([
    [
      ['registration', 'properties', 'admission', 'properties', 'clientCredentials', 'properties', 'reuse'],
      'Never',
    ],
    [['management', 'properties', 'mode'], 'Auto'],
    [['dialect'], 'rfc7591'],
    [['registration', 'properties', 'softwareStatement', 'properties', 'fromClient'], 'Deny'],
    [['connection', 'properties', 'timeout'], '30s'],
    [['connection', 'properties', 'maxInFlight'], 16],
  ])('fills in what is left out of a server object: %j', (path, value) => {
    expect(at(schema('AuthorizationServer'), 'spec', 'properties', ...path, 'default')).toBe(value);
  });

  test('bounds every list, map and text, so that the cost of its rules is known', () => {
    const unbounded = all.filter(
      ({ node }) =>
        (node['type'] === 'array' && node['maxItems'] === undefined) ||
        (node['type'] === 'string' && node['maxLength'] === undefined && node['enum'] === undefined) ||
        ((node['additionalProperties'] !== undefined ||
          node['x-kubernetes-preserve-unknown-fields'] === true) &&
          node['maxProperties'] === undefined),
    );
    expect(unbounded.map(({ path }) => path)).toEqual([]);
  });

  test('gives every list a list type', () => {
    const lists = all.filter(({ node }) => node['type'] === 'array');
    expect(lists.length).toBeGreaterThan(20);
    expect(lists.filter(({ node }) => node['x-kubernetes-list-type'] === undefined)).toEqual([]);
  });

  test('is structural: no references, nothing that a CRD may not say', () => {
    const text = JSON.stringify(definitions);
    expect(text).not.toMatch(/"(\$ref|\$schema|definitions|\$defs|exclusiveMinimum)":/);
    expect(text).not.toContain('"additionalProperties":false');
  });

  test('says Ready=Unknown until the operator has seen the object', () => {
    const conditions = at(schema('OAuthClient'), 'status', 'default', 'conditions');
    expect(conditions).toEqual([
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'Queued',
        message: 'Not yet seen by the operator. Is it running?',
        lastTransitionTime: '1970-01-01T00:00:00Z',
      },
    ]);
  });

  const fields = all.flatMap(({ path, node }) =>
    isJsonObject(node['properties'])
      ? Object.entries(node['properties']).map(([name, field]) => ({
          path: `${path}.${name}`,
          field: field as JsonObject,
          description: String(at(field, 'description') ?? ''),
        }))
      : [],
  );
  const wanted = fields.filter(({ path }) => /^[A-Za-z]+[.]spec[.]/.test(path));

  test('describes every field by sentences', () => {
    expect(fields.length).toBeGreaterThan(500);
    const others = fields.filter(({ description }) => !/^[A-Z].*[.]$/.test(description));
    expect(others.map(({ path, description }) => `${path}: ${description}`)).toEqual([]);
  });

  test('tells the default of every field that has one, once', () => {
    const scalars = wanted.filter(({ field }) =>
      ['string', 'number', 'boolean'].includes(typeof field['default']),
    );
    expect(scalars.length).toBeGreaterThan(100);
    const silent = scalars.filter(({ field, description }) => {
      const value = field['default'] === '' ? 'empty' : String(field['default']);
      return !description.endsWith(` Default: ${value}.`) || description.split('Default: ').length !== 2;
    });
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('tells the bounds of every number, list, map and duration', () => {
    const bounded = wanted.flatMap(({ path, field, description }) => {
      const { minimum, maximum, maxItems, maxProperties } = field;
      const messages = (field['x-kubernetes-validations'] ?? []) as unknown as readonly JsonObject[];
      const [, least, most] = /^must be between (\w+) and (\w+)/.exec(String(messages[0]?.['message'])) ?? [];
      return [
        ...(maximum === undefined ? [] : [`${minimum} to ${maximum}.`]),
        ...(maxItems === undefined ? [] : [`At most ${maxItems} items.`]),
        ...(maxProperties === undefined ? [] : [`At most ${maxProperties} entries.`]),
        ...(least === undefined ? [] : [`${least} to ${most}`]),
      ].map((bound) => ({ path, bound, isTold: description.includes(bound) }));
    });
    expect(bounded.length).toBeGreaterThan(140);
    expect(bounded.filter(({ isTold }) => !isTold)).toEqual([]);
  });

  test('shows an example of every text, list and map, in the description or in the refusal', () => {
    const isFree = ({ path }: { readonly path: string }) =>
      /[.](clientName|organizationName|description|subject|audience|signedRequest[.]issuer|defaults[.]\w+Uris?)$/.test(
        path,
      );
    const isOpen = ({ field }: { readonly field: JsonObject }) =>
      field['enum'] === undefined &&
      field['default'] === undefined &&
      (['string', 'array'].includes(String(field['type'])) || field['maxProperties'] !== undefined);
    const open = wanted.filter((field) => isOpen(field) && !isFree(field));
    expect(open.length).toBeGreaterThan(200);
    const bare = open.filter(({ field, description }) => {
      const said = description.replace(/ `[a-z0-9_]+`, [^`]+$/, '');
      const items = isJsonObject(field['items']) ? field['items'] : {};
      const rules = [field, items].map((schema) => JSON.stringify(schema['x-kubernetes-validations'] ?? ''));
      return !/ like |`|https:/.test(said) && !rules.some((rule) => rule.includes(' like '));
    });
    expect(bare.map(({ path, description }) => `${path}: ${description}`)).toEqual([]);
  });

  test('says of every reference to a credential which label its Secret needs', () => {
    const isCredential = ({ path }: { readonly path: string }) =>
      /[.](secretRef|clientCertificateRef|proxyRef|caRef[.]kind)$/.test(path);
    const references = wanted.filter(isCredential);
    expect(references.length).toBeGreaterThan(25);
    const silent = references.filter(
      ({ description }) => !description.includes('`oauth-registrar.dev/credential: "true"`'),
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('has no pattern: what is refused is refused by a sentence', () => {
    expect(all.filter(({ node }) => node['pattern'] !== undefined).map(({ path }) => path)).toEqual([]);
  });

  test('describes every rule by a sentence that is not the rule', () => {
    const rules = all.flatMap(({ path, node }) =>
      ((node['x-kubernetes-validations'] ?? []) as unknown as readonly JsonObject[]).map((rule) => ({
        path,
        rule: String(rule['rule']),
        message: String(rule['message'] ?? ''),
      })),
    );
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter(({ message, rule }) => message.length < 10 || message === rule)).toEqual([]);
  });
});

test('the configuration for kustomize names every reference of every kind', () => {
  const isReference = ({ path, node }: Visit) =>
    /(Ref|boundTo)$/.test(path) && at(node, 'properties', 'name') !== undefined;
  const fields = ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'].flatMap((kind) =>
    schemasIn(at(schema(kind), 'spec'), 'spec')
      .filter(isReference)
      .map(({ path }) => `${kind} ${path.replaceAll('.', '/')}/name`),
  );
  const file = join(import.meta.dirname, '..', '..', '..', 'deploy', 'samples', 'name-references.yaml');
  const { nameReference } = parse(readFileSync(file, 'utf8')) as {
    readonly nameReference: readonly {
      readonly fieldSpecs: readonly { readonly kind: string; readonly path: string }[];
    }[];
  };
  const named = nameReference.flatMap(({ fieldSpecs }) =>
    fieldSpecs.map(({ kind, path }) => `${kind} ${path}`),
  );
  expect([...new Set(named)].toSorted()).toEqual(fields.toSorted());
  expect(fields).toContain('OAuthClient spec/adopt/secretRef/name');
});
