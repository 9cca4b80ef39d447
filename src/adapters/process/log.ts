import { type DestinationStream, pino, stdTimeFunctions } from 'pino';
import type { Log } from '../../controller/ports.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const MAX_ERROR_MESSAGE = 1024;

/**
 * One JSON object per line: `level`, `time` (ISO 8601), `service`, the fields, `msg`.
 *
 * `Sensitive` values print as `[redacted]`. An `Error` prints as its name, its code and the first 1,024 characters of
 * its message, at level debug with its stack. Causes and other members are left out, because they may contain what a
 * server sent. `destination` defaults to stdout, written synchronously.
 */
export function createLog(options: {
  readonly level: LogLevel;
  readonly destination?: DestinationStream;
}): Log {
  const settings = {
    level: options.level,
    base: { service: 'oauth-registrar' },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = options.destination === undefined ? pino(settings) : pino(settings, options.destination);
  const at =
    (level: LogLevel) =>
    (message: string, fields: object = {}): void => {
      if (logger.isLevelEnabled(level)) {
        logger[level](plain(fields, options.level === 'debug'), message);
      }
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function plain(fields: object, withStack: boolean): object {
  if (fields instanceof Error) {
    return { error: describeValue(fields, withStack) };
  }
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Error ? describeValue(value, withStack) : value,
  ]);
  return Object.fromEntries(entries);
}

function describeValue(error: Error, withStack: boolean): object {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const stack = withStack ? { stack: framesOf(error) } : {};
  return { name: error.name, message: error.message.slice(0, MAX_ERROR_MESSAGE), ...code, ...stack };
}

/** Only the call frames: the head of the stack repeats the whole message. */
function framesOf(error: Error): string {
  const lines = (error.stack ?? '').split('\n');
  return lines.filter((line) => /^\s+at /.test(line)).join('\n');
}
