import type { AuthorizationServerHttp, Clock } from '../controller/ports.ts';
import type { Metrics } from './metrics.ts';

/** The same calls, counted and timed by origin, method and outcome. */
export function observeCalls(
  http: AuthorizationServerHttp,
  metrics: Metrics,
  clock: Clock,
): AuthorizationServerHttp {
  return {
    async send(request, options) {
      const start = clock.monotonic();
      const outcome = await http.send(request, options);
      const server = URL.canParse(request.url) ? new URL(request.url).origin : 'invalid';
      const result = outcome.kind === 'answered' ? String(outcome.status) : outcome.reason;
      metrics.serverCall({
        server,
        call: request.method,
        outcome: result,
        seconds: (clock.monotonic() - start) / 1000,
      });
      return outcome;
    },
  };
}
