import { describe, expect, test } from 'vitest';
import { packagesIn, type Sbom, sbomOfBundle } from '../../../../tools/release/bundle-sbom.ts';

const component = (name: string, version: string) => ({ 'bom-ref': `${name}@${version}`, name, version });
const installed: Sbom = {
  serialNumber: 'urn:uuid:random',
  metadata: {
    timestamp: '2026-05-01T00:00:00Z',
    component: { name: 'checkout', 'bom-ref': 'oauth-registrar@1' },
  },
  components: [
    component('zod', '4.6.7'),
    component('vitest', '5.1.1'),
    component('ms', '2.1.3'),
    component('ms', '2.0.0'),
  ],
  dependencies: [
    { ref: 'oauth-registrar@1', dependsOn: ['zod@4.6.7', 'vitest@5.1.1'] },
    { ref: 'vitest@5.1.1', dependsOn: ['ms@2.1.3'] },
    { ref: 'zod@4.6.7', dependsOn: ['ms@2.1.3'] },
  ],
};
const sbom = () => sbomOfBundle(installed, ['zod 4.6.7', 'ms 2.1.3'], '2026-01-01T00:00:00Z');

describe('the SBOM of the bundle', () => {
  test('has the packages of the bundle alone, in their versions', () => {
    const { components, dependencies, metadata } = sbom();
    expect(components.map((one) => one['bom-ref'])).toEqual(['zod@4.6.7', 'ms@2.1.3']);
    expect(dependencies).toEqual([
      { ref: 'oauth-registrar@1', dependsOn: ['zod@4.6.7'] },
      { ref: 'zod@4.6.7', dependsOn: ['ms@2.1.3'] },
    ]);
    expect(metadata).toMatchObject({
      timestamp: '2026-01-01T00:00:00Z',
      component: { name: 'oauth-registrar' },
    });
  });

  test('has a serial number that follows from its content', () => {
    expect(sbom().serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(sbom()).toEqual(sbom());
    expect(sbomOfBundle(installed, ['zod 4.6.7'], '2026-01-01T00:00:00Z').serialNumber).not.toBe(
      sbom().serialNumber,
    );
  });

  test('that lacks a package of the bundle is refused', () => {
    expect(() => sbomOfBundle(installed, ['zod 4.6.8'], '')).toThrow('The SBOM lacks zod 4.6.8');
  });
});

test('the packages of the licence notices are found', () => {
  const line = '-'.repeat(80);
  const notices = `@a/b 1.0.0-rc.1 (MIT)\n\nText (with brackets)\n\n${line}\n\nzod 4.6.7 (Apache-2.0)\n\nVersion 2.0 (January)\n`;
  expect(packagesIn(notices)).toEqual(['@a/b 1.0.0-rc.1', 'zod 4.6.7']);
});
