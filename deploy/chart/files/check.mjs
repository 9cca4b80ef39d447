// The check of `helm test`. Prints one line: what works, or what does not and what to do. It runs in the operator's image.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const {
  NAMESPACE,
  KUBERNETES_SERVICE_HOST: host,
  KUBERNETES_SERVICE_PORT: port,
  ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount',
  GUARD_BINDING,
  ACCOUNT_BINDING,
  TENANTS_BINDINGS = '',
  PATIENCE_SECONDS = '60',
} = process.env;
const token = readFileSync(`${ACCOUNT_FOLDER}/token`, 'utf8').trim();
const ca = readFileSync(`${ACCOUNT_FOLDER}/ca.crt`);
const GROUP = 'oauth-registrar.dev';
const PLURALS = ['oauthclients', 'authorizationservers', 'clusterauthorizationservers'];
const POLICIES = '/apis/admissionregistration.k8s.io/v1';

/** Resolves with status and body; rejects if the API server cannot be reached within 5 s. */
const get = (path) =>
  new Promise((resolve, reject) => {
    const call = request(
      { host, port, path, ca, timeout: 5_000, headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => {
          let body = {};
          try {
            body = JSON.parse(text);
          } catch {}
          resolve({ status: answer.statusCode, body });
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer within 5 s')));
    call.on('error', reject);
    call.end();
  });

const served = async () => {
  const { body } = await get(`/apis/${GROUP}/v1alpha1`);
  const names = (body.resources ?? []).map(({ name }) => name);
  const missing = PLURALS.filter((plural) => !names.includes(plural));
  return missing.length === 0
    ? undefined
    : `The API server does not serve ${missing.map((plural) => `${plural}.${GROUP}`).join(', ')}. Install the definitions: crds.enabled=true, or the release that has them.`;
};

const isInForce = async (kind, name) => {
  const { status, body } = await get(`${POLICIES}/${kind}/${name}`);
  if (status === 200 && body.metadata.deletionTimestamp === undefined) {
    return undefined;
  }
  return status === 200
    ? `${kind} ${name} is being deleted, and is gone when its finalizer is. How to put it back: docs/uninstall.md.`
    : `The cluster has no ${kind} ${name} (${status}), so nothing guards what it is for. Run helm upgrade with the same values: it makes again what belongs to this release. With shared.enabled=false, upgrade the release that has it.`;
};

/** Without their parameters, the tenants' policies refuse every write. */
const hasBounds = async () => {
  const { status } = await get(`/api/v1/namespaces/${NAMESPACE}/configmaps/oauth-registrar-tenants`);
  return status === 200
    ? undefined
    : `Namespace ${NAMESPACE} has no ConfigMap oauth-registrar-tenants (${status}), so every write of an OAuthClient is refused. Run helm upgrade, which makes it again.`;
};

const led = async () => {
  const { status, body } = await get(
    `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/oauth-registrar`,
  );
  const { holderIdentity, renewTime, leaseDurationSeconds = 15 } = body.spec ?? {};
  const look = `See kubectl -n ${NAMESPACE} get pods,events, and kubectl -n ${NAMESPACE} logs deployment/oauth-registrar.`;
  if (status !== 200 || !holderIdentity) {
    return `No operator leads. ${look}`;
  }
  const age = (Date.now() - Date.parse(renewTime)) / 1_000;
  return age <= leaseDurationSeconds
    ? undefined
    : `The operator that led, ${holderIdentity}, is silent for ${Math.round(age)} s. ${look}`;
};

const isReady = async () => {
  const { status, body } = await get(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments/oauth-registrar`);
  const { replicas = 0, readyReplicas = 0 } = body.status ?? {};
  return status === 200 && readyReplicas === replicas
    ? undefined
    : `${readyReplicas} of ${replicas} Pods of the operator are ready. What is missing: kubectl -n ${NAMESPACE} get pods,events, and kubectl -n ${NAMESPACE} logs deployment/oauth-registrar --all-pods --since=5m.`;
};

const tenants = TENANTS_BINDINGS.split(',').filter(Boolean);
const CHECKS = [
  served,
  () => isInForce('validatingadmissionpolicies', 'oauth-registrar-guard'),
  () => isInForce('validatingadmissionpolicybindings', GUARD_BINDING),
  () => isInForce('validatingadmissionpolicies', 'oauth-registrar-account'),
  () => isInForce('validatingadmissionpolicybindings', ACCOUNT_BINDING),
  ...(tenants.length === 0
    ? []
    : [
        () => isInForce('validatingadmissionpolicies', 'oauth-registrar-tenants'),
        () => isInForce('validatingadmissionpolicies', 'oauth-registrar-writers'),
        ...tenants.map((name) => () => isInForce('validatingadmissionpolicybindings', name)),
        hasBounds,
      ]),
  led,
  isReady,
];

const firstProblem = async () => {
  for (const check of CHECKS) {
    try {
      const problem = await check();
      if (problem !== undefined) {
        return problem;
      }
    } catch (error) {
      return `The API server cannot be reached at ${host}:${port} (${error.message}). If there is a NetworkPolicy, it must permit that address: networkPolicy.apiServer.cidrs.`;
    }
  }
  return undefined;
};

const deadline = Date.now() + Number(PATIENCE_SECONDS) * 1_000;
let problem = await firstProblem();
while (problem !== undefined && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  problem = await firstProblem();
}
console.log(
  problem ??
    `oauth-registrar works in ${NAMESPACE}: an operator leads; its kinds are served, its policies are in force.`,
);
process.exitCode = problem === undefined ? 0 : 1;
