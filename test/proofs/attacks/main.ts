import { argumentsOf } from '../../../tools/command-line.ts';
import { runProgram, TEST_FILES, VITEST_FLAGS } from '../../../tools/program.ts';
import { AT_VARIABLE } from './kit/subject.ts';

/** `npm run test:attacks`. */
const given = argumentsOf({
  name: 'test:attacks',
  about: `Tries what a hostile tenant or server may try against the bundled operator, within 256 MiB. Each file has its own API server
and takes up to 90 seconds.`,
  flags: {
    at: {
      value: 'COMMIT',
      about:
        'Attack the operator of that commit, with its own bundle, CRDs and manifests. Tests of faults that were mended later fail there.',
    },
    ...VITEST_FLAGS,
  },
  operands: TEST_FILES,
  program: 'vitest',
});
const env = given.values.at === undefined ? {} : { [AT_VARIABLE]: String(given.values.at) };
await runProgram('vitest', ['run', '--config=vitest.attacks.config.ts'], given, env);
