import { describe, expect, it } from 'vitest';
import { hasField, KINDS, type Schema, schemasIn, unknownIn } from './api-schemas.ts';

const client = KINDS.find(({ kind }) => kind === 'OAuthClient')?.schema ?? {};
const replacement = client.properties?.['spec']?.properties?.['replacement'] ?? {};

describe('Kinds', () => {
  it('are ours, with every name that kubectl accepts', () => {
    expect(KINDS.map(({ names }) => names)).toEqual([
      ['authorizationserver', 'authorizationservers', 'authorizationservers.oauth-registrar.dev', 'oas'],
      [
        'clusterauthorizationserver',
        'clusterauthorizationservers',
        'clusterauthorizationservers.oauth-registrar.dev',
        'coas',
      ],
      ['oauthclient', 'oauthclients', 'oauthclients.oauth-registrar.dev', 'oac'],
    ]);
  });
});

describe('hasField', () => {
  it.each([
    ['spec.replacement.overlap', true],
    ['spec.replacement.overlaps', false],
    ['status.conditions.type', true],
    ['spec.secret.labels.anything', true],
    ['spec.client.additionalMetadata.costCenter', true],
  ])('%s: %s', (path, has) => {
    expect(hasField(client, path.split('.'))).toBe(has);
  });
});

describe('unknownIn', () => {
  it.each<[unknown, readonly string[]]>([
    [{ onEdit: 'Automatic' }, []],
    [{ onedit: 'Automatic' }, ['.onedit']],
    [{ onEdit: 'Always' }, ['.onEdit Always']],
    [{ onEdit: { a: 1 } }, ['.onEdit.a']],
  ])('%j', (value, unknown) => {
    expect(unknownIn(replacement, value)).toEqual(unknown);
  });

  it('looks into the items of a list', () => {
    const list: Schema = { items: { properties: { a: {} } } };
    expect(unknownIn(list, [{ a: 1 }, { b: 1 }])).toEqual(['.b']);
  });
});

describe('schemasIn', () => {
  it('has a schema and all that are in it', () => {
    const leaf: Schema = { enum: ['x'] };
    const list: Schema = { items: leaf };
    const root: Schema = { properties: { list } };
    expect(schemasIn(root)).toEqual([root, list, leaf]);
  });
});
