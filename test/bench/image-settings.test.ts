import { expect, test } from 'vitest';
import { readImageSettings } from './image-settings.ts';

test('the flags and the environment of the image are read from the Dockerfile', () => {
  const { nodeFlags, env } = readImageSettings();
  expect(nodeFlags).toContain('--expose-gc');
  expect(nodeFlags.every((flag) => flag.startsWith('--'))).toBe(true);
  expect(env).toMatchObject({ NODE_ENV: 'production', MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '16' });
  expect(env).toMatchObject({ MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '16384' });
});

test('a Dockerfile without an entry point is refused', () => {
  expect(() => readImageSettings('FROM scratch\n')).toThrow('The Dockerfile has no ENTRYPOINT');
});
