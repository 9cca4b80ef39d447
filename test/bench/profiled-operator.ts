import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

/** The bundled operator with V8's CPU profiler on: `npm run bench -- --profile`. Leaves a file when it ends. */
const FOLDER = join(import.meta.dirname, '..', '..', '.testbed', 'bench');

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');
process.once('exit', () => {
  // Answered before `post` returns.
  session.post('Profiler.stop', (error, stopped) => {
    if (error === null) {
      writeFileSync(join(FOLDER, `operator-${process.pid}.cpuprofile`), JSON.stringify(stopped.profile));
    }
  });
});
await import(join(FOLDER, 'oauth-registrar.js'));
