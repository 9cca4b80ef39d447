import { expect, test } from 'vitest';
import { newestRelease } from '../../../../tools/release/newest-release.ts';

test.each([
  [
    'the first section that names its commit',
    '# Changelog\n\n## Unreleased\n\n- A.\n\n## 0.2.0 - 2026-12-24\n\nBuilt from commit `0123abc`.\n\n## 0.1.0\n\nBuilt from commit `4567def`.\n',
    { version: '0.2.0', commit: '0123abc' },
  ],
  ['none before the first release', '# Changelog\n\n## Unreleased\n\n- A.\n', undefined],
  ['none where the section names no commit', '## 0.1.0\n\n- Built by hand.\n', undefined],
])('The newest release of a CHANGELOG is %s', (_, changelog, expected) => {
  expect(newestRelease(changelog)).toEqual(expected);
});
