import { machineClient, ownRef, type SentObject } from '../../proofs/attacks/kit/objects.ts';

/** The states in which an upgrade meets OAuthClients. */

export interface State {
  /** Clients are called `STATE-1`, `STATE-2`, … */
  readonly name: string;
  readonly count: number;
  /** Members of the client, as `machineClient` takes them. */
  readonly options?: Parameters<typeof machineClient>[1];
  /** `status reason` of its Ready condition once it is settled, before it is changed or deleted. */
  readonly ready: string;
  /** A change that follows, and what comes of it: another client beside the former one. */
  readonly change?: object;
  /** It is deleted at last; `confirmed`: the object is gone, `waiting`: its server keeps it from going. */
  readonly deletion?: 'confirmed' | 'waiting';
}

const clusterRef = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });
const REGISTERED = 'True Registered';
const ROTATE = { metadata: { annotations: { 'oauth-registrar.dev/rotate-requested-at': '1' } } };

export const STATES: readonly State[] = [
  { name: 'ready', count: 110, ready: REGISTERED },
  {
    name: 'public',
    count: 8,
    options: {
      client: {
        grantTypes: ['authorization_code'],
        responseTypes: ['code'],
        redirectUris: ['https://app.example.com/callback'],
        tokenEndpointAuthMethod: 'none',
      },
    },
    ready: REGISTERED,
  },
  { name: 'keys', count: 6, options: { credential: { generatedKey: {} } }, ready: REGISTERED },
  { name: 'own-server', count: 12, options: { server: ownRef('own') }, ready: REGISTERED },
  { name: 'session', count: 6, options: { lifetime: { expiresAfter: '24h' } }, ready: REGISTERED },
  { name: 'overlapping', count: 6, ready: REGISTERED, change: ROTATE },
  {
    name: 'moved',
    count: 6,
    options: { server: ownRef('own') },
    ready: REGISTERED,
    change: { spec: { authorizationServerRef: clusterRef('corporate') } },
  },
  { name: 'suspended', count: 6, options: { suspend: true }, ready: 'False Suspended' },
  { name: 'refused', count: 6, ready: 'False InvalidClientMetadata' },
  {
    name: 'outside-policy',
    count: 6,
    options: { server: clusterRef('strict') },
    ready: 'False PolicyRefused',
  },
  {
    name: 'without-server',
    count: 6,
    options: { server: clusterRef('absent') },
    ready: 'False AuthorizationServerNotAvailable',
  },
  {
    name: 'retained',
    count: 6,
    options: { deletionPolicy: 'Retain' },
    ready: REGISTERED,
    deletion: 'confirmed',
  },
  {
    name: 'left-behind',
    count: 6,
    options: { server: clusterRef('unmanaged') },
    ready: REGISTERED,
    deletion: 'confirmed',
  },
  {
    name: 'owed',
    count: 6,
    options: { server: clusterRef('down') },
    ready: REGISTERED,
    deletion: 'confirmed',
  },
  {
    name: 'deleting',
    count: 4,
    options: { server: clusterRef('held') },
    ready: REGISTERED,
    deletion: 'waiting',
  },
];

export const namesOf = ({ name, count }: State): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);

export const clientsOf = (state: State): readonly SentObject[] =>
  namesOf(state).map((name) => machineClient(name, state.options));
