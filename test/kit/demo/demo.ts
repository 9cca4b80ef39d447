import { argumentsOf } from '../../../tools/command-line.ts';

/** `npm run demo`: reads the flags before anything is loaded or started. */
const { values } = argumentsOf({
  name: 'demo',
  about: `Starts a Kubernetes API, an authorization server and the operator on this machine, applies deploy/samples, and shows the
life of one OAuth client: registered, used, edited, repaired, deleted. Everything is removed at the end. About ten
seconds; the first run builds etcd and kube-apiserver with Go, which takes five minutes.

Exit codes: 0 every step is as expected, 1 one is not, 2 wrong flags.`,
  flags: {
    keep: {
      about: 'Stop before the deletion and keep everything running until Ctrl-C, to try things by hand.',
    },
  },
});
const { demo } = await import('./show.ts');
process.exit(await demo(values.keep === true));
