import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/**
 * The dashboard: the one source of `deploy/monitoring/dashboard.json` and of its copy in the chart. A test parses each
 * expression against the table of the metrics.
 */
export interface Panel {
  readonly title: string;
  /** The question that it answers. */
  readonly description: string;
  /** Unit of Grafana. */
  readonly unit: 'short' | 's' | 'bytes' | 'percentunit' | 'ops';
  readonly queries: readonly Query[];
}

interface Query {
  readonly expr: string;
  /** Names a line, with labels in double braces. */
  readonly legend: string;
}

/** A number, red from `red` on where more is worse. */
export interface Stat extends Panel {
  readonly red?: number;
}

export interface Row {
  readonly title: string;
  readonly stats?: readonly Stat[];
  readonly graphs?: readonly Panel[];
}

const HERE = 'namespace="$namespace"';
const of = (name: string, more = '') => `${name}{${HERE}${more === '' ? '' : `,${more}`}}`;
/** Changes of a counter for each second. */
const rate = (name: string, more = '') => `rate(${of(name, more)}[$__rate_interval])`;
const quantile = (share: number, name: string, by = '') =>
  `histogram_quantile(${share}, sum by (le${by === '' ? '' : `, ${by}`}) (${rate(`${name}_bucket`)}))`;

export const ROWS: readonly Row[] = [
  {
    title: 'Now',
    stats: [
      {
        title: 'Pods that lead',
        description: 'Does an operator work? Exactly one leads.',
        unit: 'short',
        queries: [{ expr: `sum(${of('oauth_registrar_leader')})`, legend: '' }],
      },
      {
        title: 'Clients',
        description: 'How many OAuthClients are there?',
        unit: 'short',
        queries: [{ expr: `sum(${of('oauth_registrar_clients')})`, legend: '' }],
      },
      {
        title: 'Not Ready for 15 minutes',
        description:
          'Does anybody wait for longer than usual? Without suspended clients and those that ended as planned.',
        unit: 'short',
        red: 1,
        queries: [
          { expr: `sum(${of('oauth_registrar_clients_not_ready_for_long')}) or vector(0)`, legend: '' },
        ],
      },
      {
        title: 'Renewals overdue',
        description: 'Will a workload lose its client within 48 hours?',
        unit: 'short',
        red: 1,
        queries: [{ expr: `sum(${of('oauth_registrar_renewals_overdue')}) or vector(0)`, legend: '' }],
      },
      {
        title: 'Suspected orphans',
        description: 'For how many registrations must somebody look at a server?',
        unit: 'short',
        red: 1,
        queries: [{ expr: `sum(${of('oauth_registrar_suspected_orphans')}) or vector(0)`, legend: '' }],
      },
      {
        title: 'Owed or left behind',
        description: 'How many clients at servers belong to no object any more?',
        unit: 'short',
        red: 1,
        queries: [
          {
            expr: `sum(${of('oauth_registrar_registrations', 'role=~"owed|left-behind"')}) or vector(0)`,
            legend: '',
          },
        ],
      },
      {
        title: 'Servers not ready',
        description: 'How many server objects cannot be used?',
        unit: 'short',
        red: 1,
        queries: [
          {
            expr: `sum(${of('oauth_registrar_authorization_servers', 'ready!="True"')}) or vector(0)`,
            legend: '',
          },
        ],
      },
      {
        title: 'Memory of its limit',
        description: 'Is the operator about to be killed for its memory?',
        unit: 'percentunit',
        red: 0.9,
        queries: [
          {
            expr: `max(${of('process_resident_memory_bytes')} / (${of('oauth_registrar_memory_limit_bytes')} > 0))`,
            legend: '',
          },
        ],
      },
    ],
  },
  {
    title: 'Clients',
    graphs: [
      {
        title: 'Clients by what is true of them',
        description:
          'How many clients work? Ready and not as the spec wants it: an edit waits, or is refused.',
        unit: 'short',
        queries: [
          {
            expr: `sum by (ready, condition) (${of('oauth_registrar_clients')})`,
            legend: 'Ready {{ready}}, {{condition}}',
          },
        ],
      },
      {
        title: 'Clients that are not Ready, by reason',
        description: 'Why do clients not work?',
        unit: 'short',
        queries: [
          {
            expr: `sum by (server, reason) (${of('oauth_registrar_clients', 'ready!="True"')})`,
            legend: '{{server}}: {{reason}}',
          },
        ],
      },
      {
        title: 'From creation to Ready',
        description: 'How long does a new workload wait for its client?',
        unit: 's',
        queries: [
          { expr: quantile(0.5, 'oauth_registrar_client_ready_seconds'), legend: 'half of them' },
          { expr: quantile(0.95, 'oauth_registrar_client_ready_seconds'), legend: '95 of 100' },
        ],
      },
      {
        title: 'Changes at authorization servers',
        description: 'What is done, and how does it end? The audit trail has the same events.',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (event, outcome) (${rate('oauth_registrar_client_changes_total')})`,
            legend: '{{event}} {{outcome}}',
          },
        ],
      },
      {
        title: 'What ends',
        description: 'How much must be renewed, or ends, in the next 1, 7 and 30 days?',
        unit: 'short',
        queries: [
          {
            expr: `max by (what, within) (${of('oauth_registrar_ends')})`,
            legend: '{{what}} within {{within}}',
          },
        ],
      },
      {
        title: 'Registered clients by role',
        description: 'What exists at the servers, and what of it does nobody use?',
        unit: 'short',
        queries: [
          {
            expr: `sum by (role) (${of('oauth_registrar_registrations')})`,
            legend: '{{role}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Authorization servers',
    graphs: [
      {
        title: 'Calls by outcome',
        description: 'What do the servers answer?',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (server, outcome) (${rate('oauth_registrar_authorization_server_requests_total')})`,
            legend: '{{server}} {{outcome}}',
          },
        ],
      },
      {
        title: 'Duration of calls, 95 of 100',
        description: 'Is a server slow?',
        unit: 's',
        queries: [
          {
            expr: quantile(
              0.95,
              'oauth_registrar_authorization_server_request_duration_seconds',
              'server, call',
            ),
            legend: '{{server}} {{call}}',
          },
        ],
      },
      {
        title: 'Gates that are not open',
        description: 'Which server keeps clients waiting, and how?',
        unit: 'short',
        queries: [
          {
            expr: `sum by (server, gate) (${of('oauth_registrar_authorization_server_gates', 'gate!="Open"')})`,
            legend: '{{server}} {{gate}}',
          },
        ],
      },
      {
        title: 'Pauses that servers asked for',
        description: 'When do calls go on?',
        unit: 's',
        queries: [
          {
            expr: `max by (server, calls) (${of('oauth_registrar_authorization_server_pause_seconds')})`,
            legend: '{{server}} {{calls}}',
          },
        ],
      },
      {
        title: 'Lost answers and lost tokens',
        description: 'Did a server lose data, or answers on the way?',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (server) (${rate('oauth_registrar_suspected_orphans_total')})`,
            legend: 'answers of {{server}}',
          },
          {
            expr: `sum by (server) (${rate('oauth_registrar_lost_tokens_total')})`,
            legend: 'tokens at {{server}}',
          },
          {
            expr: `sum by (server, result) (${rate('oauth_registrar_verifications_total')})`,
            legend: 'credentials {{result}} at {{server}}',
          },
        ],
      },
      {
        title: 'What servers can do',
        description: 'Which servers leave clients behind, or need another client for each edit?',
        unit: 'short',
        queries: [
          {
            expr: `sum by (server, capability) (${of('oauth_registrar_authorization_server_capabilities')})`,
            legend: '{{server}} {{capability}}',
          },
        ],
      },
    ],
  },
  {
    title: 'The operator',
    graphs: [
      {
        title: 'Objects that wait',
        description: 'Is there more work than the operator does?',
        unit: 'short',
        queries: [{ expr: `sum(${of('oauth_registrar_queue_depth')})`, legend: 'in the queue' }],
      },
      {
        title: 'Reconciliations',
        description: 'Does it work, and does it fail?',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (result) (${rate('oauth_registrar_reconciles_total')})`,
            legend: '{{result}}',
          },
        ],
      },
      {
        title: 'Calls to the API server',
        description: 'Does the API server refuse what the operator needs? Code 0 had no answer.',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (verb, resource, code) (${rate('oauth_registrar_kubernetes_requests_total')})`,
            legend: '{{verb}} {{resource}} {{code}}',
          },
        ],
      },
      {
        title: 'Writes of the ledger',
        description: 'Every registration waits for one: does the API server slow it down?',
        unit: 's',
        queries: [
          { expr: quantile(0.5, 'oauth_registrar_ledger_write_duration_seconds'), legend: 'half of them' },
          { expr: quantile(0.95, 'oauth_registrar_ledger_write_duration_seconds'), legend: '95 of 100' },
        ],
      },
      {
        title: 'Calls in the ledger',
        description: 'How many calls would be in doubt if the operator stopped now?',
        unit: 'short',
        queries: [{ expr: `sum by (state) (${of('oauth_registrar_ledger_entries')})`, legend: '{{state}}' }],
      },
      {
        title: 'Time since the last event of a watch',
        description: 'Does the operator still hear of changes? A bookmark comes about once a minute.',
        unit: 's',
        queries: [
          {
            expr: `max by (resource) (${of('oauth_registrar_watch_last_event_age_seconds')})`,
            legend: '{{resource}}',
          },
        ],
      },
      {
        title: 'Memory',
        description: 'Is it near its limit?',
        unit: 'bytes',
        queries: [
          { expr: `sum by (pod) (${of('process_resident_memory_bytes')})`, legend: '{{pod}}' },
          { expr: `max(${of('oauth_registrar_memory_limit_bytes')} > 0)`, legend: 'limit' },
        ],
      },
      {
        title: 'Processors',
        description: 'How much work is it?',
        unit: 'short',
        queries: [{ expr: `sum by (pod) (${rate('process_cpu_seconds_total')})`, legend: '{{pod}}' }],
      },
    ],
  },
];

/** Grafana's grid has 24 columns. */
const STAT = { width: 3, height: 4 };
const GRAPH = { width: 12, height: 8 };

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own variable
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The dashboard as Grafana imports it, as JSON. */
export function dashboardJson(): string {
  const builder = new DashboardBuilder('oauth-registrar')
    .uid('oauth-registrar')
    .description('OAuth clients of this cluster, the servers where they are registered, and the operator.')
    .tags(['oauth', 'kubernetes'])
    .refresh('1m')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('namespace')
        .label('Namespace of the operator')
        .datasource(DATASOURCE)
        .query('label_values(oauth_registrar_leader, namespace)')
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  for (const { title, stats = [], graphs = [] } of ROWS) {
    builder.withRow(new RowBuilder(title));
    for (const stat of stats) {
      builder.withPanel(statPanel(stat));
    }
    for (const graph of graphs) {
      builder.withPanel(graphPanel(graph));
    }
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`;
}

function statPanel({ red, ...panel }: Stat): StatBuilder {
  const steps = [
    { value: null, color: 'green' },
    ...(red === undefined ? [] : [{ value: red, color: 'red' }]),
  ];
  const builder = new StatBuilder()
    .title(panel.title)
    .description(panel.description)
    .unit(panel.unit)
    .datasource(DATASOURCE)
    .height(STAT.height)
    .span(STAT.width)
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  for (const target of targetsOf(panel)) {
    builder.withTarget(target.instant());
  }
  return builder;
}

function graphPanel(panel: Panel): TimeseriesBuilder {
  const builder = new TimeseriesBuilder()
    .title(panel.title)
    .description(panel.description)
    .unit(panel.unit)
    .datasource(DATASOURCE)
    .min(0)
    .height(GRAPH.height)
    .span(GRAPH.width)
    .fillOpacity(10);
  for (const target of targetsOf(panel)) {
    builder.withTarget(target.range());
  }
  return builder;
}

const targetsOf = ({ queries }: Panel): readonly DataqueryBuilder[] =>
  queries.map(({ expr, legend }, index) =>
    new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(legend),
  );
