import { describe, expect, it } from 'vitest';
import { problemsOf, verbOf } from './kubectl-command.ts';
import { commandsIn } from './shell-words.ts';

const problems = (line: string) => commandsIn(line).flatMap(problemsOf);

describe('problemsOf', () => {
  it.each([
    'kubectl get oac -A | grep -v True',
    'kubectl -n oauth-registrar-system get secrets -l oauth-registrar.dev/registration -L oauth-registrar.dev/role',
    "kubectl get secrets -l 'oauth-registrar.dev/role in (owed, left-behind)'",
    'kubectl annotate oac a oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite',
    "kubectl get secrets -o custom-columns='ID:.metadata.annotations.oauth-registrar\\.dev/client-id'",
    "kubectl get coas a -o jsonpath='{.status.signingKeys}'",
    `kubectl patch oac a --type=merge -p '{"metadata": {"labels": {"a": "b"}}, "spec": {"replacement": {"overlap": "0s"}}}'`,
    'kubectl wait --for=condition=Ready oac/a',
    "kubectl get pods -o custom-columns='FILES:.spec.volumes[*].secret.secretName'",
    'grep oauth-registrar.dev/anything',
  ])('finds nothing in: %s', (line) => {
    expect(problems(line)).toEqual([]);
  });

  it.each([
    ['kubectl get secrets -L oauth-registrar.dev/client-id', 'oauth-registrar.dev/client-id is no label'],
    ['kubectl get secrets --selector=oauth-registrar.dev/rol', 'oauth-registrar.dev/rol is no label'],
    [
      'kubectl label secret a oauth-registrar.dev/credentials=true',
      'oauth-registrar.dev/credentials is no label',
    ],
    [
      'kubectl annotate oac a oauth-registrar.dev/rotate-request-at=1',
      'oauth-registrar.dev/rotate-request-at is no annotation',
    ],
    [
      "kubectl get secrets -o custom-columns='R:.metadata.annotations.oauth-registrar\\.dev/role'",
      'oauth-registrar.dev/role is no annotation',
    ],
    [
      "kubectl get coas a -o jsonpath='{.status.signingKey}'",
      'ClusterAuthorizationServer has no status.signingKey',
    ],
    [
      `kubectl patch oauthclients.oauth-registrar.dev a -p '{"spec": {"replacement": {"policy": "Manual"}}}'`,
      'OAuthClient has no .spec.replacement.policy',
    ],
    ['kubectl wait --for=condition=Redy oac/a', 'Redy is no condition'],
  ])('%s: %s', (line, problem) => {
    expect(problems(line)).toEqual([problem]);
  });
});

describe('verbOf', () => {
  it.each([
    ['kubectl', undefined],
    ['npm test', undefined],
    ['kubectl describe', { verb: 'describe', hasObject: false }],
    ['kubectl rollout restart', { verb: 'rollout', hasObject: false }],
    ['kubectl -n shop describe oac storefront', { verb: 'describe', hasObject: true }],
    ['kubectl delete -k deploy', { verb: 'delete', hasObject: true }],
  ])('%s', (line, verb) => {
    expect(verbOf(commandsIn(line)[0] ?? [])).toEqual(verb);
  });
});
