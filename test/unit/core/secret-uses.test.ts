import { describe, expect, test } from 'vitest';
import { type PodSpecOfUser, secretUseText, usesOfSecret } from '../../../src/core/secret-uses.ts';

const uses = (spec: PodSpecOfUser): readonly string[] => usesOfSecret(spec, 'oauth').map(secretUseText);

describe('a Secret is used', () => {
  test.each<[string, PodSpecOfUser, readonly string[]]>([
    ['by a volume', { volumes: [{ name: 'v', secret: { secretName: 'oauth' } }] }, ['volume v']],
    [
      'by a volume of a CSI driver',
      { volumes: [{ name: 'v', csi: { nodePublishSecretRef: { name: 'oauth' } } }] },
      ['volume v'],
    ],
    [
      'by a projected volume',
      {
        volumes: [
          { name: 'v', projected: { sources: [{ secret: { name: 'x' } }, { secret: { name: 'oauth' } }] } },
        ],
      },
      ['projected volume v'],
    ],
    [
      'by a variable of a container',
      {
        containers: [{ name: 'app', env: [{ name: 'ID', valueFrom: { secretKeyRef: { name: 'oauth' } } }] }],
      },
      ['variable ID of container app'],
    ],
    [
      'by all variables of an init container',
      { initContainers: [{ name: 'setup', envFrom: [{ secretRef: { name: 'oauth' } }] }] },
      ['variables of container setup'],
    ],
    [
      'by a container that a person added to debug',
      { ephemeralContainers: [{ name: 'debug', envFrom: [{ secretRef: { name: 'oauth' } }] }] },
      ['variables of container debug'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(uses(spec)).toEqual(expected);
  });

  test('by none that names another', () => {
    expect(
      uses({
        volumes: [{ name: 'v', secret: { secretName: 'other' } }, { name: 'w' }],
        containers: [
          {
            name: 'app',
            env: [{ name: 'A' }, { name: 'B', valueFrom: { secretKeyRef: { name: 'other' } } }],
            envFrom: [{ secretRef: { name: 'other' } }, {}],
          },
        ],
      }),
    ).toEqual([]);
  });
});
