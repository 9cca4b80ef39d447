import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generatedFiles } from '../../../tools/generated-files.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const files = generatedFiles();

describe('generated files', () => {
  test('are the three definitions', () => {
    expect([...files.keys()].filter((path) => path.startsWith('crds/')).toSorted()).toEqual([
      'crds/oauth-registrar.dev_authorizationservers.yaml',
      'crds/oauth-registrar.dev_clusterauthorizationservers.yaml',
      'crds/oauth-registrar.dev_oauthclients.yaml',
    ]);
  });

  test.each([...files])('%s is as `npm run generate` writes it', (path, content) => {
    const written = existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '(missing)';
    expect(written).toBe(content);
  });

  test('are all that there is in crds/, beside a kustomization and those of releases', () => {
    const others = ['kustomization.yaml', 'released'];
    const found = readdirSync(join(root, 'crds')).filter((name) => !others.includes(name));
    expect(found.filter((name) => !files.has(`crds/${name}`))).toEqual([]);
  });
});
