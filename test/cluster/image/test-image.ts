import { strict as assert } from 'node:assert';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { argumentsOf } from '../../../tools/command-line.ts';
import { type ControlPlane, startControlPlane } from '../../kit/testbed/control-plane.ts';
import { readEnvironment } from '../../kit/testbed/environment.ts';
import { freePort } from '../../kit/testbed/free-port.ts';
import { createProcessGroup, type ProcessGroup } from '../../kit/testbed/process-group.ts';
import { createProgress } from '../../kit/testbed/progress.ts';
import { createBuilder } from './builder.ts';
import { type RunningContainer, startContainer } from './container.ts';
import { containerSpec } from './deployment.ts';
import { buildImage, type Image } from './image.ts';
import { makeStandIns } from './stand-in-bases.ts';
import { ensureTools } from './tools.ts';

/** `npm run test:image`. */
argumentsOf({
  name: 'test:image',
  about: `Builds the image from the Dockerfile and runs it as the Deployment says, against a real API server and with the rights of
the operator's service account. Needs Linux, root, Debian's mirror and npm's registry, but no container engine. A few
minutes; the first run installs its tools.`,
});
const ROOT = join(import.meta.dirname, '..', '..', '..');
const NAMESPACE = 'oauth-registrar-system';
const NAME = 'oauth-registrar';

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The image's own, and one as OpenShift chooses for a namespace: the Deployment fixes neither. */
const USERS: readonly User[] = [
  { uid: 65_532, gid: 65_532 },
  { uid: 1_000_680_000, gid: 0 },
];

const progress = createProgress();
const group = await createProcessGroup('oauth-registrar-image-');
await ensureTools(progress);
const cache = join(readEnvironment().cacheHome, 'oauth-registrar', 'image');
const builder = await createBuilder(cache);
await makeStandIns(builder, cache, progress);
const image = await progress.step('Building the image', (update) => buildImage(builder, update));
progress.note(`The image has ${image.size}`);
const controlPlane = await startControlPlane({ controllerManager: true });
try {
  await progress.step('Running it as the Deployment says', (update) => check(image, controlPlane, update));
  progress.note('The image is good.');
} finally {
  await group.stop();
  await controlPlane.stop();
  await builder.buildah(['rm', '--all']);
}

async function check(
  image: Image,
  controlPlane: ControlPlane,
  update: (step: string) => void,
): Promise<void> {
  assert.equal(image.user, '65532:65532', 'the user of the image');
  assert.deepEqual((await readdir(join(image.files, 'usr/lib/oauth-registrar'))).sort(), [
    'kubectl-oauthclient.mjs',
    'oauth-registrar.mjs',
  ]);
  await assert.rejects(access(join(image.files, 'build')), 'the runtime stage holds nothing of the build');

  update('installing');
  await kubectl(controlPlane, ['apply', '-k', join(ROOT, 'deploy')]);
  await kubectl(controlPlane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  await kubectl(controlPlane, ['apply', '-k', join(ROOT, 'deploy', 'samples')]);

  for (const user of USERS) {
    await checkAs(user, image, controlPlane, (step) => update(`uid ${user.uid}: ${step}`));
  }
  await assertNothingRefused(controlPlane);
}

/** Runs the operator as this user until it does its work, and stops it. */
async function checkAs(
  user: User,
  image: Image,
  controlPlane: ControlPlane,
  update: (step: string) => void,
): Promise<void> {
  update('waiting for /readyz');
  const port = await freePort();
  const container = await start(user, image, controlPlane, port);
  const startedAt = performance.now();
  await until(container, 'answer ok to /readyz', () => answers(port, '/readyz'));
  progress.note(`/readyz answered ok after ${Math.round(performance.now() - startedAt)} ms`);
  assert.ok(await answers(port, '/livez'), '/livez');
  await assertConfined(container, user);

  update('waiting for its work');
  await until(container, 'say something about the sample', async () => {
    const path = "jsonpath={.status.conditions[?(@.type=='Ready')].reason}";
    const reason = await kubectl(controlPlane, ['get', 'oac', '-n', 'shop', 'storefront', '-o', path]);
    return reason !== '' && reason !== 'Queued';
  });

  update('stopping');
  process.kill(container.pid, 'SIGTERM');
  await until(undefined, 'end after SIGTERM', async () => !container.isRunning());
  const holder = ['get', 'lease', '-n', NAMESPACE, NAME, '-o', 'jsonpath={.spec.holderIdentity}'];
  assert.equal(await kubectl(controlPlane, holder), '', 'the lease is released');
}

async function start(
  user: User,
  image: Image,
  controlPlane: ControlPlane,
  port: number,
): Promise<RunningContainer> {
  const manifests = await kubectl(controlPlane, ['kustomize', join(ROOT, 'deploy')]);
  const spec = containerSpec(manifests, {
    'metadata.name': 'oauth-registrar-0',
    'metadata.namespace': NAMESPACE,
  });
  const { hostname, port: apiPort } = new URL(controlPlane.url);
  return startContainer(group, {
    ...spec,
    ...user,
    root: image.files,
    entrypoint: image.entrypoint,
    env: { ...image.env, ...spec.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: apiPort },
    // The container uses the machine's network, where port 8080 may be in use.
    args: [...spec.args, `--port=${port}`],
    serviceAccountFolder: await serviceAccountFolder(group, controlPlane),
  });
}

/** The files of a service account, as the kubelet makes them. */
async function serviceAccountFolder(group: ProcessGroup, controlPlane: ControlPlane): Promise<string> {
  const kubeconfig = await controlPlane.kubeconfigFor({ namespace: NAMESPACE, serviceAccount: NAME });
  const { users } = parse(await readFile(kubeconfig, 'utf8')) as {
    readonly users: readonly [{ readonly user: { readonly token: string } }];
  };
  const folder = join(group.folder, 'service-account');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'token'), users[0].user.token);
  await writeFile(join(folder, 'namespace'), NAMESPACE);
  await writeFile(join(folder, 'ca.crt'), await readFile(controlPlane.caFile));
  return folder;
}

/** Checks the kernel's facts about the process, and that a write into its root fails. */
async function assertConfined({ pid }: RunningContainer, { uid, gid }: User): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/).join(' ');
  assert.equal(field('Uid'), Array(4).fill(uid).join(' '));
  assert.equal(field('Gid'), Array(4).fill(gid).join(' '));
  assert.equal(field('Groups'), '', 'no further groups');
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
    assert.match(field(set) ?? '', /^0+$/, set);
  }
  assert.equal(field('NoNewPrivs'), '1');
  // It is read-only even for root, through the process's own view of the files.
  for (const path of ['/written', '/tmp/written', '/usr/lib/oauth-registrar/written']) {
    await assert.rejects(writeFile(`/proc/${pid}/root${path}`, ''), { code: 'EROFS' }, path);
  }
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
  assert.match(maps, /\/usr\/lib\/libjemalloc\.so\.2$/m, 'the allocator of the image is loaded');
  const mounts = (await readFile(`/proc/${pid}/mounts`, 'utf8')).split('\n').map((line) => line.split(' '));
  const journal = mounts.find(([, path]) => path?.endsWith('/run/oauth-registrar'));
  assert.equal(journal?.[2], 'tmpfs', 'the journal is in memory');
  assert.match(journal?.[3] ?? '', /^rw,.*size=16384k/);
  progress.note(
    `It runs as uid ${uid}, gid ${gid} without capabilities; its root is read-only, its journal in memory.`,
  );
}

/** Checks that the operator's rights suffice: the API server refused nothing. */
async function assertNothingRefused(controlPlane: ControlPlane): Promise<void> {
  const account = `system:serviceaccount:${NAMESPACE}:${NAME}`;
  const refused = (await controlPlane.audit()).filter(
    (event) => event.user === account && event.code === 403,
  );
  assert.deepEqual(refused, []);
}

async function kubectl(controlPlane: ControlPlane, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await controlPlane.kubectl(args);
  if (code !== 0) {
    throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  }
  return stdout.trim();
}

async function answers(port: number, path: string): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
  return answer?.status === 200;
}

async function until(
  container: RunningContainer | undefined,
  what: string,
  condition: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    const ended = container !== undefined && !container.isRunning();
    if (ended || performance.now() > deadline) {
      throw new Error(`the container did not ${what}:\n${await container?.logTail()}`);
    }
    await sleep(100);
  }
}
