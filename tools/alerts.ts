import { stringify } from 'yaml';

/**
 * The alerts: the one source of `deploy/monitoring/prometheus-rule.yaml`, of its copy in the chart, and of
 * docs/alerts.md. `npm run test:alerts` shows that each fires and keeps silent.
 */
export interface Alert {
  readonly name: string;
  /** PromQL. */
  readonly expr: string;
  /** How long the expression must hold. */
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  /** One sentence with the values of the labels. */
  readonly summary: string;
  readonly meaning: string;
  /** What to look at: Markdown, with commands. */
  readonly look: string;
  readonly cure: string;
}

/** An installation with another namespace replaces it: the chart does. */
const HERE = 'namespace="oauth-registrar-system"';

const CLIENTS = 'kubectl get oauthclients.oauth-registrar.dev -A';
const SERVERS = 'kubectl get clusterauthorizationservers.oauth-registrar.dev -o wide';
const PODS = 'kubectl -n oauth-registrar-system get pods,leases -o wide';
const LOGS = 'kubectl -n oauth-registrar-system logs deploy/oauth-registrar --since=1h';
const sh = (...lines: readonly string[]) => ['```sh', ...lines, '```'].join('\n');

export const ALERTS: readonly Alert[] = [
  {
    name: 'OAuthRegistrarDown',
    expr: `absent(oauth_registrar_leader{${HERE}})`,
    for: '5m',
    severity: 'critical',
    summary: 'No Pod of the operator is scraped.',
    meaning:
      'No Pod of the operator runs, or Prometheus cannot read its metrics. Workloads keep their Secrets and credentials; registrations, edits, renewals and deletions wait.',
    look: sh(PODS, 'kubectl -n oauth-registrar-system describe deployment oauth-registrar'),
    cure: 'If there is no Pod that runs: the Events of the Deployment and its Pods say why ([an install that does not start](operating.md#when-something-is-wrong)). If there is one: look at the targets of Prometheus, at the labels of the ServiceMonitor or PodMonitor, and at NetworkPolicies on port 8080.',
  },
  {
    name: 'OAuthRegistrarNoLeader',
    expr: `max(oauth_registrar_leader{${HERE}}) == 0`,
    for: '2m',
    severity: 'critical',
    summary: 'Pods of the operator run, and none of them leads.',
    meaning:
      'Every Pod waits for the Lease. After a leader that died, another one leads within 16 seconds; two minutes are too long.',
    look: sh(PODS, LOGS),
    cure: 'If the Lease names a Pod that is gone, look at the clock of the API server. If no Pod can write the Lease, the log says so with the field `cure`: apply the roles again, or let the operator through to the API server.',
  },
  {
    name: 'OAuthRegistrarWatchDeaf',
    expr: `max by (resource) (oauth_registrar_watch_last_event_age_seconds{${HERE}}) > 600`,
    for: '5m',
    severity: 'critical',
    summary: 'The operator has heard nothing of {{ $labels.resource }} for more than ten minutes.',
    meaning:
      'The API server sends a bookmark about once a minute, also when nothing changes. Without one, the operator does not hear of new objects, edits and deletions of this kind.',
    look: sh(LOGS, 'kubectl get --raw /readyz?verbose'),
    cure: 'Look at the API server and at what is between it and the operator. A restart of the operator opens all watches anew: `kubectl -n oauth-registrar-system rollout restart deployment oauth-registrar`. If the log says that a list of Secrets is refused, follow the field `cure`.',
  },
  {
    name: 'OAuthRegistrarServerNotReady',
    expr: `sum by (server, reason) (oauth_registrar_authorization_servers{${HERE},ready="False",server!="AuthorizationServer",reason!~"AdmissionRefused|Suspended"}) > 0`,
    for: '15m',
    severity: 'warning',
    summary: 'ClusterAuthorizationServer {{ $labels.server }} is not ready: {{ $labels.reason }}.',
    meaning:
      'Clients of this server cannot be registered, and perhaps not changed or removed. Those that exist go on working. AuthorizationServers belong to their namespaces and do not raise this alert.',
    look: sh(SERVERS, 'kubectl describe clusterauthorizationservers.oauth-registrar.dev SERVER'),
    cure: 'The condition `Ready` says in a sentence what is wrong and what to do; the [reason](reference.md#reasons) has cause and cure.',
  },
  {
    name: 'OAuthRegistrarServerRefused',
    expr: `sum by (server) (increase(oauth_registrar_client_changes_total{${HERE},outcome="Failed"}[15m])) > 10`,
    for: '0m',
    severity: 'warning',
    summary: '{{ $labels.server }} refused {{ $value | humanize }} changes of clients within 15 minutes.',
    meaning:
      'The server answers, and its answer is no. A few refusals are mistakes of tenants; many at once are most often a new policy, a quota or an upgrade of the server.',
    look: sh(`${LOGS} | grep '"msg":"audit"' | grep '"outcome":"Failed"'`, `${CLIENTS} -o wide`),
    cure: 'The lines of the audit trail have the words of the server. If they are about one value, look at the policy of the server; [its page](servers/README.md) names the settings.',
  },
  {
    name: 'OAuthRegistrarAdmissionRefused',
    expr: `sum by (server) (oauth_registrar_authorization_servers{${HERE},ready="False",server!="AuthorizationServer",reason="AdmissionRefused"}) > 0`,
    for: '5m',
    severity: 'critical',
    summary: 'ClusterAuthorizationServer {{ $labels.server }} refuses the credential of the operator.',
    meaning:
      'The initial access token, or another credential that admits to the registration endpoint, is expired, used up or revoked. No client can be registered there until another one is given.',
    look: sh('kubectl describe clusterauthorizationservers.oauth-registrar.dev SERVER'),
    cure: 'Put a valid credential into the Secret that the server object names. The operator notices at once and goes on.',
  },
  {
    name: 'OAuthRegistrarTokenLost',
    expr: `sum by (server) (increase(oauth_registrar_lost_tokens_total{${HERE}}[1h])) > 0`,
    for: '0m',
    severity: 'warning',
    summary: '{{ $labels.server }} refused registration access tokens within the last hour.',
    meaning:
      'A client cannot be changed or removed with its token any more. One client: somebody used or replaced its token. Several: the server may have lost its data or its keys, and the operator pauses updates there.',
    look: sh(`${CLIENTS} -o wide`, SERVERS),
    cure: 'Look at the server first: [the server lost its data](troubleshooting.md). If it is in order, ask for new credentials for the clients concerned ([how](using.md#new-credentials)).',
  },
  {
    name: 'OAuthRegistrarCredentialRefused',
    expr: `sum by (server) (increase(oauth_registrar_verifications_total{${HERE},result="Refused"}[1h])) > 0`,
    for: '0m',
    severity: 'warning',
    summary:
      'The token endpoint of {{ $labels.server }} refused credentials of clients within the last hour.',
    meaning:
      'A workload that asks for a token with the credential in its Secret is refused, too. One client: somebody changed or removed it at the server. Several: the server may have lost its data. Only server objects with `spec.verification` raise this alert.',
    look: sh(`${CLIENTS} -o wide`, SERVERS),
    cure: 'The condition `Verified` of each client says what was refused ([what it means](verification.md)). Look at the server first: [the server lost its data](troubleshooting.md). If it is in order, ask for new credentials for the clients concerned ([how](using.md#new-credentials)).',
  },
  {
    name: 'OAuthRegistrarOrphanSuspected',
    expr: `sum by (server) (oauth_registrar_suspected_orphans{${HERE}}) > 0`,
    for: '0m',
    severity: 'warning',
    summary:
      'At {{ $labels.server }}, {{ $value }} registrations got no answer: clients may exist that nobody manages.',
    meaning:
      'A registration was sent, and its answer was lost. The server may have made a client whose credentials nobody knows. The operator never sends a registration again without a record of this one.',
    look: sh('kubectl oauthclient orphans -A'),
    cure: 'It says how to look for each client at its server. Remove the client there if it exists, then resolve its entry with a note: `kubectl oauthclient resolve ENTRY --note TEXT`. Without [the plugin](plugin.md): ConfigMaps `oauth-registrar-suspected-orphans` and `…-namespaced` in the namespace of the operator, and [a note beside the entry](lifecycle.md#resolve-an-entry).',
  },
  {
    name: 'OAuthRegistrarClientsNotReady',
    expr: `sum by (server, reason) (oauth_registrar_clients_not_ready_for_long{${HERE}}) > 0`,
    for: '1m',
    severity: 'warning',
    summary:
      'At {{ $labels.server }}, {{ $value }} OAuthClients have not been Ready for 15 minutes: {{ $labels.reason }}.',
    meaning:
      'Workloads wait for their Secret, or lost it. Suspended clients, and those that ended as planned, do not count. With a reason such as `InvalidRedirectURI` the owner of the object must act; with many clients of one reason, look at the server.',
    look: sh(`${CLIENTS} -o wide`, 'kubectl describe oauthclients.oauth-registrar.dev -n NAMESPACE NAME'),
    cure: 'The condition `Ready` of each object says what to do; the [reason](reference.md#reasons) has cause and cure. If nobody needs a client, delete it.',
  },
  {
    name: 'OAuthRegistrarRenewalOverdue',
    expr: `sum by (server) (oauth_registrar_renewals_overdue{${HERE}}) > 0`,
    for: '0m',
    severity: 'critical',
    summary: 'At {{ $labels.server }}, {{ $value }} clients end within 48 hours and are not renewed.',
    meaning:
      'The client, its secret or its registration access token ends soon. Its renewal has been due for an hour: the server refuses it or cannot be called, or the object says that only a person may replace the client (`replacement.onExpiry`).',
    look: sh(
      `${CLIENTS} -o custom-columns='NAMESPACE:.metadata.namespace,NAME:.metadata.name,SECRET:.status.clientSecretExpiresAt,TOKEN:.status.registrationAccessTokenExpiresAt'`,
    ),
    cure: 'Look at the server and at the log. Else ask for new credentials yourself ([how](using.md#new-credentials)); the former ones work until their end.',
  },
  {
    name: 'OAuthRegistrarQueueNotDraining',
    expr: `min_over_time(oauth_registrar_queue_depth{${HERE}}[15m]) > 0 and delta(oauth_registrar_queue_depth{${HERE}}[15m]) >= 0`,
    for: '5m',
    severity: 'warning',
    summary: 'The queue of {{ $labels.pod }} has not become shorter for 15 minutes.',
    meaning:
      'Objects wait, and there are not fewer of them: the operator is slower than the changes, or stands still.',
    look: sh(LOGS, 'kubectl -n oauth-registrar-system top pods'),
    cure: 'Look at the time of calls in the metrics: a slow authorization server, or a slow API server (`oauth_registrar_ledger_write_duration_seconds`). A CPU limit is not needed and slows it down: remove it.',
  },
  {
    name: 'OAuthRegistrarMemoryNearLimit',
    expr: `process_resident_memory_bytes{${HERE}} / (oauth_registrar_memory_limit_bytes{${HERE}} > 0) > 0.9`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory.',
    meaning: 'At its limit the Pod is killed. Another one takes over, and meets the same limit.',
    look: sh('kubectl -n oauth-registrar-system top pods', `${CLIENTS} --no-headers | wc -l`),
    cure: 'Give it the memory that the number of clients needs: [Sizing](operating.md#sizing).',
  },
  {
    name: 'OAuthRegistrarWritesRefused',
    expr: `sum by (resource, code) (increase(oauth_registrar_kubernetes_requests_total{${HERE},verb!~"get|list",code=~"403|422|5.."}[15m])) > 10`,
    for: '0m',
    severity: 'warning',
    summary: 'The API server answered {{ $labels.code }} to writes of {{ $labels.resource }}.',
    meaning:
      'What the operator must store is refused: by a right that is missing, a quota, a policy or a fault of the API server.',
    look: sh(`${LOGS} | grep -E '"level":"(warn|error)"'`),
    cure: 'The field `message` has the words of the API server, and `cure` what to do. Roles: `kubectl apply -k deploy`, or `helm upgrade`. Quotas and policies: exempt the Secrets of the operator.',
  },
  {
    name: 'OAuthRegistrarServerSlow',
    expr: `histogram_quantile(0.95, sum by (server, le) (rate(oauth_registrar_authorization_server_request_duration_seconds_bucket{${HERE}}[15m]))) > 5`,
    for: '15m',
    severity: 'warning',
    summary: 'One in twenty calls to {{ $labels.server }} takes more than {{ $value | humanizeDuration }}.',
    meaning:
      'Clients of this server wait. At `connection.timeout` (30 seconds by default) answers are lost, and registrations become suspected orphans.',
    look: sh(SERVERS),
    cure: 'Look at the server. If it is always slow, raise `connection.timeout` of the server object, so that no answer is lost.',
  },
];

/** The anchor of an alert on its page. */
export const anchorOf = ({ name }: Pick<Alert, 'name'>): string => name.toLowerCase();

/** Where the page is; the chart puts `prometheusRule.runbooks` in its place. */
const PAGE = 'docs/alerts.md';

/** The PrometheusRule, as YAML. */
export function prometheusRule(): string {
  const rules = ALERTS.map(({ name, expr, severity, summary, meaning, ...alert }) => ({
    alert: name,
    expr,
    for: alert.for,
    labels: { severity },
    annotations: { summary, description: meaning, runbook_url: `${PAGE}#${anchorOf({ name })}` },
  }));
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'oauth-registrar', namespace: 'oauth-registrar-system' },
    spec: { groups: [{ name: 'oauth-registrar', rules }] },
  };
  const header = '# Generated from tools/alerts.ts by `npm run generate`. Do not edit.\n';
  return header + stringify(rule, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}

/** docs/alerts.md. */
export function alertsPage(): string {
  return `# Alerts

For people who are on call for the operator.

Generated from \`tools/alerts.ts\` by \`npm run generate\`. The rules are in
[deploy/monitoring/prometheus-rule.yaml](../deploy/monitoring/prometheus-rule.yaml); the chart makes them with
\`prometheusRule.enabled=true\`, for the namespace of the release, and with links to where you publish this page
(\`prometheusRule.runbooks\`). Thresholds are starting points: tune them. \`npm run test:alerts\` loads the rules into
promtool and shows for each alert that it fires, and that it keeps silent. The metrics:
[reference](reference.md#metrics). Names of namespaces below are those of the manifests.

| Alert | Severity | When |
| --- | --- | --- |
${ALERTS.map((alert) => `| [${alert.name}](#${anchorOf(alert)}) | ${alert.severity} | ${withoutValues(alert.summary)} |`).join('\n')}

${ALERTS.map(section).join('\n\n')}
`;
}

/** A template of Prometheus shows values that the page does not have. */
const withoutValues = (summary: string): string =>
  summary.replace(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*').replace(/\{\{ \$value[^}]*\}\}/g, '*n*');

function section({ name, expr, severity, meaning, look, cure, ...alert }: Alert): string {
  const waits = alert.for === '0m' ? 'at once' : `after ${alert.for}`;
  return `## ${name}

${meaning} Severity ${severity}, fires ${waits}.

\`\`\`promql
${expr}
\`\`\`

Look:

<!-- not run: commands for a cluster in which this alert fires -->
${look}

${cure}`;
}
