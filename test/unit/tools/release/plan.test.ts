import { describe, expect, test } from 'vitest';
import { changelogSection, labelsOf, planRelease } from '../../../../tools/release/plan.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const bases = {
  buildBase: `docker.io/library/node:24@${digest}`,
  runtimeBase: `gcr.io/distroless/cc@${digest}`,
};
const given = { operands: ['0.2.0'], standInBases: false, ...bases };

describe('a release', () => {
  test('has its bases by digest', () => {
    expect(planRelease(given)).toEqual({
      version: '0.2.0',
      bases: { build: bases.buildBase, runtime: bases.runtimeBase },
      image: 'registry.example.com/oauth-registrar',
      pluginUrl: 'https://downloads.example.com/oauth-registrar',
      out: 'dist/release/0.2.0',
    });
  });

  test('that is a trial says so in the name of its folder', () => {
    expect(planRelease({ operands: ['0.2.0'], standInBases: true })).toMatchObject({
      bases: 'stand-in',
      out: 'dist/release/0.2.0-stand-in-bases',
    });
  });

  test.each([
    ['no version', { operands: [] }, 'Name one version, such as 0.2.0.'],
    ['a version with v', { operands: ['v0.2.0'] }, 'Name one version, such as 0.2.0.'],
    ['two versions', { operands: ['0.2.0', '0.3.0'] }, 'Name one version, such as 0.2.0.'],
    [
      'a base with a tag alone',
      { buildBase: 'node:24' },
      '--build-base needs an image by digest, NAME@sha256:…, not "node:24"; or try it with --stand-in-bases.',
    ],
    [
      'no base',
      { runtimeBase: undefined },
      '--runtime-base needs an image by digest, NAME@sha256:…; or try it with --stand-in-bases.',
    ],
    [
      'a short digest',
      { runtimeBase: 'x@sha256:12' },
      expect.stringMatching(/^--runtime-base needs an image by digest/),
    ],
    [
      'a place for the plugin that is no https URL',
      { pluginUrl: 'downloads.example.com/' },
      '--plugin-url needs an https URL without a slash at its end, not "downloads.example.com/".',
    ],
    [
      'stand-ins and bases',
      { standInBases: true },
      '--stand-in-bases goes without --build-base and --runtime-base.',
    ],
    [
      'an image with a tag',
      { image: 'a/b:1@x' },
      '--image needs a name without tag and digest, not "a/b:1@x".',
    ],
  ])('with %s is refused', (_, change, problem) => {
    expect(planRelease({ ...given, ...change })).toEqual({ problem });
  });
});

describe('the labels', () => {
  const labels = (change: object) => {
    const plan = planRelease({ ...given, ...change });
    if ('problem' in plan) {
      throw new Error(plan.problem);
    }
    return labelsOf(plan, { revision: 'abc', created: '2026-01-01T00:00:00Z' });
  };

  test('name the base by its digest', () => {
    expect(labels({})).toMatchObject({
      'org.opencontainers.image.version': '0.2.0',
      'org.opencontainers.image.revision': 'abc',
      'org.opencontainers.image.base.name': 'gcr.io/distroless/cc',
      'org.opencontainers.image.base.digest': digest,
    });
    expect(labels({})).not.toHaveProperty('dev.oauth-registrar.stand-in-bases');
  });

  test('of a trial name the stand-ins, and no digest', () => {
    const trial = labels({ standInBases: true, buildBase: undefined, runtimeBase: undefined });
    expect(trial).toMatchObject({ 'dev.oauth-registrar.stand-in-bases': 'true' });
    expect(Object.keys(trial).filter((name) => name.includes('.base.'))).toEqual([]);
  });
});

test.each([
  ['0.2.0', '### Added\n\n- B.'],
  ['0.1.0', '- A.'],
  ['Unreleased', ''],
  ['0.2', undefined],
])('the section %s of the CHANGELOG', (heading, section) => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n### Added\n\n- B.\n\n## 0.1.0\n\n- A.\n';
  expect(changelogSection(changelog, heading)).toBe(section);
});
