/** The operator with its shipped defaults: removes the flags by which the testbed permits http and loopback. */
process.argv = process.argv.filter(
  (flag) => flag !== '--allow-http' && !flag.startsWith('--allow-addresses'),
);
await import('../../../src/main.ts');
