import { parseArgs } from 'node:util';
import * as z from 'zod';
import { toBindableKind } from './api/bindable-kinds.ts';
import type { Resource } from './api/kubernetes.ts';
import { RESERVED_SECRET_METADATA } from './api/names.ts';
import { durationMs } from './api/schema.ts';
import { SHARES } from './api/shares.ts';
import type { DocumentHosting } from './core/identification.ts';
import { flagLines, readFlags, tlsFilesOf } from './flags.ts';
import { baseUrlProblem } from './oauth/client-document.ts';

/** Flags and environment, validated. The one place that reads `process.env`. */
export interface Config {
  readonly kubeconfig: string | undefined;
  /** Where registration Secrets, ledger and Lease live; `undefined`: the namespace of the pod or of the kubeconfig. */
  readonly namespace: string | undefined;
  /** The namespaces whose OAuthClients are reconciled; `undefined`: all. Sorted, without duplicates. */
  readonly namespaces: readonly string[] | undefined;
  readonly installation: string | undefined;
  readonly clusterName: string | undefined;
  /** uid of namespace kube-system, for clusters in which the operator can't read it. */
  readonly clusterId: string | undefined;
  /** Identifies this process; a container that is restarted in its pod keeps it. */
  readonly identity: string;
  readonly leaderElect: boolean;
  /**
   * Milliseconds: how long other replicas wait for a silent leader, how long a leader without a renewal keeps the lead,
   * and how often it renews.
   */
  readonly lease: {
    readonly durationMs: number;
    readonly renewDeadlineMs: number;
    readonly retryPeriodMs: number;
  };
  readonly journalDir: string;
  readonly port: number;
  /** Whether `/metrics` asks for a token of the cluster. */
  readonly metricsAuthentication: boolean;
  /** Port of the inventory page; `undefined`: it is not served. */
  readonly inventoryPort: number | undefined;
  /** The files by which the port serves HTTPS; `undefined`: it serves HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly allowHttp: boolean;
  readonly allowAddresses: readonly string[];
  readonly refuseAddresses: readonly string[];
  readonly namespacedServerHosts: readonly string[] | undefined;
  /** Name of the ServiceAccount, without any right, whose tokens admit the operator at servers that trust the cluster. */
  readonly assertionAccount: string;
  /** Audiences besides the issuer of a server for which such a token may be issued. */
  readonly assertionAudiences: readonly string[];
  /** Kinds that `spec.lifetime.boundTo` may name besides Pod and Job. */
  readonly boundToKinds: readonly Resource[];
  /** Whether workloads are restarted after a new credential. */
  readonly rolloutRestarts: boolean;
  /** `undefined`: no documents of clients are served. */
  readonly documents?: DocumentHosting | undefined;
  /** Labels and annotations that no OAuthClient may set on its Secret: names, or prefixes that end with `/`. */
  readonly reservedSecretMetadata: readonly string[];
  /** UV_THREADPOOL_SIZE, as libuv reads it: the threads for DNS look-ups and RSA key generation. Default: 4. */
  readonly threads: number;
  /** Share of each namespace in memory, in bytes. */
  readonly namespaceMemoryBytes: number;
  /** HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in upper or lower case: for calls to authorization servers. */
  readonly proxy: {
    readonly https: string | undefined;
    readonly http: string | undefined;
    readonly no: string | undefined;
  };
}

const MIB = 1024 * 1024;

/** Every flag, by its name without `--`: `help` ends with the default where there is one. */
export const FLAGS = {
  kubeconfig: {
    type: 'string',
    help: 'Path of a kubeconfig. Default: KUBECONFIG, ~/.kube/config, the service account.',
  },
  namespace: { type: 'string', help: 'Namespace of the operator. Default: that of the pod.' },
  namespaces: {
    type: 'string',
    multiple: true,
    help: 'Namespaces to look after, such as shop,billing; they have AuthorizationServers of their own. Default: all.',
  },
  installation: {
    type: 'string',
    help: 'Name of this installation, written into status. Default: its namespace.',
  },
  'cluster-name': {
    type: 'string',
    help: "What {cluster} stands for in defaults of servers. Default: the installation's name.",
  },
  'cluster-id': {
    type: 'string',
    help: 'uid of namespace kube-system, which identifies the cluster; needed with --namespaces. Default: read from the API server.',
  },
  identity: { type: 'string', help: "Name of this process, such as the pod's. Default: the host's name." },
  'leader-elect': { type: 'boolean', default: false, help: 'Work only while holding the Lease.' },
  'leader-elect-lease-duration': {
    type: 'string',
    default: '15s',
    help: 'How long others wait for a leader that is silent. Default: 15s.',
  },
  'leader-elect-renew-deadline': {
    type: 'string',
    default: '10s',
    help: 'How long a leader leads without a renewal that was answered. Default: 10s.',
  },
  'leader-elect-retry-period': {
    type: 'string',
    default: '2s',
    help: 'Between two attempts to take or renew the Lease. Default: 2s.',
  },
  'journal-dir': {
    type: 'string',
    default: '/var/run/oauth-registrar',
    help: 'Memory-backed folder for answers not yet recorded.',
  },
  port: {
    type: 'string',
    default: '8080',
    help: 'Port of /livez, /readyz and /metrics; 0 for any free one.',
  },
  'metrics-authentication': {
    type: 'boolean',
    default: false,
    help: 'Serve /metrics only to callers who send a token of the cluster and have the right get of that path.',
  },
  inventory: {
    type: 'boolean',
    default: false,
    help: 'Serve the inventory page on a port of its own, to callers who send a token of the cluster; each sees what it may list.',
  },
  'inventory-port': {
    type: 'string',
    default: '8081',
    help: 'Port of the inventory page; 0 for any free one. Default: 8081.',
  },
  'tls-cert-file': {
    type: 'string',
    help: 'Certificate chain (PEM) by which the port serves HTTPS; read again when it changes. Default: plain HTTP.',
  },
  'tls-private-key-file': { type: 'string', help: 'Private key (PEM) of that certificate.' },
  'log-level': { type: 'string', default: 'info', help: 'debug, info, warn or error.' },
  'allow-http': { type: 'boolean', default: false, help: 'Permit http URLs. For tests and trials only.' },
  'allow-addresses': {
    type: 'string',
    multiple: true,
    help: 'Addresses (CIDR) of authorization servers that are refused otherwise, such as 127.0.0.0/8.',
  },
  'refuse-addresses': {
    type: 'string',
    multiple: true,
    help: 'Addresses (CIDR) that no AuthorizationServer may be at, such as those of Services and Pods. Default: none.',
  },
  'namespaced-server-hosts': {
    type: 'string',
    multiple: true,
    help: 'Hosts that an AuthorizationServer may use, such as *.example.com; it then may name no proxy. Default: any.',
  },
  'assertion-account': {
    type: 'string',
    default: 'oauth-registrar-assertion',
    help: "ServiceAccount in the operator's namespace, without any right, whose tokens admit the operator with authMethod ServiceAccountToken. Default: oauth-registrar-assertion.",
  },
  'bound-to-kinds': {
    type: 'string',
    multiple: true,
    help: 'Kinds that spec.lifetime.boundTo may name besides Pod and Job, such as sandboxes.v1alpha1.agents.x-k8s.io/Sandbox: plural.version.group/Kind. The operator needs the right to get them. Default: none.',
  },
  'rollout-restarts': {
    type: 'boolean',
    default: false,
    help: 'Restart workloads that spec.rolloutRestartTargets names, after a new credential. The operator needs the right to get and patch them, and to list Pods.',
  },
  'assertion-audiences': {
    type: 'string',
    multiple: true,
    help: 'Audiences, besides the issuer of the server, for which such a token may be issued. Default: none.',
  },
  'documents-namespace': {
    type: 'string',
    help: 'Namespace of the ConfigMaps with documents of clients, which oauth-registrar documents serves. Default: none are served.',
  },
  'document-base-urls': {
    type: 'string',
    multiple: true,
    help: 'Base URLs under which documents of clients of ClusterAuthorizationServers are served, such as https://clients.example.com.',
  },
  'namespaced-document-base-urls': {
    type: 'string',
    multiple: true,
    help: 'The same for AuthorizationServers; of other hosts, since servers trust documents by their host. Default: none.',
  },
  'reserved-secret-metadata': {
    type: 'string',
    multiple: true,
    help: `Labels and annotations, or prefixes that end with /, that spec.secret may not ask for. Default: ${RESERVED_SECRET_METADATA.join(',')}.`,
  },
  'namespace-memory': {
    type: 'string',
    default: String(SHARES.namespaceMemoryBytes.most / MIB),
    help: `MiB of memory for what is kept of the objects of one namespace. Default: ${SHARES.namespaceMemoryBytes.most / MIB}, some 4,000 OAuthClients.`,
  },
  help: { type: 'boolean', default: false, help: 'Print this.' },
} as const;

const seconds = z
  .string()
  .regex(/^(?=.)([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$/, 'must be a duration such as 15s')
  .transform(durationMs)
  .refine((ms) => ms > 0, 'must be at least 1s');

const baseUrls = z
  .array(z.string())
  .transform((values) => separate(values))
  .superRefine((urls, context) => {
    for (const url of urls) {
      const problem = baseUrlProblem(url);
      if (problem !== undefined) {
        context.addIssue({ code: 'custom', message: `${url} ${problem}` });
      }
    }
  })
  .optional();

/** Servers trust a document by its host, so nobody's documents may be under the host of others. */
function sharesHost(some: readonly string[] = [], others: readonly string[] = []): boolean {
  const hosts = new Set(some.map((url) => URL.parse(url)?.hostname));
  return others.some((url) => hosts.has(URL.parse(url)?.hostname));
}

/** With `@` and the id of a cluster, it fits into `status.installation`. */
const MAX_INSTALLATION = 189;

const schema = z
  .object({
    namespaces: z
      .array(
        z
          .string()
          .regex(/^[a-z0-9-]+(,[a-z0-9-]+)*$/, 'must be names of namespaces, with commas between them'),
      )
      .optional(),
    'bound-to-kinds': z
      .array(
        z
          .string()
          .refine(
            (list) => list.split(',').every((text) => toBindableKind(text) !== undefined),
            'must name kinds as plural.version.group/Kind, such as sandboxes.v1alpha1.agents.x-k8s.io/Sandbox',
          ),
      )
      .optional(),
    installation: z
      .string()
      .min(1)
      .max(MAX_INSTALLATION, `must have 1 to ${MAX_INSTALLATION} characters`)
      .optional(),
    'cluster-id': z
      .string()
      .regex(/^[A-Za-z0-9-]{1,63}$/, 'must be the uid of namespace kube-system')
      .optional(),
    port: z.coerce.number().int().min(0).max(65_535),
    inventory: z.boolean(),
    'inventory-port': z.coerce.number().int().min(0).max(65_535),
    'namespace-memory': z.coerce.number().int().min(1).max(65_536),
    'log-level': z.enum(['debug', 'info', 'warn', 'error']),
    'documents-namespace': z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be the name of a namespace')
      .optional(),
    'document-base-urls': baseUrls,
    'namespaced-document-base-urls': baseUrls,
    'tls-cert-file': z.string().min(1).optional(),
    'tls-private-key-file': z.string().min(1).optional(),
    'leader-elect-lease-duration': seconds,
    'leader-elect-renew-deadline': seconds,
    'leader-elect-retry-period': seconds,
  })
  .refine(
    (flags) => flags.namespaces === undefined || flags['cluster-id'] !== undefined,
    problemAt(
      'cluster-id',
      'is needed with --namespaces: kubectl get namespace kube-system -o jsonpath={.metadata.uid}',
    ),
  )
  .refine(
    (flags) => !flags.inventory || flags.port === 0 || flags['inventory-port'] !== flags.port,
    problemAt('inventory-port', 'must be another port than --port'),
  )
  .refine(
    (flags) => flags['tls-cert-file'] === undefined || flags['tls-private-key-file'] !== undefined,
    problemAt('tls-private-key-file', 'is needed with --tls-cert-file'),
  )
  .refine(
    (flags) => flags['tls-private-key-file'] === undefined || flags['tls-cert-file'] !== undefined,
    problemAt('tls-cert-file', 'is needed with --tls-private-key-file'),
  )
  .refine(
    (flags) =>
      flags['documents-namespace'] !== undefined ||
      (flags['document-base-urls'] ?? flags['namespaced-document-base-urls']) === undefined,
    problemAt('documents-namespace', 'is needed with base URLs of documents'),
  )
  .refine(
    (flags) => !sharesHost(flags['document-base-urls'], flags['namespaced-document-base-urls']),
    problemAt('namespaced-document-base-urls', 'must be of other hosts than --document-base-urls'),
  )
  .refine(
    (flags) => flags['leader-elect-renew-deadline'] < flags['leader-elect-lease-duration'],
    problemAt('leader-elect-renew-deadline', 'must be less than --leader-elect-lease-duration'),
  )
  .refine(
    (flags) => 1.2 * flags['leader-elect-retry-period'] < flags['leader-elect-renew-deadline'],
    problemAt(
      'leader-elect-retry-period',
      'must leave room for a retry before --leader-elect-renew-deadline',
    ),
  );

function problemAt(flag: string, error: string) {
  return { path: [flag], error };
}

/** What to print for `--help`. */
export function usage(): string {
  return `Usage: oauth-registrar [flags]\n\n${flagLines(FLAGS)}\n`;
}

/** @returns the configuration, `help` where it was requested, or a message that says which flag is wrong. */
export function readConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config | 'help' | { readonly problem: string } {
  const read = readFlags(() => parse(args), schema);
  if ('problem' in read) {
    return read;
  }
  return read.values.help ? 'help' : toConfig(read.values, read.checked, env);
}

const parse = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: FLAGS, strict: true }).values;

function toConfig(
  values: ReturnType<typeof parse>,
  checked: z.infer<typeof schema>,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const hosts = values['namespaced-server-hosts'];
  return {
    kubeconfig: values.kubeconfig,
    namespace: values.namespace,
    namespaces: values.namespaces && [...new Set(separate(values.namespaces))].sort(),
    installation: values.installation,
    clusterId: values['cluster-id'],
    clusterName: values['cluster-name'],
    identity: values.identity ?? env['HOSTNAME'] ?? 'oauth-registrar',
    leaderElect: values['leader-elect'],
    lease: {
      durationMs: checked['leader-elect-lease-duration'],
      renewDeadlineMs: checked['leader-elect-renew-deadline'],
      retryPeriodMs: checked['leader-elect-retry-period'],
    },
    journalDir: values['journal-dir'],
    port: checked.port,
    inventoryPort: values.inventory ? checked['inventory-port'] : undefined,
    metricsAuthentication: values['metrics-authentication'],
    tls: tlsFilesOf(checked['tls-cert-file'], checked['tls-private-key-file']),
    logLevel: checked['log-level'],
    allowHttp: values['allow-http'],
    allowAddresses: separate(values['allow-addresses'] ?? []),
    refuseAddresses: separate(values['refuse-addresses'] ?? []),
    namespacedServerHosts: hosts && separate(hosts),
    assertionAccount: values['assertion-account'],
    boundToKinds: separate(values['bound-to-kinds'] ?? []).flatMap((text) => toBindableKind(text) ?? []),
    rolloutRestarts: values['rollout-restarts'],
    assertionAudiences: separate(values['assertion-audiences'] ?? []),
    reservedSecretMetadata: separate(values['reserved-secret-metadata'] ?? RESERVED_SECRET_METADATA),
    documents: hostingOf(checked),
    threads: Number(env['UV_THREADPOOL_SIZE']) || 4,
    namespaceMemoryBytes: checked['namespace-memory'] * MIB,
    proxy: {
      https: env['HTTPS_PROXY'] || env['https_proxy'],
      http: env['HTTP_PROXY'] || env['http_proxy'],
      no: env['NO_PROXY'] || env['no_proxy'],
    },
  };
}

const hostingOf = (checked: z.infer<typeof schema>): Config['documents'] =>
  checked['documents-namespace'] === undefined
    ? undefined
    : {
        namespace: checked['documents-namespace'],
        baseUrls: checked['document-base-urls'] ?? [],
        namespacedBaseUrls: checked['namespaced-document-base-urls'] ?? [],
      };

/** A flag may be given several times, or once with commas. */
const separate = (values: readonly string[]): readonly string[] =>
  values.flatMap((value) => value.split(',')).filter(Boolean);
