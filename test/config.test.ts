import { describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

describe('the environment’s proxies', () => {
  const none = { https: undefined, http: undefined, no: undefined };

  test.each([
    ['are none by default', {}, none],
    [
      'are read in upper case',
      { HTTPS_PROXY: 'a', HTTP_PROXY: 'b', NO_PROXY: 'c' },
      { https: 'a', http: 'b', no: 'c' },
    ],
    [
      'are read in lower case',
      { https_proxy: 'a', http_proxy: 'b', no_proxy: 'c' },
      { https: 'a', http: 'b', no: 'c' },
    ],
    [
      'are those in upper case where both are set',
      { HTTPS_PROXY: 'a', https_proxy: 'b' },
      { ...none, https: 'a' },
    ],
    [
      'are those in lower case where the upper is empty',
      { NO_PROXY: '', no_proxy: 'b' },
      { ...none, no: 'b' },
    ],
  ])('%s', (_, env, proxy) => {
    expect(readConfig([], env)).toMatchObject({ proxy });
  });
});
