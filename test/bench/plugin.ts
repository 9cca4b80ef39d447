import { spawn } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { argumentsOf } from '../../tools/command-line.ts';

/** `npm run bench:plugin`: reads the flags before anything is loaded or started. */
const { values } = argumentsOf({
  name: 'bench:plugin',
  about: `Measures how long the kubectl plugin takes with many clients on a real API server, beside kubectl itself, and the page of
\`kubectl oauthclient ui\`. The bundled operator registers the clients first. Three minutes on two cores.`,
  flags: {
    clients: { value: 'N', isCount: true, about: 'Number of OAuthClients. Default: 5000.' },
    runs: { value: 'N', isCount: true, about: 'How often each command is run. Default: 5.' },
  },
});
const { ensureBinaries } = await import('../kit/testbed/binaries.ts');
const { run } = await import('../kit/testbed/command.ts');
const { createProgress } = await import('../kit/testbed/progress.ts');
const { createClients } = await import('./clients.ts');
const { quantile } = await import('./figure.ts');
const { NAMESPACES } = await import('./namespaces.ts');
const { startStage } = await import('./stage.ts');

const ROOT = join(import.meta.dirname, '..', '..');
const DIST = join(ROOT, 'dist');
const clients = Number(values.clients ?? 5_000);
const runs = Number(values.runs ?? 5);

const progress = createProgress();
const { kubectl } = await ensureBinaries(progress, ['etcd', 'kube-apiserver', 'kubectl']);
await run(process.execPath, [join(ROOT, 'tools', 'bundle.ts')]);
const stage = await startStage(join(DIST, 'oauth-registrar.js'));
try {
  const operator = await stage.startOperator();
  await progress.step(`Registering ${clients} clients`, async (update) => {
    const watch = await stage.watch();
    const shown = setInterval(() => update(`${watch.ready()} are ready`), 1_000);
    await createClients(stage, 'client', 0, clients);
    await watch.until(`${clients} clients are ready`, () => watch.ready() === clients);
    clearInterval(shown);
    watch.stop();
  });
  await operator.idle();
  const kubeconfig = ['--kubeconfig', stage.controlPlane.adminKubeconfig];
  const plugin = [process.execPath, join(DIST, 'kubectl-oauthclient.js')] as const;
  const one = ['-n', NAMESPACES[0], 'client-0'];
  console.log('| Command | median | most |\n| --- | --: | --: |');
  await row(`kubectl get oac -A, ${clients} clients`, () =>
    output([kubectl, 'get', 'oac', '-A', ...kubeconfig]),
  );
  await row(`kubectl oauthclient status -A, ${clients} clients`, () =>
    output([...plugin, 'status', '-A', ...kubeconfig]),
  );
  await row('kubectl get oac of one client', () => output([kubectl, 'get', 'oac', ...one, ...kubeconfig]));
  await row('kubectl oauthclient status of one client', () =>
    output([...plugin, 'status', ...one, ...kubeconfig]),
  );
  const ui = await startPage([...plugin, 'ui', '-A', ...kubeconfig]);
  await row(`a page of kubectl oauthclient ui -A, ${clients} clients`, async () => {
    const page = await (await fetch(ui.url)).text();
    if (!page.includes(`Clients (${clients})`)) {
      throw new Error(`The page does not show ${clients} clients: ${page.slice(0, 200)}`);
    }
  });
  await ui.stop();
  await operator.stop();
  console.log(`\n${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}.`);
} finally {
  await stage.stop();
}
process.exit(0);

async function row(what: string, act: () => Promise<void>): Promise<void> {
  const times: number[] = [];
  for (let nth = 0; nth < runs; nth += 1) {
    const start = performance.now();
    await act();
    times.push(performance.now() - start);
  }
  const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(3)} s`;
  console.log(`| ${what} | ${inSeconds(quantile(times, 0.5))} | ${inSeconds(quantile(times, 1))} |`);
}

/** Runs a command whose output somebody reads to its end. */
async function output([program = '', ...args]: readonly string[]): Promise<void> {
  await run(program, args);
}

async function startPage([program = '', ...args]: readonly string[]): Promise<{
  readonly url: string;
  readonly stop: () => Promise<void>;
}> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const url = await new Promise<string>((resolve) => {
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
  });
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.kill('SIGINT');
      }),
  };
}
