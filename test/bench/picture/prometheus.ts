import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../kit/testbed/free-port.ts';

/** A line of a graph: its labels, and its values at the steps where it has one. */
export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the epoch, value. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Prometheus {
  /** Evaluates an expression over a time, in seconds since the epoch. */
  range(expression: string, from: number, to: number, step: number): Promise<readonly Line[]>;
  stop(): Promise<void>;
}

const START_MS = 20_000;

/**
 * Prometheus that scrapes one port every second, with the labels that a ServiceMonitor gives.
 *
 * @param folder an empty folder
 */
export async function startPrometheus(
  program: string,
  folder: string,
  target: { readonly port: number; readonly labels: Readonly<Record<string, string>> },
): Promise<Prometheus> {
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [
      {
        job_name: 'oauth-registrar',
        static_configs: [{ targets: [`127.0.0.1:${target.port}`], labels: target.labels }],
      },
    ],
  };
  await writeFile(join(folder, 'prometheus.yaml'), stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const child: ChildProcess = spawn(
    program,
    [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    { stdio: 'inherit', cwd: folder },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await untilReady(`http://${address}/-/ready`);
  return {
    async range(query, from, to, step) {
      const parameters = new URLSearchParams({
        query,
        start: String(from),
        end: String(to),
        step: String(step),
      });
      const response = await fetch(`http://${address}/api/v1/query_range?${parameters}`);
      const answer = (await response.json()) as Answer;
      if (answer.status !== 'success') {
        throw new Error(`${query}: ${answer.error}`);
      }
      return answer.data.result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([at, value]) => [at, Number(value)] as const),
      }));
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Prometheus did not start');
}
