import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AGENT_SANDBOX, EXTERNAL_SECRETS, readModuleFile } from '../../kit/testbed/go-module-file.ts';
import { eventually, oauthClient, platformOf } from '../behaviour/objects.ts';
import { teamIn, useTestbed } from '../behaviour/team.ts';

/** Kinds of others, by their own definitions: what the samples say of them is true. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const sample = (path: string): string => readFileSync(join(ROOT, 'deploy', path), 'utf8');

const { patches } = parse(sample('components/agent-sandbox/kustomization.yaml')) as {
  readonly patches: readonly { readonly patch: string }[];
};
const [{ value: flag }] = parse(patches[0]?.patch ?? '') as readonly [{ readonly value: string }];

// With the garbage collector, which deletes what the deleted object owns.
const testbed = useTestbed({ controllerManager: true, flags: [flag] });
const shop = teamIn(testbed, 'shop');

/** The garbage collector looks for new kinds twice a minute. */
const COLLECTED_MS = 90_000;

beforeAll(async () => {
  await testbed.apply(platformOf(testbed));
  await testbed.apply(sample('components/agent-sandbox/bound-to.yaml'));
  for (const definition of await Promise.all([
    readModuleFile(AGENT_SANDBOX, 'k8s/crds/agents.x-k8s.io_sandboxes.yaml'),
    readModuleFile(AGENT_SANDBOX, 'k8s/crds/extensions.agents.x-k8s.io_sandboxclaims.yaml'),
    readModuleFile(EXTERNAL_SECRETS, 'config/crds/bases/external-secrets.io_pushsecrets.yaml'),
  ])) {
    // Not applied: one is too large for the annotation of `kubectl apply`.
    const { stderr } = await testbed.controlPlane.kubectl(['create', '-f', '-'], { stdin: definition });
    expect(stderr).toBe('');
  }
  await testbed.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
}, 120_000);

describe('A client of agent-sandbox', () => {
  it('ends with its SandboxClaim, as the sample has it', async () => {
    await testbed.apply(sample('samples/agent-sandbox.yaml'));
    const { status } = await shop.until('agent-7', 'Registered');
    expect(testbed.server.clients().map((client) => client.client_id)).toContain(status?.clientId);
    await shop.kubectl('delete', 'sandboxclaim', 'agent-7', '--wait=false');
    await shop.untilGone('agent-7', 'oac', COLLECTED_MS);
    expect(testbed.server.clients().map((client) => client.client_id)).not.toContain(status?.clientId);
  }, 120_000);

  it('is registered once its Sandbox is there, and ends with it, as the sample has it', async () => {
    const [sandbox = '', client = ''] = sample('samples/agent-sandbox-sandbox.yaml').split('---\n');
    await testbed.apply(client);
    await shop.until('agent-8', 'BoundObjectNotFound');
    await testbed.apply(sandbox);
    await shop.until('agent-8', 'Registered');
    await shop.kubectl('delete', 'sandbox', 'agent-8', '--wait=false');
    await shop.untilGone('agent-8', 'oac', COLLECTED_MS);
  }, 120_000);

  it('is not registered for a kind that this installation does not admit', async () => {
    const boundTo = { group: 'apps', kind: 'Deployment', name: 'web' };
    await testbed.apply(oauthClient('shop', 'unadmitted', { lifetime: { boundTo } }));
    const { status } = await shop.until('unadmitted', 'InvalidSpec');
    expect(status?.conditions?.[0]?.message).toBe(
      'spec.lifetime.boundTo names Deployment.apps, and this installation admits Pod, Job.batch, Sandbox.agents.x-k8s.io, SandboxClaim.extensions.agents.x-k8s.io. Name one of these, or ask the platform team to admit the kind by --bound-to-kinds.',
    );
  });
});

it('A PushSecret of External Secrets names keys that the Secret of the sample has', async () => {
  await testbed.apply(sample('samples/oauth-client.yaml'));
  await shop.until('storefront', 'Registered');
  const push = sample('samples/push-secret.yaml');
  const strict = ['apply', '--validate=strict', '-f', '-'];
  expect(await testbed.controlPlane.kubectl(strict, { stdin: push })).toMatchObject({ code: 0, stderr: '' });
  const { spec } = parse(push) as {
    readonly spec: {
      readonly selector: { readonly secret: { readonly name: string } };
      readonly data: readonly { readonly match: { readonly secretKey: string } }[];
    };
  };
  const secret = await eventually(
    () => shop.secret(spec.selector.secret.name),
    (found) => found !== undefined,
  );
  expect(Object.keys(secret ?? {})).toEqual(
    expect.arrayContaining(spec.data.map(({ match }) => match.secretKey)),
  );
});
