import * as z from 'zod';

/**
 * The values of the Helm chart: the one source of `deploy/chart/values.yaml` and `values.schema.json`. Descriptions
 * become comments. What a pattern would refuse with a regular expression in its message is checked by the chart's
 * templates, which answer with a sentence.
 */
const strings = z.array(z.string());
const stringMap = z.record(z.string(), z.string());
const anyMap = z.record(z.string(), z.unknown());
const port = z.int().min(1).max(65_535);

const monitor = (what: string) =>
  z
    .strictObject({
      enabled: z.boolean().default(false).describe(`Makes the ${what}; its kind must be installed.`),
      interval: z
        .string()
        .default('')
        .describe('Time between scrapes, such as 30s. Default: that of Prometheus.'),
      labels: stringMap.default({}).describe('Labels by which your Prometheus selects it.'),
    })
    .prefault({});

const boundsOfNamespace = z.strictObject({
  servers: strings.optional(),
  redirectHosts: strings.optional(),
  scopes: strings.optional(),
  grantTypes: strings.optional(),
  tokenEndpointAuthMethods: strings.optional(),
});

export const chartValues = z.strictObject({
  image: z
    .strictObject({
      repository: z
        .string()
        .min(1)
        .default('oauth-registrar')
        .describe('Registry and name. The default is in no registry: name your own.'),
      tag: z.string().default('dev').describe('Ignored if digest is set.'),
      digest: z
        .string()
        .default('')
        .describe('sha256:…; names one image for ever, while a tag may be pushed again.'),
      pullPolicy: z
        .enum(['', 'Always', 'IfNotPresent', 'Never'])
        .default('')
        .describe('Default: that of Kubernetes.'),
      pullSecrets: strings.default([]).describe('Names of Secrets with registry credentials.'),
    })
    .prefault({})
    .describe('The image of the operator.'),
  replicas: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe('One leads, the others wait. 0 stops the operator; workloads keep their Secrets.'),
  namespaces: strings
    .default([])
    .describe(
      'Namespaces that the operator serves; it gets no right outside of them, and serves no ClusterAuthorizationServer. They must exist. Empty: all namespaces.',
    ),
  clusterId: z
    .string()
    .default('')
    .describe(
      'With namespaces: the uid of namespace kube-system. Default: helm install and upgrade look it up; helm template and GitOps tools need it: kubectl get namespace kube-system -o jsonpath={.metadata.uid}',
    ),
  crds: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Installs and upgrades the definitions. false if another release of the cluster has them.'),
      keep: z
        .boolean()
        .default(true)
        .describe(
          'Whether helm uninstall leaves the definitions, and with them every OAuthClient. The guard refuses their deletion in any case, until a person permits it.',
        ),
    })
    .prefault({})
    .describe('CustomResourceDefinitions.'),
  shared: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('false in every release of a cluster but one. Uninstall the release that has them last.'),
    })
    .prefault({})
    .describe('What all installs of a cluster have in common: the two policies, and the roles of people.'),
  finalizerPolicy: z
    .strictObject({ enabled: z.boolean().default(false).describe('Needs Kubernetes 1.36.') })
    .prefault({})
    .describe('The API server adds the finalizer to each OAuthClient, which saves one write per client.'),
  tenantPolicies: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe(
          'Makes the policies, ClusterRole oauth-registrar-restore, and ConfigMap oauth-registrar-tenants with the bounds.',
        ),
      bounds: z
        .record(z.string(), boundsOfNamespace)
        .default({})
        .describe(
          'Namespace → its servers, redirectHosts, scopes, grantTypes and tokenEndpointAuthMethods, each a list. Name _default stands for the namespaces that lack that list. No list: no bound. docs/security.md has an example.',
        ),
    })
    .prefault({})
    .describe(
      "The API server refuses OAuthClients that are outside of their namespace's bounds, and writes of records and status by others than the operator.",
    ),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Level of the log.'),
  installation: z
    .string()
    .default('')
    .describe('Name of this install, written into status. Default: its namespace.'),
  clusterName: z
    .string()
    .default('')
    .describe('What {cluster} stands for in defaults of servers. Default: the name of the install.'),
  boundToKinds: z
    .array(
      z.strictObject({
        group: z.string().describe('Its API group, such as agents.x-k8s.io; empty for the core group.'),
        version: z.string().min(1).describe('Its version, such as v1alpha1.'),
        kind: z.string().min(1).describe('The kind, such as Sandbox.'),
        resource: z.string().min(1).describe('Its plural, such as sandboxes.'),
      }),
    )
    .default([])
    .describe(
      'Kinds that spec.lifetime.boundTo may name besides Pod and Job: lists of group, version, kind and resource. The operator may get their objects. docs/bound-to.md.',
    ),
  rolloutRestarts: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe(
          'Lets the operator restart them in namespaces with the label oauth-registrar.dev/rollout-restarts: "true".',
        ),
    })
    .prefault({})
    .describe(
      'Restarts of the Deployments, StatefulSets and DaemonSets that spec.rolloutRestartTargets names, after a new credential. An admission policy lets the operator change nothing else of them. docs/rollout-restarts.md.',
    ),
  assertionAudiences: strings
    .default([])
    .describe(
      'Audiences, besides the issuer of a ClusterAuthorizationServer, for which a token of the ServiceAccount oauth-registrar-assertion may be issued (authMethod ServiceAccountToken).',
    ),
  egress: z
    .strictObject({
      allowHttp: z.boolean().default(false).describe('Permits http URLs. For trials only.'),
      allowAddresses: strings
        .default([])
        .describe(
          'CIDRs of authorization servers that the operator refuses otherwise, such as loopback addresses.',
        ),
      refuseAddresses: strings
        .default([])
        .describe('CIDRs that no AuthorizationServer may be at, such as those of Services, Pods and nodes.'),
      namespacedServerHosts: strings
        .default([])
        .describe(
          'Hosts that an AuthorizationServer of a namespace may use, such as *.example.com. Empty: any.',
        ),
      authorizationServers: z
        .array(z.strictObject({ cidr: z.string(), ports: z.array(port).min(1).default([443]) }))
        .default([])
        .describe(
          'Servers at addresses that the NetworkPolicy does not permit otherwise (private ones, or another port than 443): a list of cidr and ports.',
        ),
    })
    .prefault({})
    .describe('What the operator may call. The first four are checked by the operator itself.'),
  networkPolicy: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe(
          'Permits in: the metrics port, and the inventory page where it is enabled. Out: DNS, the API server, port 443 of public addresses, and egress.authorizationServers. Nothing else.',
        ),
      metricsFrom: z
        .array(anyMap)
        .default([])
        .describe(
          'Who may read metrics, those of documents, too: peers of a NetworkPolicy, such as a namespaceSelector. Empty: everybody. Kubelets may always.',
        ),
      inventoryFrom: z
        .array(anyMap)
        .default([])
        .describe(
          'Who may reach the inventory page, if inventory.enabled: peers of a NetworkPolicy, such as an ingress. Empty: everybody.',
        ),
      dnsTo: z
        .array(anyMap)
        .default([])
        .describe('Where DNS is: peers of a NetworkPolicy. Empty: port 53 of every address.'),
      apiServer: z
        .strictObject({
          cidrs: strings
            .default([])
            .describe(
              'Addresses of the API server. Default: helm install and upgrade look up those of Service kubernetes and behind it; helm template and GitOps tools need them. If they change, upgrade.',
            ),
          ports: z.array(port).default([443, 6443]).describe('Its ports, before and behind the Service.'),
        })
        .prefault({})
        .describe('The API server.'),
    })
    .prefault({})
    .describe(
      'A NetworkPolicy for the operator. It needs a network plug-in that enforces policies. That of documents then permits out the API server alone.',
    ),
  podDisruptionBudget: z
    .strictObject({ enabled: z.boolean().default(true).describe('Made if there are two replicas or more.') })
    .prefault({})
    .describe('Keeps one Pod while nodes are drained.'),
  topologySpread: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Prefers different nodes and zones for the Pods.'),
    })
    .prefault({})
    .describe('Where the Pods run.'),
  nodeSelector: stringMap.default({}).describe('Labels of the nodes that the Pods may use.'),
  tolerations: z.array(anyMap).default([]).describe('Taints that the Pods tolerate.'),
  affinity: anyMap.default({}).describe('Affinity of the Pods.'),
  priorityClassName: z
    .string()
    .default('')
    .describe('PriorityClass of the Pods, such as system-cluster-critical. Default: that of the cluster.'),
  flowControl: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Makes a FlowSchema and its PriorityLevelConfiguration.'),
      matchingPrecedence: z.int().min(1).max(10_000).default(1_000).describe('Lower is asked first.'),
      nominalConcurrencyShares: z
        .int()
        .min(0)
        .max(10_000)
        .default(10)
        .describe('Share of the API server that the operator has beside the others.'),
    })
    .prefault({})
    .describe('A share of the API server for the operator alone: API priority and fairness.'),
  resources: anyMap
    .default({ requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } })
    .describe('Enough for 5,000 clients: docs/operating.md. Set no CPU limit.'),
  journal: z
    .strictObject({ sizeLimit: z.string().min(1).default('16Mi').describe('Part of the memory limit.') })
    .prefault({})
    .describe('Answers of servers that are not recorded yet: a volume in memory.'),
  extraArgs: strings.default([]).describe('Further flags of the operator, such as --namespace-memory=64.'),
  env: z
    .array(anyMap)
    .default([])
    .describe('Further variables of the container, such as HTTPS_PROXY: a list of name and value.'),
  commonLabels: stringMap.default({}).describe('Labels of every object, and of the Pods.'),
  podAnnotations: stringMap.default({}).describe('Annotations of the Pods.'),
  metrics: z
    .strictObject({
      authentication: z
        .boolean()
        .default(false)
        .describe(
          'Serves /metrics only to callers with a token of the cluster and the right to get /metrics. Bind ClusterRole oauth-registrar-metrics-reader to the account of Prometheus.',
        ),
      tokenSecret: z
        .strictObject({
          name: z
            .string()
            .default('')
            .describe('Default: a ServiceMonitor has Prometheus send the token of its own account.'),
          key: z.string().min(1).default('token').describe('Key of the token.'),
        })
        .prefault({})
        .describe('Secret of the namespace with the token that Prometheus sends. A PodMonitor needs it.'),
      tlsSecret: z
        .string()
        .default('')
        .describe(
          'Secret of type kubernetes.io/tls by which the port serves HTTPS, for probes and metrics. Its ca.crt verifies it.',
        ),
    })
    .prefault({})
    .describe('Who may read metrics, and how they travel.'),
  inventory: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Serves the page at port 8081 of Service oauth-registrar-inventory.'),
    })
    .prefault({})
    .describe(
      'The inventory page, for callers with a token of the cluster: each sees what it may list. HTTPS with metrics.tlsSecret. docs/inventory.md.',
    ),
  documents: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Makes the namespace of documents, and in it a Deployment that serves them.'),
      namespace: z
        .string()
        .default('')
        .describe(
          'Name of that namespace. Default: oauth-registrar-documents, and with listed namespaces that of the release with -documents behind it.',
        ),
      baseUrls: strings
        .default([])
        .describe(
          'Base URLs for ClusterAuthorizationServers, such as https://clients.example.com; at most 60 characters.',
        ),
      namespacedBaseUrls: strings
        .default([])
        .describe(
          'Base URLs for AuthorizationServers, of other hosts: servers trust documents by their host. Empty: none may have documents.',
        ),
      replicas: z.int().min(1).max(10).default(2).describe('Every one serves.'),
      resources: anyMap
        .default({ requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '192Mi' } })
        .describe('Enough for 5,000 documents.'),
      httpRoute: z
        .strictObject({
          enabled: z
            .boolean()
            .default(false)
            .describe('Makes an HTTPRoute for the base URLs; its kind must be installed.'),
          parentRefs: z
            .array(anyMap)
            .default([])
            .describe('The Gateways that end HTTPS, such as {name: public, namespace: gateways}.'),
        })
        .prefault({})
        .describe('Leads the base URLs to the documents, by the Gateway API.'),
      ingress: z
        .strictObject({
          enabled: z.boolean().default(false).describe('Makes an Ingress for the base URLs.'),
          className: z.string().default('').describe('Default: that of the cluster.'),
          annotations: stringMap
            .default({})
            .describe('Annotations, such as those of your issuer of certificates.'),
          tlsSecret: z
            .string()
            .default('')
            .describe('Secret of the namespace of documents with the certificate of all hosts.'),
        })
        .prefault({})
        .describe('The same, by an Ingress. It must not rewrite paths, nor the header Host.'),
    })
    .prefault({})
    .describe('Clients that a document identifies instead of a registration: docs/documents.md.'),
  serviceMonitor: monitor('ServiceMonitor and a Service').describe(
    'For the Prometheus operator. Choose one of the two monitors.',
  ),
  podMonitor: monitor('PodMonitor').describe('For the Prometheus operator: without a Service.'),
  prometheusRule: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Makes the PrometheusRule; its kind must be installed.'),
      labels: stringMap.default({}).describe('Labels by which your Prometheus selects it.'),
      runbooks: z
        .string()
        .min(1)
        .default('docs/alerts.md')
        .describe('Where you publish docs/alerts.md, as a URL; the anchor of the alert follows.'),
      groups: z.array(anyMap).default([]).describe('Further groups of rules.'),
    })
    .prefault({})
    .describe('Alerts for the Prometheus operator: docs/alerts.md.'),
  dashboard: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Makes a ConfigMap with the dashboard.'),
      labels: stringMap
        .default({ grafana_dashboard: '1' })
        .describe('Labels by which the sidecar of Grafana selects it.'),
      dashboards: stringMap.default({}).describe('Further dashboards: name of a file → its JSON.'),
    })
    .prefault({})
    .describe('The dashboard for Grafana: docs/operating.md.'),
  extraObjects: z
    .array(anyMap)
    .default([])
    .describe(
      'Further objects of the release, as they are. deploy/chart/samples/cilium-network-policy.yaml is one that names hosts.',
    ),
  global: anyMap.optional().describe('Ignored. Helm adds it if this chart is a part of another one.'),
});

export type ChartValues = z.input<typeof chartValues>;
