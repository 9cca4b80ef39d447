/** The operator as it is shipped: what the testbed permits besides (http, loopback) is taken away again. */
process.argv = process.argv.filter(
  (flag) => flag !== '--allow-http' && !flag.startsWith('--allow-addresses'),
);
await import('../../../src/main.ts');
