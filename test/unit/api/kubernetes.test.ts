import { expect, test } from 'vitest';
import { apiVersionOf, groupOf, RESOURCES, referenceText } from '../../../src/api/kubernetes.ts';

test.each([
  ['v1', ''],
  ['batch/v1', 'batch'],
  ['oauth-registrar.dev/v1alpha1', 'oauth-registrar.dev'],
])('the group of %s is "%s"', (apiVersion, group) => {
  expect(groupOf(apiVersion)).toBe(group);
});

test.each([
  [RESOURCES.pod, 'v1'],
  [RESOURCES.job, 'batch/v1'],
])('an apiVersion has a group, where there is one: %j', (resource, apiVersion) => {
  expect(apiVersionOf(resource)).toBe(apiVersion);
});

test('a reference reads as kubectl takes it', () => {
  expect(referenceText({ group: 'batch', kind: 'Job', name: 'agent-7' })).toBe('Job.batch/agent-7');
  expect(referenceText({ group: '', kind: 'Pod', name: 'agent-7' })).toBe('Pod/agent-7');
});
