import { OPERATOR_USER } from '../../kit/testbed/testbed.ts';
import { OAUTH_CLIENTS } from '../client-watch.ts';
import { clientsPath, oauthClient } from '../objects.ts';
import type { Stage } from '../stage.ts';
import type { Subject } from './subject.ts';

/** This operator, as `deploy/overlays/finalizer-policy` runs it, at Hydra's dynamic registration. */
export const registrar = (stage: Stage): Subject => ({
  name: 'oauth-registrar',
  requester: { user: OPERATOR_USER },
  kind: OAUTH_CLIENTS,
  path: clientsPath,
  object: oauthClient,
  start: stage.startOperator,
});
