import type { Registry } from 'prom-client';
import type { MetricRow } from './metric-table.ts';

/** The options of prom-client for a metric of a table, by its name. */
export const metricOptions =
  <Rows extends { readonly [Name in keyof Rows]: MetricRow }>(rows: Rows, registry: Registry) =>
  <Name extends keyof Rows & string>(name: Name) => {
    const { help, labels }: Rows[Name] = rows[name];
    return {
      name,
      help,
      labelNames: labels as readonly Rows[Name]['labels'][number][],
      registers: [registry],
    };
  };
