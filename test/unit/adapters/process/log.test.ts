import { describe, expect, it } from 'vitest';
import { createLog, type LogLevel } from '../../../../src/adapters/process/log.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';

const logAt = (level: LogLevel) => {
  const written: string[] = [];
  const log = createLog({ level, destination: { write: (line) => void written.push(line) } });
  return { log, written, last: (): unknown => JSON.parse(written.at(-1) ?? 'null') };
};

describe('a line', () => {
  it('is one JSON object with level, ISO time, service, fields and message', () => {
    const { log, written, last } = logAt('info');
    log.info('client registered', { client: 'shop/storefront', attempt: 2 });
    expect(written).toEqual([expect.stringMatching(/^\{.*\}\n$/)]);
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'oauth-registrar',
      client: 'shop/storefront',
      attempt: 2,
      msg: 'client registered',
    });
  });

  it.each<[LogLevel, readonly string[]]>([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ])('is written at level %s for %j', (level, expected) => {
    const { log, written } = logAt(level);
    for (const each of ['debug', 'info', 'warn', 'error'] as const) {
      log[each]('message');
    }
    expect(written.map((line) => JSON.parse(line).level)).toEqual(expected);
  });

  it('keeps a message unchanged', () => {
    const { log, last } = logAt('info');
    log.info('100 %s %j %d');
    expect(last()).toHaveProperty('msg', '100 %s %j %d');
  });
});

describe('a Sensitive value', () => {
  it('prints as [redacted] at every depth', () => {
    const { log, written, last } = logAt('debug');
    const token = new Sensitive('canary');
    log.warn('refused', { token, nested: { list: [token] }, text: `${token}` });
    expect(last()).toMatchObject({
      token: '[redacted]',
      nested: { list: ['[redacted]'] },
      text: '[redacted]',
    });
    expect(written.join()).not.toContain('canary');
  });
});

describe('an Error', () => {
  const failure = Object.assign(new TypeError('broken', { cause: new Error('canary') }), {
    code: 'ECODE',
    response: { body: 'canary' },
  });

  it('prints as name, message and code, without cause, members or stack', () => {
    const { log, written, last } = logAt('info');
    log.error('failed', { error: failure, err: failure });
    const described = { name: 'TypeError', message: 'broken', code: 'ECODE' };
    expect(last()).toMatchObject({ error: described, err: described });
    expect(last()).not.toHaveProperty('error.stack');
    expect(written.join()).not.toContain('canary');
  });

  it('prints its stack at level debug', () => {
    const { log, written, last } = logAt('debug');
    log.error('failed', { error: failure });
    expect(last()).toHaveProperty('error.stack', expect.stringMatching(/log\.test\.ts/));
    expect(written.join()).not.toContain('canary');
  });

  it('may be all the fields there are', () => {
    const { log, last } = logAt('info');
    log.error('failed', failure);
    expect(last()).toMatchObject({ error: { name: 'TypeError', message: 'broken' }, msg: 'failed' });
  });

  it('has its message cut to 1,024 characters, in the stack too', () => {
    const { log, written, last } = logAt('debug');
    log.error('failed', { error: new Error(`${'x'.repeat(1_024)}canary`) });
    expect(last()).toHaveProperty('error.message', 'x'.repeat(1_024));
    expect(written.join()).not.toContain('canary');
  });
});
