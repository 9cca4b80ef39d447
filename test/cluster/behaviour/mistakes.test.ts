import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { collectedRun } from '../../kit/fakes/plugin.ts';
import type { KubectlResult } from '../../kit/testbed/api-access.ts';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  eventually,
  messageOf,
  oauthClient,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';
import { TEN_CAUSES } from './ten-causes.ts';

/**
 * Fifteen mistakes of application developers, each made with kubectl and the rights of a developer. Each is answered by a
 * sentence with its cure: by `kubectl apply`, or soon after it in status, before anything else is said there.
 */

const LIMIT_MS = 2_000;
const CONTACT = '#platform-sso';

/**
 * Before it registers a client, the operator looks for a Secret that is in its way, for one client of a namespace in a
 * minute. In namespace web, it has not looked yet.
 */
const testbed = useTestbed({ namespaces: ['shop', 'web'] });
const shop = teamIn(testbed, 'shop');

let kubeconfig: string;
const times: string[] = [];

const WORKER = {
  authorizationServerRef: { name: 'corporate' },
  client: { grantTypes: ['client_credentials'], responseTypes: [], redirectUris: [], scopes: ['read'] },
};
const WEB = {
  authorizationServerRef: { name: 'corporate' },
  client: { grantTypes: ['authorization_code'], redirectUris: ['https://shop.example.com/callback'] },
};

const yamlOf = (name: string, spec: object, annotations?: object, namespace = 'shop'): string =>
  stringify({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'OAuthClient',
    metadata: { name, namespace, ...(annotations && { annotations }) },
    spec,
  });

const developer = (args: readonly string[], stdin: string): Promise<KubectlResult> =>
  testbed.controlPlane.kubectl(args, { stdin, kubeconfig });
const applied = (yaml: string) => developer(['apply', '-f', '-'], yaml);

async function statusOf(name: string, namespace: string): Promise<OAuthClient> {
  const path = `/apis/oauth-registrar.dev/v1alpha1/namespaces/${namespace}/oauthclients/${name}`;
  return (await testbed.controlPlane.admin.request<OAuthClient>('GET', path)).json;
}

/** Reads status until Ready has this reason; everything that Ready said before that is not "not yet seen". */
async function saidUntil(
  name: string,
  reason: string,
  namespace = 'shop',
): Promise<{ client: OAuthClient; before: readonly string[] }> {
  const said = new Set<string>();
  const client = await eventually(
    () => statusOf(name, namespace),
    (read) => {
      const ready = conditionOf(read, 'Ready');
      const isSeen = ready?.observedGeneration === read.metadata.generation;
      if (isSeen && ready !== undefined && ready.reason !== reason) {
        said.add(`${ready.reason}: ${ready.message}`);
      }
      return isSeen && ready?.reason === reason;
    },
    40_000,
  );
  return { client, before: [...said] };
}

/** How long a client without mistake takes now: from the start of `kubectl apply` until status says that it is registered. */
async function undisturbed(name: string): Promise<number> {
  const started = Date.now();
  expect((await applied(yamlOf(name, WORKER))).stderr).toBe('');
  await saidUntil(name, 'Registered');
  return Date.now() - started;
}

beforeAll(async () => {
  const { server } = testbed;
  await testbed.kubectl('-n', 'shop', 'create', 'serviceaccount', 'developer');
  for (const namespace of ['shop', 'web']) {
    for (const role of ['view', 'edit']) {
      await testbed.kubectl(
        ...['-n', namespace, 'create', 'rolebinding', role],
        ...[`--clusterrole=oauth-registrar-${role}`, '--serviceaccount=shop:developer'],
      );
    }
  }
  kubeconfig = await testbed.controlPlane.kubeconfigFor({ namespace: 'shop', serviceAccount: 'developer' });
  await testbed.apply(
    all(
      credential(server.initialAccessToken ?? ''),
      clusterServer(server.issuer, 'corporate', {
        contact: CONTACT,
        policy: {
          scopes: ['openid', 'profile', 'read'],
          grantTypes: ['authorization_code', 'client_credentials'],
        },
      }),
      clusterServer(server.issuer, 'small', { contact: CONTACT, policy: { maxClientsPerNamespace: 1 } }),
      oauthClient('shop', 'only', { server: { name: 'small' } }),
      credential('something', { namespace: 'web', name: 'taken', labelled: false }),
    ),
  );
  await shop.until('only', 'Registered');
});

afterAll(() => {
  console.log(times.join('\n'));
});

interface Mistake {
  readonly mistake: string;
  readonly spec: object;
  readonly annotations?: object;
  readonly says: string;
}

interface Refused extends Mistake {
  /** What kubectl says before that. Default: that the object is invalid. */
  readonly after?: string;
}

/** Behind the refusal of a value that an enum lacks, the API server says this on a line of its own. */
const NOT_ALL =
  ' <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

const AT_APPLY: readonly Refused[] = [
  {
    mistake: 'a redirect URI without its host',
    spec: { ...WEB, client: { ...WEB.client, redirectUris: ['/callback'] } },
    says: 'spec.client.redirectUris[0]: Invalid value: "/callback": must be an absolute URI without fragment, like https://app.example.com/callback',
  },
  {
    mistake: 'a redirect URI with a fragment',
    spec: { ...WEB, client: { ...WEB.client, redirectUris: ['https://shop.example.com/#/callback'] } },
    says: 'spec.client.redirectUris[0]: Invalid value: "https://shop.example.com/#/callback": must be an absolute URI without fragment, like https://app.example.com/callback',
  },
  {
    mistake: 'a method that no registry has',
    spec: { ...WORKER, client: { ...WORKER.client, tokenEndpointAuthMethod: 'ClientSecretBasic' } },
    says: 'spec.client.tokenEndpointAuthMethod: Invalid value: "ClientSecretBasic": must be spelled as in the registry, like client_secret_basic, private_key_jwt or none',
  },
  {
    mistake: 'a misspelt field',
    spec: { ...WEB, client: { ...WEB.client, redirectURIs: [] } },
    after: 'Error from server (BadRequest): error when creating "STDIN": ',
    says: 'OAuthClient in version "v1alpha1" cannot be handled as a OAuthClient: strict decoding error: unknown field "spec.client.redirectURIs"',
  },
  {
    mistake: 'a misspelt value',
    spec: { ...WORKER, deletionPolicy: 'Retian' },
    says: `spec.deletionPolicy: Unsupported value: "Retian": supported values: "Delete", "Retain"${NOT_ALL}`,
  },
  {
    mistake: 'a duration in days',
    spec: { ...WORKER, lifetime: { expiresAfter: '1d' } },
    says: 'spec.lifetime.expiresAfter: Invalid value: "1d": must be between 1m and 87600h, in hours, minutes and seconds like 1h30m; a day is 24h',
  },
  {
    mistake: 'a label with a space',
    spec: { ...WORKER, secret: { labels: { team: 'web shop' } } },
    says: 'spec.secret.labels: Invalid value: the value of a label consists of at most 63 letters, digits, -, _ and ., and begins and ends with a letter or digit, like my-team',
  },
];

interface Reported extends Mistake {
  /** Default: shop. */
  readonly namespace?: string;
  /** Of Ready. */
  readonly reason: string;
  /** Default: False. */
  readonly ready?: 'True';
  /** Registrations that were sent. Default: none. */
  readonly posts?: number;
}

const IN_STATUS: readonly Reported[] = [
  {
    mistake: 'the name of no server',
    spec: { ...WORKER, authorizationServerRef: { name: 'corprate' } },
    reason: 'AuthorizationServerNotAvailable',
    says: "ClusterAuthorizationServer corprate is not available to this namespace: it doesn't exist, or it doesn't admit the namespace. Check spec.authorizationServerRef, or ask the platform team.",
  },
  {
    mistake: 'the wrong kind of server',
    spec: { ...WORKER, authorizationServerRef: { kind: 'AuthorizationServer', name: 'corporate' } },
    reason: 'AuthorizationServerNotAvailable',
    says: 'AuthorizationServer corporate is not available to this namespace. A ClusterAuthorizationServer corporate admits namespace shop: set spec.authorizationServerRef.kind to ClusterAuthorizationServer.',
  },
  {
    mistake: 'a scope that is not offered',
    spec: { ...WORKER, client: { ...WORKER.client, scopes: ['read', 'raed'] } },
    reason: 'PolicyRefused',
    says: 'scope "raed" is not permitted: spec.policy.scopes of the server object lists openid, profile, read; choose another, or ask the platform team to extend spec.policy.scopes. Contact: #platform-sso.',
  },
  {
    mistake: 'a grant without its redirect URI',
    spec: { ...WORKER, client: { grantTypes: ['authorization_code'] } },
    reason: 'InvalidSpec',
    says: 'Grant type authorization_code sends users back to a redirect URI, and the client has none. Set spec.client.redirectUris, or remove authorization_code from grantTypes.',
  },
  {
    mistake: 'a misspelt annotation',
    spec: WORKER,
    annotations: { 'oauth-registrar.dev/rotate-request-at': 'monday' },
    reason: 'Registered',
    ready: 'True',
    posts: 1,
    says: 'Annotation oauth-registrar.dev/rotate-request-at is not known and does nothing: an OAuthClient may have oauth-registrar.dev/reconcile-requested-at, oauth-registrar.dev/rotate-requested-at, oauth-registrar.dev/abandon. The client is registered and its Secret is up to date.',
  },
  {
    mistake: 'the name of a Secret that is taken',
    spec: { ...WORKER, secret: { name: 'taken' } },
    namespace: 'web',
    reason: 'SecretConflict',
    says: "Secret taken exists and isn't this object's; it was not touched. Nothing is registered while it is there. Choose another spec.secret.name, or remove that Secret.",
  },
  {
    mistake: 'one client more than the quota permits',
    spec: { ...WORKER, authorizationServerRef: { name: 'small' } },
    reason: 'QuotaExceeded',
    says: `Namespace shop has 1 client at this server, and the platform team permits 1. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask the platform team for more. Contact: ${CONTACT}.`,
  },
];

const nameOf = (mistake: string): string => mistake.replaceAll(' ', '-').toLowerCase();
/** Several refusals are listed with stars. */
const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*\*?\s*/g, ' ');

describe('A developer who writes', () => {
  it.each(AT_APPLY)('$mistake hears it from kubectl apply', async ({ mistake, spec, after, says }) => {
    const name = nameOf(mistake);
    const started = Date.now();
    const { code, stderr } = await applied(yamlOf(name, spec));
    times.push(`${mistake}: refused after ${Date.now() - started} ms`);
    expect(oneLine(stderr)).toBe(`${after ?? `The OAuthClient "${name}" is invalid: `}${says}`);
    expect(code).toBe(1);
    expect(await shop.exists(name)).toBe(false);
  });

  it('what another manager wrote hears whose it is, and what to do', async () => {
    const server = ['apply', '--server-side', '-f', '-'];
    const client = (clientName: string) =>
      yamlOf('shared', { ...WORKER, client: { ...WORKER.client, clientName } });
    expect((await developer([...server, '--field-manager=gitops'], client('Shop'))).stderr).toBe('');
    const { code, stderr } = await developer(server, client('Web shop'));
    expect(code).toBe(1);
    expect(stderr).toContain('Apply failed with 1 conflict: conflict with "gitops": .spec.client.clientName');
    expect(stderr).toContain('If you intend to manage all of these fields, please re-run the apply');
    expect((await shop.client('shared')).spec.client.clientName).toBe('Shop');
  });

  it.each(IN_STATUS)('$mistake reads it in status, first of all', async (row) => {
    const { mistake, spec, annotations, namespace, reason, ready = 'False', posts = 0, says } = row;
    const name = nameOf(mistake);
    const calls = testbed.server.log.length;
    const started = Date.now();
    expect(await applied(yamlOf(name, spec, annotations, namespace))).toMatchObject({ code: 0, stderr: '' });
    const { client, before } = await saidUntil(name, reason, namespace);
    const tookMs = Date.now() - started;
    expect(messageOf(client)).toBe(says);
    expect(conditionOf(client, 'Ready')?.status).toBe(ready);
    expect(before).toEqual([]);
    const sent = testbed.server.log.slice(calls).filter(({ method }) => method === 'POST');
    expect(sent).toHaveLength(posts);
    const undisturbedMs = await undisturbed(`no-${name}`);
    times.push(
      `${mistake}: in status after ${tookMs} ms; without mistake registered after ${undisturbedMs} ms`,
    );
    // On a machine that is busy, both take longer.
    expect(tookMs).toBeLessThan(Math.max(LIMIT_MS, 3 * undisturbedMs));
  });
});

/** `kubectl describe` breaks no line of a message, and prints each field with spaces before it. */
const inDescribe = (message: string) => `Message:  *${message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\n`;

describe('A broken client: kubectl get, kubectl describe and the plugin lead to the cure', () => {
  beforeAll(async () => {
    for (const { make } of TEN_CAUSES) {
      await testbed.apply(await make(testbed));
    }
  });

  it.each(TEN_CAUSES)('$cause', async ({ name, reason, says, cure, server }) => {
    const { client } = await saidUntil(name, reason);
    const message = messageOf(client);
    expect(message).toMatch(says);
    const get = await developer(['get', 'oac', name, '-n', 'shop', '-o', 'wide'], '');
    expect(get.stdout).toContain(reason);
    expect(get.stdout).toContain(message);
    const described = await developer(['describe', 'oac', name, '-n', 'shop'], '');
    expect(described.stdout).toMatch(new RegExp(inDescribe(message)));
    const status = await collectedRun(['status', name, '-n', 'shop', `--kubeconfig=${kubeconfig}`]);
    const lines = status.stdout.split('\n').map((line) => line.replace(/^[\s\u2502]+/, ''));
    expect(status.code).toBe(1);
    expect(lines[0]).toBe(`OAuthClient shop/${name}: not ready, ${reason}`);
    expect(lines[1]).toBe(message);
    expect(lines).toContain(`Cure: ${cure}`);
    if (server !== undefined) {
      expect(lines.filter((line) => server.test(line))).not.toEqual([]);
    }
  });
});

describe('check of the plugin', () => {
  const checked = (yaml: string) =>
    collectedRun(['check', '-f', '-', `--kubeconfig=${testbed.controlPlane.adminKubeconfig}`], {
      input: yaml,
    });

  it('says what would be sent, and neither creates the client nor calls the server', async () => {
    const calls = testbed.server.log.length;
    const { code, stdout, stderr } = await checked(yamlOf('unborn', WORKER));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'OAuthClient shop/unborn: next step Register',
      '\u2502 The object has no client at ClusterAuthorizationServer corporate.',
    ]);
    expect(stdout).toContain('"scope": "read"');
    expect(stdout).toContain('The policy of the server permits it');
    expect(await shop.exists('unborn')).toBe(false);
    expect(testbed.server.log.slice(calls).filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('says what the API server refuses, in its words', async () => {
    const spec = { ...WEB, client: { ...WEB.client, redirectUris: ['/callback'] } };
    const { code, stderr } = await checked(yamlOf('unborn', spec));
    expect(code).toBe(1);
    expect(stderr).toContain(
      'must be an absolute URI without fragment, like https://app.example.com/callback',
    );
  });

  it.each([
    ['a new client', 'unborn'],
    ['an edit', 'born'],
  ])('names a field of %s that does not exist', async (_, name) => {
    if (name === 'born') {
      await testbed.apply(yamlOf(name, WORKER));
    }
    const spec = { ...WORKER, client: { ...WORKER.client, clientNam: 'Worker' } };
    const { code, stderr } = await checked(yamlOf(name, spec));
    expect(code).toBe(1);
    expect(stderr).toContain('unknown field "spec.client.clientNam"');
  });
});
