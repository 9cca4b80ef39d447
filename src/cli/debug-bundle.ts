import type { Selection } from '../adapters/kubernetes/paths.ts';
import { type KubernetesObject, RESOURCES, type Resource } from '../api/kubernetes.ts';
import { decodeEntries } from '../controller/durable/ledger-entry.ts';
import { LEDGER_NAME } from '../controller/durable/ledger-store.ts';
import { suspectsIn } from '../core/orphan-entry.ts';
import { Redaction } from '../core/redaction.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../core/suspects.ts';
import { UNREMOVED, unremovedIn } from '../core/unremoved-client.ts';
import type { Json } from '../oauth/json.ts';
import type { ClusterAccess } from './cluster.ts';
import { type AskedCall, commandFailure, type RefusedCall } from './failure.ts';
import { readList, readLists, selectedEntries } from './lists.ts';
import type { TarFile } from './tar.ts';
import { operatorNamespaceOf, versionsText, withOperatorNamespace } from './versions.ts';

/** What people send to others when something is wrong. It reads no Secret, and {@link Redaction} takes out the rest. */

const OPERATOR_PODS = 'app.kubernetes.io/name=oauth-registrar';
const OWN_METRIC = /^(# (HELP|TYPE) )?(oauth_registrar_|process_|nodejs_)/;

/** The files, with what could not be read in the last one. */
export async function debugFiles(cluster: ClusterAccess): Promise<readonly TarFile[]> {
  const gathering = new DebugGathering(await withOperatorNamespace(cluster));
  const files = [
    ...(await gathering.objects()),
    await gathering.events(),
    await gathering.ledger(),
    await gathering.lists(),
    ...(await gathering.metrics()),
    await gathering.versions(),
    gathering.missing(),
  ];
  return files.map(({ name, content }) => ({ name, content: gathering.redaction.text(content) }));
}

class DebugGathering {
  readonly redaction = new Redaction();
  readonly #cluster: ClusterAccess;
  readonly #missing: string[] = [];

  constructor(cluster: ClusterAccess) {
    this.#cluster = cluster;
  }

  /** First, since what is taken out of them is removed from all other files. */
  async objects(): Promise<readonly TarFile[]> {
    const { selection } = this.#cluster;
    const own = selection.namespace === undefined ? {} : { namespace: selection.namespace };
    const files: TarFile[] = [];
    for (const [resource, where] of [
      [RESOURCES.oauthClient, selection],
      [RESOURCES.authorizationServer, own],
      [RESOURCES.clusterAuthorizationServer, {}],
    ] as const) {
      const found = await this.#list(resource, where);
      files.push(this.#file(`${resource.plural}.json`, found));
    }
    return files;
  }

  async events(): Promise<TarFile> {
    const { namespace } = this.#cluster.selection;
    const where = namespace === undefined ? {} : { namespace };
    return this.#file('events.json', await this.#collect(RESOURCES.event, where, shownEvent));
  }

  async ledger(): Promise<TarFile> {
    const list = await readList(LEDGER_NAME, this.#cluster);
    if ('sentence' in list) {
      this.#missing.push(list.sentence);
      return this.#file('ledger.json', null);
    }
    const { data = {} } = list;
    const { epoch, holder, installation, version } = data as Readonly<Record<string, string>>;
    return this.#file('ledger.json', {
      ...{
        epoch: epoch ?? '',
        holder: holder ?? '',
        installation: installation ?? '',
        version: version ?? '',
      },
      entries: decodeEntries(data).filter(({ client }) => this.#isSelected(client.namespace)),
    });
  }

  /** Entries alone: a note of a person may hold anything. */
  async lists(): Promise<TarFile> {
    const { data, failures } = await readLists([SUSPECTS, OWN_SUSPECTS, UNREMOVED], this.#cluster);
    this.#missing.push(...failures.map(({ sentence }) => sentence));
    const suspects = [SUSPECTS, OWN_SUSPECTS].flatMap((name) => suspectsIn(data.get(name)));
    const { clients, unlisted } = unremovedIn(data.get(UNREMOVED));
    return this.#file('lists.json', {
      suspectedOrphans: selectedEntries(suspects, this.#cluster),
      unremovedClients: selectedEntries(clients, this.#cluster),
      unlisted,
    });
  }

  async metrics(): Promise<readonly TarFile[]> {
    const namespace = operatorNamespaceOf(this.#cluster);
    const pods = await this.#list(RESOURCES.pod, { namespace, labelSelector: OPERATOR_PODS });
    const files: TarFile[] = [];
    for (const pod of pods) {
      const { name } = pod.metadata;
      const target = metricsTarget(pod);
      if (target === undefined) {
        this.#missing.push(
          `Metrics of Pod ${namespace}/${name} are not read: no container has a port named http.`,
        );
        continue;
      }
      const found = await this.#cluster.text(`/api/v1/namespaces/${namespace}/pods/${target}/proxy/metrics`);
      if (found.ok) {
        const lines = found.object.split('\n').filter((line) => OWN_METRIC.test(line));
        files.push({ name: `metrics-${name}.txt`, content: `${lines.join('\n')}\n` });
      } else {
        this.#missing.push(`Metrics of Pod ${namespace}/${name} are not read: ${found.message}`);
      }
    }
    return files;
  }

  async versions(): Promise<TarFile> {
    const lines = [
      await versionsText(this.#cluster, undefined),
      `Node ${process.version}, ${process.platform}.`,
    ];
    const found = await this.#cluster.text('/version');
    lines.push(found.ok ? found.object : `The version of the API server is not read: ${found.message}`);
    return { name: 'versions.txt', content: `${lines.join('\n')}\n` };
  }

  missing(): TarFile {
    const lines = this.#missing.length === 0 ? ['Everything was read.'] : this.#missing;
    return { name: 'not-read.txt', content: `${lines.join('\n')}\n` };
  }

  #isSelected(namespace: string): boolean {
    const { selection } = this.#cluster;
    return selection.namespace === undefined || selection.namespace === namespace;
  }

  #list(resource: Resource, where: Selection): Promise<readonly KubernetesObject[]> {
    return this.#collect(resource, where, (raw) => raw);
  }

  /** What `convert` makes of the objects; one for which it returns `undefined` is not kept. */
  async #collect<R>(
    resource: Resource,
    where: Selection,
    convert: (raw: KubernetesObject) => R | undefined,
  ): Promise<readonly R[]> {
    const found = await this.#cluster.api.collect(resource, where, convert);
    if (found.ok) {
      return found.object.items;
    }
    this.#cannot(found, { verb: 'list', resource, namespace: where.namespace });
    return [];
  }

  #cannot(refused: RefusedCall, asked: AskedCall): void {
    this.#missing.push(commandFailure(refused, asked).sentence);
  }

  #file(name: string, value: unknown): TarFile {
    const plain = JSON.parse(JSON.stringify(value)) as Json;
    return { name, content: `${JSON.stringify(this.redaction.object(plain), null, 2)}\n` };
  }
}

interface OperatorPod extends KubernetesObject {
  readonly spec?: {
    readonly containers?: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
      readonly livenessProbe?: { readonly httpGet?: { readonly scheme?: string } };
    }[];
  };
}

/**
 * The port of the metrics, as the proxy of the API server names it: `[https:]POD:PORT`. It resolves no names of ports.
 * The port serves the probes, too, so it speaks the scheme of the liveness probe.
 *
 * @returns `undefined` if no container has a port named `http`
 */
function metricsTarget(pod: KubernetesObject): string | undefined {
  for (const { ports = [], livenessProbe } of (pod as OperatorPod).spec?.containers ?? []) {
    const port = ports.find(({ name }) => name === 'http')?.containerPort;
    if (port !== undefined) {
      const scheme = livenessProbe?.httpGet?.scheme === 'HTTPS' ? 'https:' : '';
      return `${scheme}${pod.metadata.name}:${port}`;
    }
  }
  return undefined;
}

interface SeenEvent extends KubernetesObject {
  readonly regarding?: { readonly apiVersion?: string };
}

const isAboutOurs = (event: KubernetesObject): boolean =>
  (event as SeenEvent).regarding?.apiVersion?.startsWith(`${RESOURCES.oauthClient.group}/`) === true;

/** What a person reads of an Event; `undefined`: it is about an object of others. */
function shownEvent(event: KubernetesObject): object | undefined {
  if (!isAboutOurs(event)) {
    return undefined;
  }
  const { type, reason, note, action, regarding, eventTime, series } = event as SeenEvent &
    Readonly<Record<string, unknown>>;
  return { type, reason, note, action, regarding, eventTime, series };
}
