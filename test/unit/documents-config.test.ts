import { describe, expect, test } from 'vitest';
import { documentsUsage, readDocumentsConfig } from '../../src/documents-config.ts';

describe('the flags of oauth-registrar documents', () => {
  test('have defaults', () => {
    expect(readDocumentsConfig([])).toEqual({
      kubeconfig: undefined,
      namespace: undefined,
      port: 8080,
      documentsPort: 8082,
      tls: undefined,
      logLevel: 'info',
    });
  });

  test('are read', () => {
    const flags = ['--namespace=documents', '--port=0', '--documents-port=8443', '--log-level=debug'];
    const tls = ['--tls-cert-file=tls.crt', '--tls-private-key-file=tls.key', '--kubeconfig=config'];
    expect(readDocumentsConfig([...flags, ...tls])).toEqual({
      kubeconfig: 'config',
      namespace: 'documents',
      port: 0,
      documentsPort: 8443,
      tls: { certFile: 'tls.crt', keyFile: 'tls.key' },
      logLevel: 'debug',
    });
  });

  test.each([
    ['--port=a', '--port: Invalid input: expected number, received NaN'],
    ['--documents-port=8080', '--documents-port: must be another port than --port'],
    ['--tls-cert-file=a', '--tls-cert-file: and --tls-private-key-file need each other'],
  ])('%s is refused', (flag, problem) => {
    expect(readDocumentsConfig([flag])).toEqual({ problem });
  });

  test('that are not known are refused, and help lists the others', () => {
    expect(readDocumentsConfig(['--leader-elect'])).toEqual({
      problem: expect.stringContaining("Unknown option '--leader-elect'"),
    });
    expect(readDocumentsConfig(['--help'])).toBe('help');
    expect(documentsUsage()).toContain('--documents-port');
  });
});
