import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readImageSettings } from './image-settings.ts';

test('the flags and the environment of the image are read from the Dockerfile', () => {
  const { nodeFlags, env } = readImageSettings();
  expect(nodeFlags).toContain('--expose-gc');
  expect(nodeFlags.every((flag) => flag.startsWith('--'))).toBe(true);
  expect(env).toMatchObject({ NODE_ENV: 'production', MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '16' });
  expect(env).toMatchObject({ MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '16384' });
});

test('the allocator of the image is taken from where this machine has it', () => {
  const { env } = readImageSettings();
  const { LD_PRELOAD: path } = env;
  expect(env).toMatchObject({ MALLOC_CONF: expect.stringContaining('narenas:1') });
  expect(path === undefined || existsSync(path)).toBe(true);
  const absent = 'ENV A=b LD_PRELOAD=/usr/lib/libnothing.so.2\nENTRYPOINT ["node", "x"]\n';
  expect(readImageSettings(absent).env).toEqual({ A: 'b' });
});

test('a Dockerfile without an entry point is refused', () => {
  expect(() => readImageSettings('FROM scratch\n')).toThrow('The Dockerfile has no ENTRYPOINT');
});
