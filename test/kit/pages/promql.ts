import { parser } from '@prometheus-io/lezer-promql';

/** A metric in an expression, with the labels that are matched or grouped by beside it. */
export interface Selected {
  readonly metric: string;
  readonly labels: readonly string[];
}

/**
 * What an expression of PromQL selects. Labels of a grouping count for every metric of the expression; `le` of a histogram
 * is left out. Throws where the expression is no PromQL.
 */
export function selectedBy(expression: string): readonly Selected[] {
  const metrics: { readonly metric: string; readonly labels: string[] }[] = [];
  const grouped: string[] = [];
  parser.parse(expression).iterate({
    enter: (node) => {
      const text = expression.slice(node.from, node.to);
      if (node.type.isError) {
        throw new Error(`no PromQL at "${expression.slice(node.from)}": ${expression}`);
      }
      if (node.name === 'VectorSelector') {
        metrics.push({ metric: /^\w*/.exec(text)?.[0] ?? '', labels: [] });
      }
      if (node.name === 'LabelName') {
        const isMatched = node.node.parent?.name !== 'GroupingLabels';
        (isMatched ? metrics.at(-1)?.labels : grouped)?.push(text);
      }
    },
  });
  return metrics.map(({ metric, labels }) => ({
    metric,
    labels: [...labels, ...grouped].filter((label) => label !== 'le'),
  }));
}
