import { describe, expect, test } from 'vitest';
import { SEE_READY } from '../../../src/api/conditions.ts';
import { EXITS } from '../../../src/cli/failure.ts';
import type { Change, Stored } from '../../kit/fakes/cluster.ts';
import { custom, runPlugin, startPluginCluster } from '../../kit/fakes/plugin.ts';
import { clientObject } from '../../kit/fixtures/objects.ts';

const at = '2026-05-01T11:00:00Z';
const condition = (type: string, status: string, reason: string, message: string) => ({
  ...{ type, status, reason, message, lastTransitionTime: at },
});
const READY = condition('Ready', 'True', 'Registered', 'All is well.');
const BUSY = condition('Reconciling', 'True', 'AuthorizationServerUnavailable', SEE_READY);
const REFUSED = condition('Ready', 'True', 'ReplacementRefused', 'The server refuses a second client.');
const STALLED = condition('Stalled', 'True', 'ReplacementRefused', SEE_READY);
const REGISTERED = condition('Registered', 'True', 'Registered', 'Registered.');

const HAS_CLIENT = { clientId: 'c1', observedGeneration: 1, conditions: [READY, REGISTERED] };
const client = (status: object = HAS_CLIENT, metadata: object = {}): Stored =>
  clientObject(metadata, {}, status);
const server = custom('ClusterAuthorizationServer', {
  metadata: { name: 'corporate', uid: 's', generation: 1 },
  status: { observedGeneration: 1, conditions: [READY] } as never,
});

interface Given {
  readonly objects?: readonly Stored[];
  readonly input?: string;
  readonly forbids?: readonly string[];
  readonly signal?: AbortSignal;
  /** The operator acts when the plugin watches. */
  readonly waitsForWatch?: boolean;
  /** What the operator writes into status after each write of the person; `Gone`: it lets the object go. */
  readonly operator?: (written: Stored) => object | 'Gone' | undefined;
}

const STATUS = { group: 'oauth-registrar.dev', version: 'v1alpha1', namespaced: true } as const;

async function run(args: readonly string[], given: Given = {}) {
  const { objects = [client()], forbids = [], operator = () => undefined } = given;
  const plugin = await startPluginCluster({ objects, forbids });
  const { cluster } = plugin;
  const patches: Stored[] = [];
  cluster.onChange.push(({ kind, after, by }: Change) => {
    if (after === undefined || by !== 'kubectl-oauthclient') {
      return;
    }
    patches.push(after);
    const status = operator(after);
    if (status === undefined) {
      return;
    }
    const act = (): void => {
      const isWatched = plugin.requests.some((request) => request.startsWith('watch '));
      if (given.waitsForWatch === true && !isWatched) {
        setTimeout(act, 1);
      } else if (status === 'Gone') {
        const patch = { metadata: { finalizers: [] } };
        cluster.patch({ ...STATUS, kind, plural: '' }, after.metadata, patch, 'operator');
      } else {
        const { resourceVersion: _, ...metadata } = after.metadata;
        const object = { ...after, metadata, status } as Stored;
        cluster.replace({ ...STATUS, kind, plural: '' }, object, 'status', 'operator');
      }
    };
    setTimeout(act, 5);
  });
  const { input, signal } = given;
  const typed = { ...(input === undefined ? {} : { input }), ...(signal === undefined ? {} : { signal }) };
  return { ...(await runPlugin(args, { ...plugin, ...typed })), patches, requests: plugin.requests };
}

const annotationsOf = (object: Stored | undefined) => object?.metadata.annotations ?? {};
const annotationOf = (object: Stored, name: string) => annotationsOf(object)[`oauth-registrar.dev/${name}`];
const IN_SHOP = ['-n', 'shop'];

describe('reconcile', () => {
  const handled = (written: Stored, conditions: readonly object[] = [READY]) => ({
    ...HAS_CLIENT,
    conditions,
    lastHandledReconcileAt: annotationOf(written, 'reconcile-requested-at'),
  });

  test('asks by annotation, and watches until status says that it was handled', async () => {
    const { code, stdout, stderr, patches, requests } = await run(['reconcile', 'storefront', ...IN_SHOP], {
      waitsForWatch: true,
      operator: (written) => handled(written),
    });
    expect([code, stdout, stderr]).toEqual([0, 'OAuthClient shop/storefront is reconciled.\n', '']);
    expect(annotationOf(patches[0] as Stored, 'reconcile-requested-at')).toMatch(/^\d{4}-.*\.\d{3}Z$/);
    expect(requests).toContain('watch oauthclients shop/storefront');
    expect(requests.some((one) => one.includes('secrets'))).toBe(false);
  });

  test('shows how it stands, and says by its exit code that the object is not ready', async () => {
    const away = condition('Ready', 'False', 'AuthorizationServerUnavailable', 'The server is away.');
    const { code, stderr } = await run(['reconcile', 'storefront', ...IN_SHOP], {
      operator: (written) => handled(written, [away, BUSY]),
    });
    expect([code, stderr]).toEqual([1, 'AuthorizationServerUnavailable: The server is away.\n']);
  });

  test.each([
    'coas/corporate',
    'coas.oauth-registrar.dev/corporate',
    'ClusterAuthorizationServer/corporate',
    'clusterauthorizationservers.oauth-registrar.dev/corporate',
  ])('takes server objects, too: %s', async (operand) => {
    const { code, stdout } = await run(['reconcile', operand], {
      objects: [server],
      operator: (written) => handled(written),
    });
    expect([code, stdout]).toEqual([0, 'ClusterAuthorizationServer corporate is reconciled.\n']);
  });

  test('looks again and again where it may not watch', async () => {
    const { code } = await run(['reconcile', 'storefront', ...IN_SHOP], {
      forbids: ['watch oauthclients'],
      operator: (written) => handled(written),
    });
    expect(code).toBe(0);
  });

  test('--no-wait asks, and says that the operator goes on', async () => {
    const { code, stdout, stderr, patches } = await run(['reconcile', 'storefront', ...IN_SHOP, '--no-wait']);
    expect([code, stdout, patches.length]).toEqual([0, '', 1]);
    expect(stderr).toBe(
      'Asked. The operator goes on with it; kubectl oauthclient status shows how far it is.\n',
    );
  });

  test('says that the time is over, and that the operator goes on', async () => {
    const { code, stderr } = await run(['reconcile', 'storefront', ...IN_SHOP, '--timeout=1s']);
    expect([code, stderr]).toEqual([
      1,
      'OAuthClient shop/storefront is not done in the time of --timeout. The operator goes on with it; kubectl oauthclient status shows how far it is.\n',
    ]);
  });

  test('Ctrl-C ends the wait, not what was asked', async () => {
    const ending = new AbortController();
    const failure = { exit: 'interrupted', sentence: 'Interrupted.' } as const;
    const { code, stderr, patches } = await run(['reconcile', 'storefront', ...IN_SHOP], {
      signal: ending.signal,
      operator: () => {
        setTimeout(() => ending.abort(failure), 10);
        return undefined;
      },
    });
    expect([code, patches.length]).toEqual([EXITS.interrupted.code, 1]);
    expect(stderr).toBe(
      'The operator goes on with it; kubectl oauthclient status shows how far it is.\nInterrupted.\n',
    );
  });
});

describe('rotate', () => {
  const QUESTION =
    'Another client takes the place of c1 of OAuthClient shop/storefront, which ends when its overlap is over. Go on?';
  const another = (written: Stored) => ({
    ...HAS_CLIENT,
    clientId: 'c2',
    lastHandledRotateAt: annotationOf(written, 'rotate-requested-at'),
  });

  test('asks, requests another client, and names it', async () => {
    const { code, stdout, stderr } = await run(['rotate', 'storefront', ...IN_SHOP], {
      input: 'yes\n',
      operator: another,
    });
    expect([code, stdout, stderr]).toEqual([
      0,
      'OAuthClient shop/storefront has client c2 in place of c1.\n',
      `${QUESTION} [y/N] `,
    ]);
  });

  test('does nothing without a terminal and without --yes', async () => {
    const { code, stderr, patches } = await run(['rotate', 'storefront', ...IN_SHOP]);
    expect([code, patches]).toEqual([EXITS.usage.code, []]);
    expect(stderr).toBe(`Nothing was done: there is no terminal to ask "${QUESTION}"; --yes answers it.\n`);
  });

  test('says that the server refuses another client', async () => {
    const { code, stdout, stderr } = await run(['rotate', 'storefront', ...IN_SHOP, '--yes'], {
      operator: () => ({ ...HAS_CLIENT, conditions: [REFUSED, REGISTERED, STALLED] }),
    });
    expect([code, stdout, stderr]).toEqual([
      0,
      'OAuthClient shop/storefront keeps its client.\n',
      'ReplacementRefused: The server refuses a second client.\n',
    ]);
  });

  test('ends where another reason makes it wait for a person than before', async () => {
    const waits = condition(
      'Ready',
      'True',
      'ReplacementPending',
      'Another client is registered when you ask.',
    );
    const { code, stdout } = await run(['rotate', 'storefront', ...IN_SHOP, '--yes', '--timeout=5s'], {
      objects: [client({ ...HAS_CLIENT, conditions: [waits, REGISTERED, STALLED] })],
      operator: () => ({ ...HAS_CLIENT, conditions: [REFUSED, REGISTERED, STALLED] }),
    });
    expect([code, stdout]).toEqual([0, 'OAuthClient shop/storefront keeps its client.\n']);
  });

  test('of an object without a client is refused', async () => {
    const { code, stderr, patches } = await run(['rotate', 'storefront', ...IN_SHOP, '--yes'], {
      objects: [client({})],
    });
    expect([code, patches, stderr]).toEqual([
      1,
      [],
      'OAuthClient shop/storefront has no client yet, so there is nothing to replace.\n',
    ]);
  });
});

describe('suspend and resume', () => {
  const seen = (written: Stored) => ({ ...HAS_CLIENT, observedGeneration: written.metadata.generation });

  test('set and unset spec.suspend, and wait until the operator has seen it', async () => {
    const suspended = await run(['suspend', 'storefront', ...IN_SHOP], { operator: seen });
    expect([suspended.code, suspended.stdout]).toEqual([0, 'OAuthClient shop/storefront is suspended.\n']);
    expect(suspended.patches[0]?.spec?.['suspend']).toBe(true);
    const resumed = await run(['resume', 'storefront', ...IN_SHOP], {
      objects: suspended.patches.slice(0, 1),
      operator: seen,
    });
    expect([resumed.code, resumed.stdout]).toEqual([0, 'OAuthClient shop/storefront is resumed.\n']);
    expect(resumed.patches[0]?.spec).not.toHaveProperty('suspend');
  });
});

describe('adopt', () => {
  test('names the Secret in spec.adopt, and waits until the client is recorded', async () => {
    const { code, stdout, patches } = await run(['adopt', 'storefront', '--secret=legacy', ...IN_SHOP], {
      objects: [client({})],
      operator: ({ metadata }) => ({
        ...HAS_CLIENT,
        clientId: 'c9',
        observedGeneration: metadata.generation,
      }),
    });
    expect([code, stdout]).toEqual([0, 'OAuthClient shop/storefront has client c9.\n']);
    expect(patches[0]?.spec?.['adopt']).toEqual({ secretRef: { name: 'legacy' } });
  });

  test('of an object that has a client is refused', async () => {
    const { stderr, patches } = await run(['adopt', 'storefront', '--secret=legacy', ...IN_SHOP]);
    expect([patches, stderr]).toEqual([
      [],
      'OAuthClient shop/storefront has client c1 already, so it can not adopt another one. Use another OAuthClient.\n',
    ]);
  });

  test('needs a Secret', async () => {
    const { code, stderr } = await run(['adopt', 'storefront', ...IN_SHOP]);
    expect([code, stderr]).toEqual([
      EXITS.usage.code,
      'Name the Secret that holds the client: --secret NAME is required.\n',
    ]);
  });
});

describe('abandon', () => {
  const deleted = client(HAS_CLIENT, {
    deletionTimestamp: at,
    finalizers: ['oauth-registrar.dev/registration'],
  });

  test('asks, writes the uid, and waits until the object is gone', async () => {
    const { code, stdout, stderr, patches } = await run(['abandon', 'storefront', ...IN_SHOP], {
      objects: [deleted],
      input: 'y\n',
      operator: () => 'Gone',
    });
    expect([code, stdout]).toEqual([
      0,
      'OAuthClient shop/storefront is gone; if its client exists, it is left behind.\n',
    ]);
    expect(stderr).toBe(
      'Client c1 of OAuthClient shop/storefront may stay at its server, and nothing removes it later. Go on? [y/N] The object is gone.\n',
    );
    expect(annotationOf(patches[0] as Stored, 'abandon')).toBe('uid-1');
  });

  test('of an object that is not deleted is refused', async () => {
    const { code, stderr, patches } = await run(['abandon', 'storefront', ...IN_SHOP, '--yes']);
    expect([code, patches, stderr]).toEqual([
      1,
      [],
      'OAuthClient shop/storefront is not being deleted, and only then it can be abandoned: kubectl delete oac storefront -n shop.\n',
    ]);
  });
});

describe('every action', () => {
  test('writes nothing after Ctrl-C, and says so', async () => {
    const plugin = await startPluginCluster({ objects: [client()] });
    const ending = new AbortController();
    const get = plugin.cluster.get.bind(plugin.cluster);
    plugin.cluster.get = (resource, key) => {
      ending.abort({ exit: 'terminated', sentence: 'Ended.' });
      return get(resource, key);
    };
    const { signal } = ending;
    const { code, stderr } = await runPlugin(['suspend', 'storefront', ...IN_SHOP], { ...plugin, signal });
    expect([code, stderr]).toEqual([
      EXITS.terminated.code,
      'Nothing was done: the command ended before it wrote OAuthClient shop/storefront.\n',
    ]);
    expect(plugin.requests).toEqual(['get oauthclients shop/storefront']);
  });

  test.each(['reconcile', 'rotate', 'suspend', 'resume', 'abandon'])(
    '%s of nothing is said',
    async (command) => {
      const { code, stderr } = await run([command, 'nothing', ...IN_SHOP, '--no-wait']);
      expect([code, stderr]).toEqual([1, 'There is no OAuthClient "nothing" in namespace shop.\n']);
    },
  );

  test.each(['reconcile', 'suspend', 'resume'])('%s names the right that lacks', async (command) => {
    const { code, stderr } = await run([command, 'storefront', ...IN_SHOP], {
      forbids: ['patch oauthclients'],
    });
    expect([code, stderr]).toEqual([
      EXITS.forbidden.code,
      'Your account may not patch oauthclients.oauth-registrar.dev in namespace shop.\n',
    ]);
  });

  test('does nothing where somebody else changed the object after the question', async () => {
    const plugin = await startPluginCluster({ objects: [client()] });
    let isFirst = true;
    plugin.cluster.onChange.push(() => undefined);
    const get = plugin.cluster.get.bind(plugin.cluster);
    plugin.cluster.get = (resource, key) => {
      const found = get(resource, key);
      if (isFirst && found.ok) {
        isFirst = false;
        plugin.cluster.patch(resource, key, { metadata: { labels: { team: 'x' } } }, 'another');
      }
      return found;
    };
    const { code, stderr } = await runPlugin(['suspend', 'storefront', ...IN_SHOP], plugin);
    expect([code, stderr]).toEqual([
      1,
      'Nothing was done: somebody else changed OAuthClient shop/storefront at the same time. Run the command again.\n',
    ]);
  });

  test.each([
    [
      ['reconcile', 'sso/corporate'],
      '"sso/corporate" is neither a name nor oac/NAME, oas/NAME or coas/NAME.\n',
    ],
    [['rotate', 'coas/corporate'], 'This is about OAuthClients, and "coas/corporate" is a server object.\n'],
    [['suspend', 'storefront', '-A'], 'This is about one object: leave -A and -l out, and use -n.\n'],
    [['suspend', 'storefront', '--timeout=soon'], '--timeout is a duration such as 90s or 5m.\n'],
  ])('%j is refused in one sentence', async (args, stderr) => {
    expect(await run(args)).toMatchObject({ code: EXITS.usage.code, stderr, patches: [] });
  });
});
