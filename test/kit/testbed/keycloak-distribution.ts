import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cached } from './cached.ts';
import { run } from './command.ts';
import { readEnvironment } from './environment.ts';
import type { Progress } from './progress.ts';

/** The SHA-512 of each archive. */
const SHA512 = {
  '26.4.7':
    'f9d4e0ced49976932e173abc8d2f6ff4169c125fe3b14e69ebaa0ccc4dea822e879f7ec7353d28fa40c13de0113059c6888833725378ecef4d27587e0c87a6a2',
  /** The first that takes tokens of a Kubernetes cluster without a flag. */
  '26.7.0':
    'd167962987b14316e5d9fce82ed284ae267bb435b1a43dab375f0f44aa763a05ec0d4004448154884efe4f94e8a57eb8f7f2f95d1db4cf1d421c649531ec24cc',
} as const;

export type KeycloakVersion = keyof typeof SHA512;
export const KEYCLOAK_VERSIONS = Object.keys(SHA512) as readonly KeycloakVersion[];

const NAME = 'keycloak-quarkus-dist';
/** The one folder in the archive. */
const unpackedOf = (version: KeycloakVersion) => `keycloak-${version}`;
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
/** Where Maven, without a project, notes in its working directory what it unpacked: a name that it doesn't resolve. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Maven's placeholder, not ours
const MARKERS = '${project.basedir}';
const OLDEST_JAVA = 17;

/** What Keycloak is prepared for; it must be started with the same. */
const MODE = ['start-dev', '--db=dev-mem'] as const;
/** Keycloak ends so once it has prepared itself, and wants to be started again. */
const PREPARED = 10;

/**
 * What bin/kc.sh gives to Java, but with the first compiler only: that starts sooner, in less memory. Without that
 * script the process we start is the server itself.
 */
const JAVA_OPTIONS: readonly string[] = [
  '-Xmx512m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Dfile.encoding=UTF-8',
  '-Duser.language=en',
  '-Duser.country=US',
  '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
  '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
  '-Dpicocli.disable.closures=true',
  '--add-opens=java.base/java.util=ALL-UNNAMED',
  '--add-opens=java.base/java.util.concurrent=ALL-UNNAMED',
  '--add-opens=java.base/java.security=ALL-UNNAMED',
];

/** Keycloak unpacked and prepared for its development mode with a database in memory; nothing writes to it any more. */
export interface KeycloakDistribution {
  readonly folder: string;
  /** A `java` that can run it. */
  readonly java: string;
  /**
   * The arguments of `java` that start the server with `home` as Keycloak's home: the folder of its `conf` and
   * `data`, with links to the distribution's other folders.
   */
  startArguments(home: string): readonly string[];
}

/** The folders of a distribution that a home needs besides `conf` and `data`. */
export const SHARED_FOLDERS = ['lib', 'providers', 'themes'] as const;

/**
 * Finds Java, and this Keycloak with these features in the testbed's cache, fetching it with Maven (some 170 MB) and preparing it where it is missing:
 * about half a minute, once. Throws with what to install where Java 17 or Maven is missing, and where what was fetched is
 * not the archive that was pinned.
 */
export async function ensureKeycloak(
  progress: Progress,
  version: KeycloakVersion = '26.4.7',
  features: readonly string[] = [],
): Promise<KeycloakDistribution> {
  const java = await findJava();
  const unpacked = unpackedOf(version);
  const name = ['keycloak', version, 'dev-mem', ...features].join('-');
  const entry = await cached(name, progress, async (partial) => {
    await progress.step(`Fetching Keycloak ${version} with Maven (some 170 MB, once)`, (update) =>
      fetchInto(partial, version, update),
    );
    await progress.step(`Preparing Keycloak ${version} (once)`, (update) =>
      prepare(java, join(partial, unpacked), features, update),
    );
  });
  const folder = join(entry, unpacked);
  return {
    folder,
    java,
    startArguments: (home) => ['-Dkc.config.built=true', ...serverArguments(folder, home, features)],
  };
}

function serverArguments(folder: string, home: string, features: readonly string[]): readonly string[] {
  return [
    ...JAVA_OPTIONS,
    `-Dkc.home.dir=${home}`,
    `-Djboss.server.config.dir=${join(home, 'conf')}`,
    '-cp',
    join(folder, 'lib', 'quarkus-run.jar'),
    'io.quarkus.bootstrap.runner.QuarkusEntryPoint',
    ...MODE,
    ...(features.length === 0 ? [] : [`--features=${features.join(',')}`]),
  ];
}

async function findJava(): Promise<string> {
  const { javaHome } = readEnvironment();
  const java = javaHome === undefined ? 'java' : join(javaHome, 'bin', 'java');
  // `--version` is an error to Java 8.
  const version = await run(java, ['--version']).catch(() => '');
  const major = Number(/^\S+ (\d+)/.exec(version)?.[1] ?? 0);
  if (major >= OLDEST_JAVA) {
    return java;
  }
  const problem = major === 0 ? `\`${java} --version\` fails` : `\`${java}\` is Java ${major}`;
  throw new Error(
    `Keycloak needs Java ${OLDEST_JAVA} or newer, but ${problem}. Install it (Debian: apt-get install ` +
      `openjdk-17-jre-headless; macOS: brew install openjdk) and put it on the PATH, or set JAVA_HOME to it.`,
  );
}

async function fetchInto(
  folder: string,
  version: KeycloakVersion,
  update: (detail: string) => void,
): Promise<void> {
  const artifact = `org.keycloak:${NAME}:${version}:zip`;
  const options = ['--batch-mode', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
  const goals = ['copy', 'unpack'].map((goal) => `${DEPENDENCY_PLUGIN}:${goal}`);
  await mkdir(folder, { recursive: true });
  await run('mvn', [...options, ...goals], { cwd: folder, onLine: (line) => update(fileOf(line)) }).catch(
    (error: unknown) => explainMaven(error, version),
  );
  await rm(join(folder, MARKERS), { recursive: true, force: true });
  const archive = join(folder, `${NAME}-${version}.zip`);
  const digest = await sha512Of(archive);
  if (digest !== SHA512[version]) {
    throw new Error(`Maven fetched another ${artifact} than the pinned one: its SHA-512 is ${digest}`);
  }
  await rm(archive);
}

/** `[INFO] Downloading from central: …/a-1.0.zip`: the file is what matters of a line. */
function fileOf(line: string): string {
  return line.split('/').at(-1) ?? line;
}

function explainMaven(error: unknown, version: KeycloakVersion): never {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    throw new Error(
      `Keycloak ${version} is not here and can't be fetched, since \`mvn\` can't be run. ` +
        'Install Maven (Debian: apt-get install maven; macOS: brew install maven).',
    );
  }
  throw error;
}

async function sha512Of(path: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Lets Keycloak compile its configuration, which it would otherwise do at the first start. */
async function prepare(
  java: string,
  folder: string,
  features: readonly string[],
  update: (detail: string) => void,
): Promise<void> {
  await run(java, serverArguments(folder, folder, features), { onLine: update, successCode: PREPARED });
}
