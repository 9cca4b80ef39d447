import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checksumsOf } from '../../../../tools/release/checksums.ts';

test('the checksums name every file, and sha256sum accepts them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-registrar-checksums-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'image', 'blobs'), { recursive: true });
  writeFileSync(join(folder, 'install.yaml'), 'a');
  writeFileSync(join(folder, 'image', 'blobs', 'b'), 'b');
  const sums = await checksumsOf(folder);
  expect(sums.split('\n').map((line) => line.slice(66))).toEqual(['image/blobs/b', 'install.yaml', '']);
  const checked = execFileSync('sha256sum', ['--check', '--strict'], {
    cwd: folder,
    input: sums,
    encoding: 'utf8',
  });
  expect(checked).toBe('image/blobs/b: OK\ninstall.yaml: OK\n');
});
