import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureBinaries } from '../testbed/binaries.ts';
import { readEnvironment } from '../testbed/environment.ts';
import { SILENT } from '../testbed/progress.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { type Print, paint } from './report.ts';
import type { Stage } from './stage.ts';

const FOLLOW_MS = 200;

/** A file that gets everything the operator prints. It is removed with the control plane's other files. */
export interface OperatorLog {
  readonly path: string;
  /** To be called before the testbed ends. */
  stop(): void;
}

/** Begins with what the operator has printed already. */
export function followOperator(testbed: Testbed): OperatorLog {
  const path = join(dirname(testbed.controlPlane.adminKubeconfig), 'operator.log');
  let written = 0;
  const append = () => {
    const output = testbed.operator.output();
    appendFileSync(path, output.slice(written), { mode: 0o600 });
    written = output.length;
  };
  append();
  const timer = setInterval(append, FOLLOW_MS);
  return { path, stop: () => clearInterval(timer) };
}

/** Tells what can be tried by hand while everything runs. */
export async function printInvitation(stage: Stage, log: OperatorLog, print: Print): Promise<void> {
  const { testbed, sample } = stage;
  const { namespace, name, secretName } = sample;
  const clientId = `kubectl get secret ${secretName} -n ${namespace} -o jsonpath='{.data.client_id}' | base64 -d`;
  print('');
  print(paint('bold', 'Everything keeps running. In another terminal:'));
  print('');
  for (const line of await environmentLines(testbed)) {
    print(line);
  }
  print('');
  print('kubectl get oac,coas -A');
  print(`kubectl describe oac ${name} -n ${namespace}`);
  print(clientId);
  print(`kubectl delete oac ${name} -n ${namespace}`);
  print('');
  print('# A second client:');
  print("kubectl apply -f - <<'EOF'");
  for (const line of sample.secondClient.trimEnd().split('\n')) {
    print(line);
  }
  print('EOF');
  print(`kubectl get oac -n ${namespace} --watch`);
  print('');
  print(`Issuer          ${testbed.server.issuer}`);
  print(`Operator's log  ${log.path}`);
  print(`Metrics         http://127.0.0.1:${testbed.operator.port}/metrics`);
  print('');
  print(paint('bold', 'Press Ctrl-C to stop'));
}

/** `PATH` only where kubectl could not be found without it. */
async function environmentLines(testbed: Testbed): Promise<readonly string[]> {
  const { kubectl } = await ensureBinaries(SILENT, ['kubectl']);
  const folder = dirname(kubectl);
  const path = readEnvironment().searchPath.includes(folder) ? [] : [`export PATH=${folder}:"$PATH"`];
  return [`export KUBECONFIG=${testbed.controlPlane.adminKubeconfig}`, ...path];
}
