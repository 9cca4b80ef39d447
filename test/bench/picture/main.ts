import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROWS } from '../../../tools/dashboard.ts';
import { startStubServer, stopStubServers } from '../../kit/stub-server.ts';
import { ensureGoTool } from '../../kit/testbed/go-tool.ts';
import { createProgress } from '../../kit/testbed/progress.ts';
import { startTestbed } from '../../kit/testbed/testbed.ts';
import { type Drawn, type DrawnRow, draw } from './draw.ts';
import { live } from './life.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';

/**
 * `node test/bench/picture/main.ts` draws docs/dashboard.svg: an operator on a real API server works for four minutes at
 * two stub servers, Prometheus scrapes it every second and evaluates the expressions of the dashboard, and this program
 * draws what they give. No Grafana takes part.
 */

const PICTURE = join(import.meta.dirname, '..', '..', '..', 'docs', 'dashboard.svg');
const NAMESPACE = 'oauth-registrar-system';
const STEP_S = 2;
/** What Grafana puts in the place of its variables. */
const filled = (expr: string) =>
  expr.replaceAll('$__rate_interval', '10s').replaceAll('$namespace', NAMESPACE);

const progress = createProgress();
const program = await ensureGoTool('prometheus', progress);
const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-picture-'));
const testbed = await startTestbed({ progress });
const [corporate, partners] = [await startStubServer(), await startStubServer()];
const prometheus = await startPrometheus(program, folder, {
  port: testbed.operator.port,
  labels: { namespace: NAMESPACE, pod: 'oauth-registrar-0' },
});
try {
  const from = Date.now() / 1_000;
  await live({ testbed, corporate, partners }, (what) => console.log(`… ${what}`));
  const to = Date.now() / 1_000;
  const rows = await Promise.all(
    ROWS.map(async (row): Promise<DrawnRow> => {
      const panels = [...(row.stats ?? []), ...(row.graphs ?? [])];
      const lines = await Promise.all(
        panels.map(async ({ title, queries }) => {
          const all = await Promise.all(queries.map((query) => linesOf(prometheus, query, from, to)));
          return [title, all.flat()] as const;
        }),
      );
      return { row, lines: new Map(lines) };
    }),
  );
  await writeFile(PICTURE, draw(rows, from, to));
  console.log(`wrote ${PICTURE}`);
} finally {
  await prometheus.stop();
  await testbed.stop();
  await stopStubServers();
  await rm(folder, { recursive: true, force: true });
}

async function linesOf(
  from: Prometheus,
  { expr, legend }: { readonly expr: string; readonly legend: string },
  start: number,
  end: number,
): Promise<readonly Drawn[]> {
  const lines = await from.range(filled(expr), start, end, STEP_S);
  return lines.map(({ labels, points }) => ({
    name: legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? ''),
    points,
  }));
}
