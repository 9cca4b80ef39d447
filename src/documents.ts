import { createKubernetesApi } from './adapters/kubernetes/api.ts';
import { type Connection, connect } from './adapters/kubernetes/connection.ts';
import { createReflector, type Reflector } from './adapters/kubernetes/reflector.ts';
import { systemClock } from './adapters/process/clock.ts';
import { ServedDocuments, startDocumentEndpoint } from './adapters/process/document-endpoint.ts';
import { createDocumentMetrics } from './adapters/process/document-metrics.ts';
import { startHttpEndpoint } from './adapters/process/health.ts';
import { systemRandom } from './adapters/process/random.ts';
import { RESOURCES } from './api/kubernetes.ts';
import { LABELS } from './api/names.ts';
import type { Clock, Log } from './controller/ports.ts';
import { toDocumentObject } from './core/served-document.ts';
import type { DocumentsConfig } from './documents-config.ts';

/**
 * Composition root of `oauth-registrar documents`: serves what the ConfigMaps of its namespace say, until a signal stops
 * it. Every replica serves: there is no lead. A watch that is lost takes nothing from what is served.
 *
 * @returns the exit code
 */
export async function serveDocuments(config: DocumentsConfig, log: Log): Promise<number> {
  const ending = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info('stopping', { signal });
      ending.resolve();
    });
  }
  const clock = { ...systemClock, earliest: systemClock.now };
  const connection = await connect({ clock, log, kubeconfig: config.kubeconfig, connections: 1 });
  const namespace = config.namespace ?? connection.namespace;
  if (namespace === undefined) {
    throw new Error("The namespace of the documents isn't known; set --namespace.");
  }
  const documents = new ServedDocuments();
  const state = { isReady: false };
  const reflector = watchDocuments(documents, { connection, namespace, clock, log });
  void reflector.synced.then(() => {
    state.isReady = true;
    log.info('serving', { documents: documents.size });
  });
  const isReady = () => state.isReady;
  const metrics = createDocumentMetrics(
    {
      served: () => documents.size,
      unreadable: () => documents.unreadable,
      silentMs: () => clock.monotonic() - reflector.lastActivity(),
    },
    { processMetrics: true },
  );
  const probes = await startHttpEndpoint({
    port: config.port,
    log,
    live: () => undefined,
    ready: () => (isReady() ? undefined : 'the documents are not read yet'),
    metrics: metrics.render,
  });
  const { documentsPort: port, tls } = config;
  const { answered } = metrics;
  const endpoint = await startDocumentEndpoint({ port, documents, isReady, tls, log, answered });
  log.info('started', { port: probes.port, documentsPort: endpoint.port, namespace });
  try {
    reflector.start();
    await ending.promise;
    return 0;
  } finally {
    await Promise.all([endpoint.close(), probes.close(), reflector.stop()]);
    await connection.close();
  }
}

/** Everything that the namespace has to serve. */
const watchDocuments = (
  documents: ServedDocuments,
  { connection, namespace, clock, log }: Following,
): Reflector =>
  createReflector({
    connection,
    api: createKubernetesApi(connection, { clock }),
    resource: RESOURCES.configMap,
    selection: { namespace, labelSelector: `${LABELS.document}=true` },
    transform: toDocumentObject,
    handlers: {
      knows: () => false,
      listed: (object) => documents.apply(object),
      replaced: (objects) => documents.keepOnly(new Set(objects.map(({ metadata }) => metadata.name))),
      applied: (object) => documents.apply(object),
      deleted: (object) => documents.remove(object),
    },
    clock,
    random: systemRandom,
    log,
  });

interface Following {
  readonly connection: Connection;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
}
