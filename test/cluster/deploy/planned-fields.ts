import { customResourceDefinitions } from '../../../src/api/crd.ts';

/**
 * Fields that a later release is to add, as their schemas are planned: how clients prove themselves without a secret,
 * clients that are identified by documents, and what workloads get. They are laid over today's definitions, so that a
 * test shows that they fit.
 */

export interface Schema {
  readonly [key: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

interface Rule {
  readonly rule: string;
  readonly message: string;
}

export interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }];
  };
}

interface Change {
  readonly kinds: readonly string[];
  /** Names of members, like `spec.secret`. */
  readonly at: string;
  readonly change: (schema: Schema) => Schema;
}

const text = (maxLength: number): Schema => ({ type: 'string', maxLength });
const name = text(253);
const choice = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
const byDefault = (value: string, schema: Schema): Schema => ({ ...schema, default: value });
const object = (properties: Readonly<Record<string, Schema>>, more: object = {}): Schema => ({
  type: 'object',
  properties,
  ...more,
});
/** An object that is stored with its defaults where it is absent. */
const stored = (properties: Readonly<Record<string, Schema>>): Schema => object(properties, { default: {} });

const members = (added: Readonly<Record<string, Schema>>) => (schema: Schema) => ({
  ...schema,
  properties: { ...schema.properties, ...added },
});
const values =
  (...added: readonly string[]) =>
  (schema: Schema) => ({
    ...schema,
    enum: [...(schema.enum ?? []), ...added],
  });
const rules =
  (...added: readonly Rule[]) =>
  (schema: Schema) => ({
    ...schema,
    'x-kubernetes-validations': [...(schema['x-kubernetes-validations'] ?? []), ...added],
  });

const CLIENT = ['OAuthClient'];
const CLUSTER = ['ClusterAuthorizationServer'];
const SERVERS = ['AuthorizationServer', ...CLUSTER];

export const CHANGES: readonly Change[] = [
  {
    kinds: SERVERS,
    at: 'spec',
    change: members({
      workloadIdentity: stored({
        mode: byDefault('Off', choice('Off', 'Allow')),
        identityProvider: text(256),
        audience: text(2048),
      }),
    }),
  },
  {
    kinds: CLUSTER,
    at: 'spec.policy',
    change: members({ workloadIdentity: byDefault('Deny', choice('Deny', 'Allow')) }),
  },
  {
    kinds: CLIENT,
    at: 'spec.credential',
    change: members({
      serviceAccount: object({ name }, { required: ['name'] }),
      spiffe: object({ id: text(2048) }, { required: ['id'] }),
    }),
  },
  {
    kinds: CLIENT,
    at: 'spec.credential',
    change: rules({
      rule: '[has(self.generatedKey), has(self.serviceAccount), has(self.spiffe)].filter(x, x).size() <= 1',
      message: 'set at most one of generatedKey, serviceAccount and spiffe',
    }),
  },
  {
    kinds: CLIENT,
    at: 'spec',
    change: rules({
      rule: "!has(self.credential) || !(has(self.credential.serviceAccount) || has(self.credential.spiffe)) || !has(self.client.tokenEndpointAuthMethod) || !self.client.tokenEndpointAuthMethod.startsWith('client_secret_')",
      message:
        'a client with serviceAccount or spiffe has no secret: choose another client.tokenEndpointAuthMethod',
    }),
  },
  { kinds: CLIENT, at: 'spec.secret.format', change: values('Dotenv') },
  {
    kinds: CLIENT,
    at: 'status',
    change: members({
      credential: object({ subject: text(2048), audience: text(2048), tokenEndpoint: text(2048) }),
    }),
  },
];

/** The definitions as they are today. */
export const present = (): readonly Definition[] =>
  JSON.parse(JSON.stringify(customResourceDefinitions())) as readonly Definition[];

/** The definitions with the planned fields. */
export const planned = (): readonly Definition[] => present().map(changed);

function changed(definition: Definition): Definition {
  const { spec } = definition;
  const [version] = spec.versions;
  const schema = CHANGES.filter(({ kinds }) => kinds.includes(spec.names.kind)).reduce(
    (before, { at, change }) => edited(before, at.split('.'), change),
    version.schema.openAPIV3Schema,
  );
  return {
    ...definition,
    spec: { ...spec, versions: [{ ...version, schema: { openAPIV3Schema: schema } }] },
  };
}

function edited(schema: Schema, [head, ...rest]: readonly string[], change: Change['change']): Schema {
  if (head === undefined) {
    return change(schema);
  }
  const child = schema.properties?.[head];
  if (child === undefined) {
    throw new Error(`no member ${head}`);
  }
  return { ...schema, properties: { ...schema.properties, [head]: edited(child, rest, change) } };
}

/** Paths of all fields of spec and status, like `spec.secret.name`; what is in a list has `[]` before it. */
export function fieldsOf(definition: Definition): readonly string[] {
  const { properties = {} } = definition.spec.versions[0].schema.openAPIV3Schema;
  return ['spec', 'status'].flatMap((part) => below(properties[part] ?? {}, part));
}

function below(schema: Schema, path: string): readonly string[] {
  const children = Object.entries(schema.properties ?? {});
  return [
    ...children.flatMap(([member, child]) => [`${path}.${member}`, ...below(child, `${path}.${member}`)]),
    ...(schema.items === undefined ? [] : below(schema.items, `${path}[]`)),
  ];
}
