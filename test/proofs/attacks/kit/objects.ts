import { pooled } from '../../../bench/pace.ts';
import type { ApiAnswer, ApiUser, HttpMethod } from '../../../kit/testbed/api-access.ts';

/** An object to send: `kind` and `metadata.name` are enough if `apiVersion` is known. */
export interface SentObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & Readonly<
    Record<string, unknown>
  >;
  readonly [member: string]: unknown;
}

/** The part of an answer that tests read. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is the kind's, and a test fails where it is another
export type SeenObject = Readonly<Record<string, any>>;

/**
 * One user of the API server, over kept connections, with any number of requests at a time. Objects without a
 * namespace are in the user's own. Functions that end in `OrFail` throw on any answer but 2xx; the others return it.
 */
export interface Person {
  readonly namespace: string;
  request<T = SeenObject>(method: HttpMethod, path: string, body?: object): Promise<ApiAnswer<T>>;
  create(object: SentObject): Promise<ApiAnswer<SeenObject>>;
  createOrFail(...objects: readonly SentObject[]): Promise<void>;
  /** Any number of objects, `atOnce` at a time (default: 32). Answers have the same order. */
  createAll(objects: readonly SentObject[], atOnce?: number): Promise<readonly ApiAnswer<SeenObject>[]>;
  /** A merge patch. */
  patch(kind: string, name: string, change: object): Promise<ApiAnswer<SeenObject>>;
  patchOrFail(kind: string, name: string, change: object): Promise<SeenObject>;
  remove(kind: string, name: string): Promise<ApiAnswer<SeenObject>>;
  /** `undefined` where there is none. */
  get(kind: string, name: string): Promise<SeenObject | undefined>;
  list(kind: string): Promise<readonly SeenObject[]>;
}

const OURS = 'oauth-registrar.dev/v1alpha1';
const RBAC = 'rbac.authorization.k8s.io/v1';

/** Plural, group and version, and whether the kind is cluster-scoped. */
const KINDS: Readonly<Record<string, readonly [string, string, 'cluster'?]>> = {
  OAuthClient: ['oauthclients', OURS],
  AuthorizationServer: ['authorizationservers', OURS],
  ClusterAuthorizationServer: ['clusterauthorizationservers', OURS, 'cluster'],
  Secret: ['secrets', 'v1'],
  ConfigMap: ['configmaps', 'v1'],
  Pod: ['pods', 'v1'],
  ServiceAccount: ['serviceaccounts', 'v1'],
  ResourceQuota: ['resourcequotas', 'v1'],
  Event: ['events', 'events.k8s.io/v1'],
  Lease: ['leases', 'coordination.k8s.io/v1'],
  Role: ['roles', RBAC],
  RoleBinding: ['rolebindings', RBAC],
  ClusterRole: ['clusterroles', RBAC, 'cluster'],
  ClusterRoleBinding: ['clusterrolebindings', RBAC, 'cluster'],
  Namespace: ['namespaces', 'v1', 'cluster'],
  ValidatingAdmissionPolicy: ['validatingadmissionpolicies', 'admissionregistration.k8s.io/v1', 'cluster'],
};
const AT_ONCE = 32;

const kindOf = (kind: string) => {
  const known = KINDS[kind];
  if (known === undefined) {
    throw new Error(`the kit doesn't know the kind ${kind}: add it to KINDS`);
  }
  return known;
};

/** `/api/v1/namespaces/shop/secrets` */
export function pathOf(kind: string, namespace: string): string {
  const [plural, version, scope] = kindOf(kind);
  const root = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
  return scope === 'cluster' ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

export function personAt({ request }: ApiUser, namespace: string): Person {
  const create = (object: SentObject) =>
    request<SeenObject>('POST', pathOf(object.kind, object.metadata.namespace ?? namespace), {
      apiVersion: kindOf(object.kind)[1],
      ...object,
    });
  const patch = (kind: string, name: string, change: object) =>
    request<SeenObject>('PATCH', `${pathOf(kind, namespace)}/${name}`, change);
  const createAll = async (objects: readonly SentObject[], atOnce = AT_ONCE) => {
    const answers: ApiAnswer<SeenObject>[] = [];
    await pooled(objects.length, atOnce, async (index) => {
      answers[index] = await create(objects[index] as SentObject);
    });
    return answers;
  };
  return {
    namespace,
    request,
    create,
    createAll,
    patch,
    async createOrFail(...objects) {
      for (const object of objects) {
        ok(await create(object), `create ${object.kind} ${object.metadata.name}`);
      }
    },
    patchOrFail: async (kind, name, change) => ok(await patch(kind, name, change), `patch ${kind} ${name}`),
    remove: (kind, name) => request('DELETE', `${pathOf(kind, namespace)}/${name}`),
    async get(kind, name) {
      const answer = await request<SeenObject>('GET', `${pathOf(kind, namespace)}/${name}`);
      return answer.status === 404 ? undefined : ok(answer, `get ${kind} ${name}`);
    },
    list: async (kind) =>
      ok(await request<SeenObject>('GET', pathOf(kind, namespace)), `list ${kind}`)['items'] as SeenObject[],
  };
}

function ok(answer: ApiAnswer<SeenObject>, what: string): SeenObject {
  if (answer.status > 299) {
    throw new Error(`${what} was answered ${answer.status}: ${JSON.stringify(answer.json).slice(0, 500)}`);
  }
  return answer.json;
}

/** Reason and message of a condition. */
export function conditionOf(object: SeenObject | undefined, type: string): SeenObject | undefined {
  const conditions = (object?.['status']?.conditions ?? []) as readonly SeenObject[];
  return conditions.find((condition) => condition['type'] === type);
}

/** Whether it is Ready for its current generation. */
export function isReady(object: SeenObject | undefined): boolean {
  const ready = conditionOf(object, 'Ready');
  return (
    ready?.['status'] === 'True' &&
    ready['observedGeneration'] === object?.['metadata'].generation &&
    conditionOf(object, 'Reconciling') === undefined &&
    conditionOf(object, 'Paused') === undefined
  );
}

/** A machine client that every server here accepts. */
export const machineClient = (
  name: string,
  {
    server = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as object | undefined,
    client = {} as object,
    metadata = {} as object,
    ...spec
  }: Readonly<{ server?: object | undefined; client?: object; metadata?: object }> &
    Readonly<Record<string, unknown>> = {},
): SentObject => ({
  kind: 'OAuthClient',
  metadata: { name, ...metadata },
  spec: {
    ...(server && { authorizationServerRef: server }),
    client: {
      clientName: name,
      grantTypes: ['client_credentials'],
      responseTypes: [],
      redirectUris: [],
      ...client,
    },
    ...spec,
  },
});

/** A tenant's own server object with open registration. */
export const ownServer = (name: string, issuer: string, spec: object = {}): SentObject => ({
  kind: 'AuthorizationServer',
  metadata: { name },
  spec: { issuer, registration: { admission: { open: {} } }, ...spec },
});

/** A reference to a tenant's own server object. */
export const ownRef = (name: string) => ({ kind: 'AuthorizationServer', name });

/** A server object of the platform for the namespaces of all tenants. */
export const clusterServer = (name: string, issuer: string, spec: object = {}): SentObject => ({
  kind: 'ClusterAuthorizationServer',
  metadata: { name },
  spec: {
    issuer,
    registration: { admission: { open: {} } },
    allowedNamespaces: { selector: { matchLabels: { sso: 'true' } } },
    ...spec,
  },
});

/** A Secret that server objects and clients may refer to. */
export const credential = (name: string, data: Readonly<Record<string, string>>): SentObject => ({
  kind: 'Secret',
  metadata: { name, labels: { 'oauth-registrar.dev/credential': 'true' } },
  stringData: data,
});
