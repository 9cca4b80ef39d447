import { argumentsOf } from '../../../tools/command-line.ts';

/** `npm run test:chaos`: reads the flags before anything is loaded or started. */
argumentsOf({
  name: 'test:chaos',
  about: `Users work while everything between operator, API server and authorization servers fails at random and operators are
killed; then the faults end, and everything has to come right. Ten minutes of faults, then up to four until all is at
rest. Leaves the summary, the operators' logs and the calls that reached the servers in .testbed/soak.*

Exit codes: 0 everything holds, 1 something doesn't, 2 wrong flags.`,
  environment: {
    CHAOS_SECONDS: 'How long there are faults. Default: 600.',
    CHAOS_RATE: 'Operations of users per second. Default: 3.',
    CHAOS_SEED:
      'The same users and the same chances again; what they meet depends on time. Default: a fresh seed.',
    UPDATE_SOAK: '1 writes the result into docs/reliability.md, if everything holds.',
  },
});
const { soak } = await import('./soak-run.ts');
process.exit(await soak());
