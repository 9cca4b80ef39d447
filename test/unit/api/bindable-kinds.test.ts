import { describe, expect, test } from 'vitest';
import { kindText, toBindableKind } from '../../../src/api/bindable-kinds.ts';

describe('toBindableKind', () => {
  test.each([
    [
      'sandboxes.v1alpha1.agents.x-k8s.io/Sandbox',
      {
        group: 'agents.x-k8s.io',
        version: 'v1alpha1',
        kind: 'Sandbox',
        plural: 'sandboxes',
        namespaced: true,
      },
      'Sandbox.agents.x-k8s.io',
    ],
    [
      'replicationcontrollers.v1/ReplicationController',
      {
        group: '',
        version: 'v1',
        kind: 'ReplicationController',
        plural: 'replicationcontrollers',
        namespaced: true,
      },
      'ReplicationController',
    ],
  ])('reads %s', (text, resource, shown) => {
    expect(toBindableKind(text)).toEqual(resource);
    expect(kindText(resource)).toBe(shown);
  });

  test.each([
    '',
    'Sandbox',
    'sandboxes/Sandbox',
    'sandboxes.agents.x-k8s.io/Sandbox',
    'a.v1./A',
    'a.v1.b/',
    '../a.v1/A',
    'a.v1.b/c/D',
  ])('reads nothing from %j', (text) => {
    expect(toBindableKind(text)).toBeUndefined();
  });
});
