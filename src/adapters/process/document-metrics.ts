import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { metricOptions } from './metric-options.ts';
import { DOCUMENT_LABEL_VALUES, DOCUMENT_METRICS } from './metric-table.ts';

/** Counts what `oauth-registrar documents` answers. Nothing of it names a client or a tenant. No method throws or waits. */
interface DocumentMetrics {
  /** One answer at the port of documents. */
  answered(status: number): void;
  /** The text that `/metrics` serves. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** The present state, read at every scrape. */
interface DocumentView {
  /** How many documents are served. */
  readonly served: () => number;
  /** How many ConfigMaps can't be read. */
  readonly unreadable: () => number;
  /** Since the last event of the watch, in milliseconds. */
  readonly silentMs: () => number;
}

/** Metrics in a registry of their own. `processMetrics` adds Node's (default: false). */
export function createDocumentMetrics(
  view: DocumentView,
  { processMetrics = false }: { readonly processMetrics?: boolean } = {},
): DocumentMetrics {
  const registry = new Registry();
  if (processMetrics) {
    collectDefaultMetrics({ register: registry });
  }
  const as = metricOptions(DOCUMENT_METRICS, registry);
  const requests = new Counter(as('oauth_registrar_document_requests_total'));
  for (const status of DOCUMENT_LABEL_VALUES.oauth_registrar_document_requests_total.status) {
    requests.inc({ status }, 0);
  }
  const documents = new Gauge(as('oauth_registrar_documents'));
  const age = new Gauge(as('oauth_registrar_documents_view_age_seconds'));
  return {
    answered: (status) => requests.inc({ status: String(status) }),
    async render() {
      documents.set({ state: 'Served' }, view.served());
      documents.set({ state: 'Unreadable' }, view.unreadable());
      age.set(view.silentMs() / 1000);
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
