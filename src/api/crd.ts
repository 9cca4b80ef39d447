import * as z from 'zod';
import type { JsonObject } from '../oauth/json.ts';
import { defined, omit } from '../oauth/objects.ts';
import {
  authorizationServerSpec,
  authorizationServerStatus,
  clusterAuthorizationServerSpec,
  OF_SERVER_OBJECT,
} from './authorization-server.ts';
import { withDescribedBounds } from './described-bounds.ts';
import { RESOURCES, type Resource } from './kubernetes.ts';
import { oauthClientSpec, oauthClientStatus } from './oauth-client.ts';

/** CustomResourceDefinitions, made from the schemas. `npm run generate` writes them to `crds/`. */

interface Column {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer' | 'boolean';
  readonly jsonPath: string;
  /** 1 shows the column with `-o wide` only. */
  readonly priority?: 1;
}

interface Definition {
  readonly resource: Resource;
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly Column[];
  /** CEL about the whole object, its status included. */
  readonly rules?: object;
  readonly labels?: Readonly<Record<string, string>>;
  /** JSON paths of what `--field-selector` accepts besides name and namespace. */
  readonly selectable?: readonly string[];
}

const ready: readonly Column[] = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
];
const message: Column = {
  name: 'Message',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  priority: 1,
};
/** A column of type date shows an age, and a time in the future as `<invalid>`. */
const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const serverColumns: readonly Column[] = [
  ...ready,
  { name: 'Issuer', type: 'string', jsonPath: '.spec.issuer' },
  { name: 'Clients', type: 'integer', jsonPath: '.status.clients' },
  { name: 'Management', type: 'string', jsonPath: '.status.management', priority: 1 },
  { name: 'Registration', type: 'string', jsonPath: '.status.endpoints.registration', priority: 1 },
  { name: 'Default', type: 'boolean', jsonPath: '.status.isDefault', priority: 1 },
  { name: 'Owed', type: 'integer', jsonPath: '.status.owed', priority: 1 },
  { name: 'Left behind', type: 'integer', jsonPath: '.status.leftBehind', priority: 1 },
  { name: 'Suspected', type: 'integer', jsonPath: '.status.suspectedOrphans', priority: 1 },
  message,
  age,
];

const DEFINITIONS: readonly Definition[] = [
  {
    resource: RESOURCES.oauthClient,
    shortName: 'oac',
    description: 'An OAuth client that is registered at an authorization server and written into a Secret.',
    // The Service Binding specification: `status.binding` names the Secret.
    labels: { 'servicebinding.io/provisioned-service': 'true' },
    spec: oauthClientSpec,
    status: oauthClientStatus,
    columns: [
      ...ready,
      { name: 'Server', type: 'string', jsonPath: '.status.authorizationServerRef.name' },
      { name: 'Client ID', type: 'string', jsonPath: '.status.clientId' },
      { name: 'Secret', type: 'string', jsonPath: '.status.secretName', priority: 1 },
      { name: 'Ends', type: 'string', jsonPath: '.status.endsAt', priority: 1 },
      { name: 'Secret expires', type: 'string', jsonPath: '.status.clientSecretExpiresAt', priority: 1 },
      message,
      age,
    ],
    selectable: [
      '.spec.authorizationServerRef.name',
      '.status.authorizationServerRef.name',
      '.status.clientId',
    ],
  },
  {
    resource: RESOURCES.authorizationServer,
    shortName: 'oas',
    description: 'An authorization server that one namespace uses.',
    spec: authorizationServerSpec,
    status: authorizationServerStatus,
    rules: OF_SERVER_OBJECT,
    columns: serverColumns,
  },
  {
    resource: RESOURCES.clusterAuthorizationServer,
    shortName: 'coas',
    description: 'An authorization server that the platform team offers to chosen namespaces.',
    spec: clusterAuthorizationServerSpec,
    status: authorizationServerStatus,
    rules: OF_SERVER_OBJECT,
    columns: serverColumns,
  },
];

/** The three definitions, as objects to be written as YAML. */
export function customResourceDefinitions(): readonly object[] {
  return DEFINITIONS.map(customResourceDefinition);
}

function customResourceDefinition(definition: Definition): object {
  const { group, version, kind, plural, namespaced } = definition.resource;
  const selectableFields = definition.selectable?.map((jsonPath) => ({ jsonPath }));
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: defined({ name: `${plural}.${group}`, labels: definition.labels }),
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [definition.shortName],
        categories: ['oauth'],
      },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(definition) },
          subresources: { status: {} },
          additionalPrinterColumns: definition.columns,
          ...defined({ selectableFields }),
        },
      ],
    },
  };
}

function objectSchema({ description, spec, status, rules }: Definition): object {
  return {
    type: 'object',
    description,
    ...rules,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: withDescribedBounds(structural(spec)),
      status: structural(status),
    },
  };
}

/** A structural schema (Kubernetes API conventions): no references, no `additionalProperties: false`. */
function structural(schema: z.ZodType): JsonObject {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    target: 'openapi-3.0',
    reused: 'inline',
    override: ({ jsonSchema }) => {
      if (jsonSchema['x-kubernetes-preserve-unknown-fields'] === true) {
        delete jsonSchema.additionalProperties;
      }
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) {
        delete jsonSchema.minimum;
        delete jsonSchema.maximum;
        jsonSchema['format'] = 'int64';
      }
    },
  });
  return omit(json, '$schema') as JsonObject;
}
