import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import { writeKubeconfig } from '../testbed/api-access.ts';
import { createCertificateAuthority } from '../testbed/certificates.ts';
import { startWorld, type World } from '../testbed/world.ts';
import { startApiProxy } from './api-proxy.ts';
import { type ServerProxy, startServerProxy } from './server-proxy.ts';
import { createFaults, type Faults } from './soak-faults.ts';
import { judge, unsettled } from './soak-judge.ts';
import { judgeLog, sayings, secretsIn } from './soak-log.ts';
import { type Operators, startOperators } from './soak-operators.ts';
import { type Chance, chanceOf } from './soak-random.ts';
import { ORPHANS_PATH, readSuspects, readTruth, type Suspect, type Truth } from './soak-truth.ts';
import { createUsers, SERVERS, type ServerName, stageOf, type Users } from './soak-users.ts';

/**
 * `npm run test:chaos`: users work while everything between operator, API server and authorization servers fails at
 * random and replicas are killed; then the faults end, and everything has to come right.
 */
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 600);
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
/** Of users, per second. */
const RATE = Number(process.env['CHAOS_RATE'] ?? 2);
const REPORT = process.env['CHAOS_REPORT'] ?? join(import.meta.dirname, '..', '..', '.testbed', 'soak.json');

const CALL_TIMEOUT = '2s';
const STALL_MS = 3_000;
/** A deletion that isn't confirmed holds an object for a minute, and a server that seems to have lost tokens is asked once a minute. */
const CONVERGE_MS = 420_000;
const PROGRESS_MS = 15_000;
/** A person looks after suspected orphans before the list is full. */
const LISTED = 20;

const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

interface Scene {
  readonly world: World;
  readonly servers: Readonly<Record<ServerName, Emulator>>;
  readonly proxies: Readonly<Record<ServerName, ServerProxy>>;
  readonly operators: Operators;
  readonly users: Users;
  readonly faults: Faults;
  /** Every suspected orphan that was ever listed. */
  readonly suspects: Map<string, Suspect>;
  stop(): Promise<void>;
}

async function setUp(): Promise<Scene> {
  const world = await startWorld();
  await world.operator.stop();
  const faults = createFaults();
  const servers = {
    steady: await startEmulator(),
    rotating: await startEmulator('oidc-provider', { gate: { admits: ['nothing'] } }),
  };
  const proxyOf = (name: ServerName) =>
    startServerProxy({
      name,
      backend: new URL(servers[name].issuer).origin,
      stallMs: STALL_MS,
      faults,
      chance: chanceOf(SEED, name),
    });
  const proxies = { steady: await proxyOf('steady'), rotating: await proxyOf('rotating') };
  const ca = createCertificateAuthority();
  const apiProxy = await startApiProxy({
    backend: {
      origin: world.controlPlane.url,
      ca: await readFile(world.controlPlane.caFile, 'utf8'),
    },
    tls: ca.issue({ usage: 'server' }),
    faults,
    chance: chanceOf(SEED, 'api'),
  });
  const kubeconfig = await proxiedKubeconfig(world.operatorKubeconfig, apiProxy.origin, ca.cert);
  const issuers = { steady: proxies.steady.origin, rotating: proxies.rotating.origin };
  await world.apply(stageOf(issuers, CALL_TIMEOUT));
  const operators = await startOperators(kubeconfig);
  return {
    world,
    servers,
    proxies,
    operators,
    users: createUsers(world, chanceOf(SEED, 'users')),
    faults,
    suspects: new Map(),
    async stop() {
      await operators.stop();
      await Promise.all([apiProxy, proxies.steady, proxies.rotating].map((proxy) => proxy.stop()));
      await Promise.all(SERVERS.map((name) => servers[name].stop()));
      await world.stop();
    },
  };
}

/** The operator's own account, by way of the proxy. */
async function proxiedKubeconfig(path: string, url: string, ca: string): Promise<string> {
  const { users } = parse(await readFile(path, 'utf8')) as {
    readonly users: readonly [{ readonly name: string; readonly user: { readonly token: string } }];
  };
  const file = join(dirname(path), 'proxied.kubeconfig');
  const caFile = join(dirname(path), 'proxy-ca.crt');
  await writeFile(caFile, ca);
  const [{ name, user }] = users;
  await writeKubeconfig(file, { url, caFile }, { name, token: user.token });
  return file;
}

/** Until the deadline, everything at once. */
async function disturb(scene: Scene, deadline: number): Promise<void> {
  const going = () => performance.now() < deadline;
  const every = async (ms: () => number, act: () => Promise<unknown> | unknown) => {
    while (going()) {
      await sleep(Math.min(ms(), Math.max(0, deadline - performance.now())));
      if (going()) {
        await act();
      }
    }
  };
  const chance = chanceOf(SEED, 'kills');
  scene.faults.active = true;
  await Promise.all([
    every(() => 1_000 / RATE, scene.users.act),
    every(
      () => chance.between(12_000, 30_000),
      () => killOne(scene, chance),
    ),
    every(
      () => 5_000,
      () => lookAfterSuspects(scene),
    ),
    every(
      () => PROGRESS_MS,
      () => tellProgress(scene),
    ),
  ]);
  scene.faults.active = false;
}

function killOne({ operators, faults }: Scene, chance: Chance): void {
  const what = operators.disturb(chance);
  faults.count(`operator: ${what.split(' ')[0]}`);
  say(what);
}

/** As a person does: notes who is listed, and takes them off before the list is full. */
async function lookAfterSuspects({ world, suspects }: Scene): Promise<void> {
  const listed = await readSuspects(world);
  for (const suspect of listed) {
    suspects.set(suspect.attempt, suspect);
  }
  if (listed.length >= LISTED) {
    const data = Object.fromEntries(listed.map(({ attempt }) => [attempt, null]));
    await world.controlPlane.admin.request('PATCH', ORPHANS_PATH, { data });
  }
}

function tellProgress({ users, faults, suspects, servers }: Scene): void {
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
  const clients = SERVERS.reduce((count, name) => count + servers[name].clients().length, 0);
  const living = users.objects.filter(({ deleted }) => !deleted).length;
  say(
    `${sum(users.operations)} operations, ${living} objects, ${clients} clients, ${sum(faults.counts())} faults, ${suspects.size} suspected orphans`,
  );
}

/** Seconds until everything is right, or what is not. */
async function converge(
  scene: Scene,
): Promise<{ readonly seconds: number; readonly wrong: readonly string[] }> {
  const start = performance.now();
  let told = start;
  for (;;) {
    const wrong = unsettled(await readTruth(scene.world, scene.servers), scene.users.objects);
    const elapsed = performance.now() - start;
    if (wrong.length === 0 || elapsed > CONVERGE_MS) {
      return { seconds: Math.round(elapsed / 1_000), wrong };
    }
    if (performance.now() - told > PROGRESS_MS) {
      told = performance.now();
      say(`not right yet: ${wrong.length}, such as: ${wrong[0]}`);
    }
    await sleep(1_000);
  }
}

async function summarize(scene: Scene, end: Awaited<ReturnType<typeof converge>>) {
  const { world, servers, proxies, operators, users, faults, suspects } = scene;
  await lookAfterSuspects(scene);
  const truth = await readTruth(world, servers);
  const lines = operators.lines();
  const said = sayings(lines);
  const saidOf = (object: string) => `${said.get(object) ?? ''}${eventsOf(truth, object)}`;
  const registered = [...proxies.steady.registered, ...proxies.rotating.registered];
  const log = judgeLog(lines);
  const secrets = new Set(SERVERS.flatMap((name) => [...servers[name].secrets]));
  const status = JSON.stringify([...truth.objects.values()]) + JSON.stringify(truth.events);
  return {
    seed: SEED,
    seconds: SECONDS,
    objects: users.objects.length,
    operations: users.operations,
    faults: faults.counts(),
    operatorsEnded: operators.ends(),
    registrations: registered.length,
    ...judge(truth, suspects, registered, saidOf),
    secondsToConverge: end.seconds,
    notConverged: end.wrong,
    warningsAndErrors: log.expected,
    unexpectedErrors: log.unexpected,
    secretsInLogs: secretsIn(operators.output(), secrets),
    secretsInStatusAndEvents: secretsIn(status, secrets),
  };
}

const eventsOf = ({ events }: Truth, object: string): string =>
  events
    .filter((event) => event.object === object)
    .map(({ note }) => note)
    .join('\n');

/** What must be empty. */
const INVARIANTS = [
  'orphansUnreported',
  'tokensLostWithoutRotation',
  'tokensLostUnreported',
  'doubleRegistrations',
  'notConverged',
  'unexpectedErrors',
  'secretsInLogs',
  'secretsInStatusAndEvents',
] as const;

async function main(): Promise<number> {
  say(`seed ${SEED} (CHAOS_SEED), ${SECONDS} s (CHAOS_SECONDS), ${RATE} operations a second (CHAOS_RATE)`);
  const scene = await setUp();
  try {
    await disturb(scene, performance.now() + SECONDS * 1_000);
    say('the faults end');
    const summary = await summarize(scene, await converge(scene));
    await mkdir(dirname(REPORT), { recursive: true });
    await writeFile(REPORT, `${JSON.stringify(summary, undefined, 2)}\n`);
    console.log(JSON.stringify(summary, undefined, 2));
    const broken = INVARIANTS.filter((name) => summary[name].length > 0);
    say(broken.length === 0 ? 'everything holds' : `does not hold: ${broken.join(', ')}`);
    if (broken.length > 0 || process.env['CHAOS_LOG'] !== undefined) {
      await writeFile(REPORT.replace(/\.json$/, '.log'), scene.operators.output());
    }
    return broken.length === 0 ? 0 : 1;
  } finally {
    await scene.stop();
  }
}

process.exit(await main());
