import { parser } from '@prometheus-io/lezer-promql';
import { LABEL_VALUES, METRICS, type MetricRow } from '../../../src/adapters/process/metric-table.ts';

/** Labels that Prometheus adds to every sample of a Pod. */
const OF_TARGET = ['namespace', 'pod', 'job', 'instance'];

/** What expressions use of the metrics of the process and of Node.js, which prom-client makes. */
const OF_PROCESS: Readonly<Record<string, MetricRow>> = {
  process_resident_memory_bytes: { type: 'gauge', labels: [], help: '', answers: '' },
  process_cpu_seconds_total: { type: 'counter', labels: [], help: '', answers: '' },
};

type Node = ReturnType<typeof parser.parse>['topNode'];

/**
 * What is wrong with an expression of PromQL, one sentence each: it does not parse, or a metric, a label or a value of a
 * label does not exist in the table of the metrics.
 */
export function faultsOf(expression: string): readonly string[] {
  const { topNode } = parser.parse(expression);
  const broken = nodesOf(topNode).some(({ type }) => type.isError);
  const selectors = named(topNode, 'VectorSelector');
  return broken || selectors.length === 0
    ? [`does not parse: ${expression}`]
    : [
        ...selectors.flatMap((selector) => faultsOfSelector(selector, expression)),
        ...[...named(topNode, 'AggregateExpr'), ...named(topNode, 'BinaryExpr')].flatMap((grouped) =>
          faultsOfGrouping(grouped, expression),
        ),
      ];
}

/** The names of the metrics that an expression reads. */
export const metricsIn = (expression: string): readonly string[] =>
  named(parser.parse(expression).topNode, 'VectorSelector').map((selector) => nameOf(selector, expression));

/** The labels that the result of an expression can have. */
export function labelsIn(expression: string): readonly string[] {
  const { topNode } = parser.parse(expression);
  const grouping = named(topNode, 'AggregateModifier').flatMap((one) => named(one, 'LabelName'));
  return grouping.length > 0
    ? grouping.map((label) => textOf(label, expression))
    : [...OF_TARGET, ...named(topNode, 'VectorSelector').flatMap((one) => labelsOf(nameOf(one, expression)))];
}

function faultsOfSelector(selector: Node, expression: string): readonly string[] {
  const name = nameOf(selector, expression);
  const row = rowOf(name);
  if (row === undefined) {
    return [`no metric is named ${name}`];
  }
  return named(selector, 'UnquotedLabelMatcher').flatMap((matcher) => {
    const [label = '', value = ''] = ['LabelName', 'StringLiteral'].map((part) =>
      named(matcher, part)
        .map((node) => textOf(node, expression))
        .join(''),
    );
    if (!labelsOf(name).includes(label)) {
      return [`${name} has no label ${label}`];
    }
    const known = LABEL_VALUES[baseOf(name)]?.[label];
    // A template variable of a dashboard stands for any value.
    const wanted = value
      .slice(1, -1)
      .split('|')
      .filter((one) => !one.startsWith('$'));
    return known === undefined
      ? []
      : wanted
          .filter((one) => !known.includes(one))
          .map((one) => `label ${label} of ${name} is never ${one}`);
  });
}

function faultsOfGrouping(grouped: Node, expression: string): readonly string[] {
  const own = ['AggregateModifier', 'MatchingModifierClause'].flatMap((kind) =>
    grouped.getChildren(kind).flatMap((modifier) => named(modifier, 'LabelName')),
  );
  const inside = named(grouped, 'VectorSelector').flatMap((one) => labelsOf(nameOf(one, expression)));
  return own
    .map((label) => textOf(label, expression))
    .filter((label) => !inside.includes(label))
    .map((label) => `nothing in ${textOf(grouped, expression)} has a label ${label}`);
}

/** A metric of another program that pages show expressions for. */
const OF_KUBE_STATE_METRICS: Readonly<Record<string, MetricRow>> = {
  oauthclient_status_condition: {
    type: 'gauge',
    labels: ['name', 'namespace', 'type', 'reason'],
    help: '',
    answers: '',
  },
};

const rows: Readonly<Record<string, MetricRow>> = { ...METRICS, ...OF_PROCESS, ...OF_KUBE_STATE_METRICS };

/** The name in the table: a histogram is read by its buckets, its sum and its count. */
function baseOf(name: string): string {
  const base = name.replace(/_(?:bucket|sum|count)$/, '');
  return rows[base]?.type === 'histogram' && base !== name ? base : name;
}

function rowOf(name: string): MetricRow | undefined {
  const row = rows[baseOf(name)];
  // A histogram has no samples of its own name.
  return row?.type === 'histogram' && baseOf(name) === name ? undefined : row;
}

const labelsOf = (name: string): readonly string[] => [
  ...OF_TARGET,
  ...(rowOf(name)?.labels ?? []),
  ...(name.endsWith('_bucket') ? ['le'] : []),
];

const textOf = ({ from, to }: Node, expression: string): string => expression.slice(from, to);

const nameOf = (selector: Node, expression: string): string =>
  selector
    .getChildren('Identifier')
    .map((node) => textOf(node, expression))
    .join('');

const named = (node: Node, name: string): readonly Node[] => nodesOf(node).filter((one) => one.name === name);

function nodesOf(node: Node): readonly Node[] {
  const all: Node[] = [];
  node.cursor().iterate((one) => {
    all.push(one.node);
  });
  return all;
}
