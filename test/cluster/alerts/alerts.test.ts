import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { ALERTS, anchorOf, prometheusRule } from '../../../tools/alerts.ts';
import { ensureGoTool } from '../../kit/testbed/go-tool.ts';
import { createProgress } from '../../kit/testbed/progress.ts';
import { SCENES, type Series } from './scenes.ts';

let promtool = '';
let folder = '';

beforeAll(async () => {
  promtool = await ensureGoTool('promtool', createProgress());
  folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-alerts-'));
  const { spec } = parse(prometheusRule()) as { readonly spec: object };
  await writeFile(join(folder, 'rules.yaml'), stringify(spec));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) =>
  promisify(execFile)(promtool, [...args], { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => `FAILED ${stdout}${stderr}`,
  );

/** What promtool says of one alert an hour after the first sample, where these alerts are expected. */
async function judge(alertname: string, series: Series, expected: readonly object[]): Promise<string> {
  const inputs = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const file = join(folder, 'test.yaml');
  await writeFile(
    file,
    stringify({
      rule_files: ['rules.yaml'],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: inputs,
          alert_rule_test: [{ eval_time: '1h', alertname, exp_alerts: expected }],
        },
      ],
    }),
  );
  return run('test', 'rules', file);
}

test('promtool accepts the rules', async () => {
  expect(await run('check', 'rules', 'rules.yaml')).toContain(`SUCCESS: ${ALERTS.length} rules found`);
});

test('every alert has scenes', () => {
  expect(Object.keys(SCENES)).toEqual(ALERTS.map(({ name }) => name));
});

describe.each(ALERTS.map((alert) => [alert.name, alert] as const))('%s', (name, alert) => {
  const { firing, silent } = SCENES[name] ?? { silent: [] };
  const expected = {
    exp_labels: { severity: alert.severity, ...firing?.labels },
    exp_annotations: {
      summary: firing?.summary,
      description: alert.meaning,
      runbook_url: `docs/alerts.md#${anchorOf(alert)}`,
    },
  };

  test(`fires when ${firing?.when}`, async () => {
    expect(await judge(name, firing?.series ?? {}, [expected])).toContain('SUCCESS');
  });

  test.each(silent.map((scene) => [scene.when, scene.series] as const))(
    'keeps silent when %s',
    async (_, series) => {
      expect(await judge(name, series, [])).toContain('SUCCESS');
      // A scene that nothing reads would keep every alert silent.
      expect(await judge(name, series, [expected])).toContain('FAILED');
    },
  );
});
