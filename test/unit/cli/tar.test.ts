import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tar } from '../../../src/cli/tar.ts';
import { scratchFolder } from '../../kit/scratch-folder.ts';

test('tar reads the archive', () => {
  const folder = scratchFolder();
  const files = [
    { name: 'a.txt', content: 'x'.repeat(512) },
    { name: 'b.json', content: '{"ä": 1}\n' },
    { name: 'empty.txt', content: '' },
  ];
  writeFileSync(join(folder, 'a.tar'), tar(files, Date.parse('2026-05-01T12:00:00Z')));
  const listed = execFileSync('tar', ['-tvf', join(folder, 'a.tar')], {
    encoding: 'utf8',
    env: { TZ: 'UTC' },
  });
  expect(listed.split('\n').map((line) => line.split(/\s+/).slice(-1)[0])).toEqual([
    'a.txt',
    'b.json',
    'empty.txt',
    '',
  ]);
  expect(listed).toMatch(/^-rw------- 0\/0 +512 2026-05-01 12:00 a\.txt$/m);
  execFileSync('tar', ['-xf', join(folder, 'a.tar'), '-C', folder]);
  for (const { name, content } of files) {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(content);
  }
});
