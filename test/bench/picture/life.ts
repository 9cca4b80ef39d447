import { drop, reply, type StubServer } from '../../kit/stub-server.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';

/** Four minutes in the life of a platform, for the picture of the dashboard. */

const NAMESPACE = 'shop';
const CLIENTS = 600;
const AT_PARTNERS = 60;
/** Clients in one `kubectl apply`. */
const BATCH = 25;

interface World {
  readonly testbed: Testbed;
  readonly corporate: StubServer;
  readonly partners: StubServer;
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

const serverObject = (name: string, issuer: string) => ({
  apiVersion: 'oauth-registrar.dev/v1alpha1',
  kind: 'ClusterAuthorizationServer',
  metadata: { name },
  spec: {
    issuer,
    registration: { admission: { open: {} } },
    allowedNamespaces: { selector: { matchLabels: { sso: 'true' } } },
  },
});

const client = (name: string, server: string, clientName: string) => ({
  apiVersion: 'oauth-registrar.dev/v1alpha1',
  kind: 'OAuthClient',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: server },
    secret: { name: `${name}-oauth` },
    client: { clientName, redirectUris: ['https://shop.example.com/callback'] },
  },
});

const apply = ({ testbed }: World, objects: readonly object[]): Promise<void> =>
  testbed.apply(objects.map((object) => JSON.stringify(object)).join('\n'));

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

async function inBatches(
  all: readonly string[],
  seconds: number,
  each: (batch: readonly string[]) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < all.length; start += BATCH) {
    await Promise.all([each(all.slice(start, start + BATCH)), pause(seconds)]);
  }
}

/** Calls take their time, as those of a real server do, and secrets end. */
function behave({ corporate, partners }: World): void {
  const day = 86_400;
  let registered = 0;
  for (const [stub, ms] of [
    [corporate, 60],
    [partners, 250],
  ] as const) {
    for (const call of ['register', 'update', 'remove'] as const) {
      stub.behave[call] = async ({ body, response, properly }) => {
        await pause((ms * (0.5 + Math.random())) / 1_000);
        if (call === 'register' && String(body['client_name']).startsWith('Refused')) {
          response.writeHead(400, { 'content-type': 'application/json' });
          response.end('{"error":"invalid_redirect_uri","error_description":"not on the list"}');
          return;
        }
        properly();
      };
    }
  }
  corporate.present = (information) => {
    registered += 1;
    const ends = [undefined, 3 * day, 20 * day, undefined, 60 * day][registered % 5];
    const at = Math.floor(Date.now() / 1_000);
    return ends === undefined ? information : { ...information, client_secret_expires_at: at + ends };
  };
}

export async function live(world: World, say: (what: string) => void): Promise<void> {
  const { testbed, corporate, partners } = world;
  behave(world);
  await apply(world, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: { sso: 'true' } } },
    serverObject('corporate', corporate.issuer),
    serverObject('partners', partners.issuer),
  ]);
  const own = names('web', CLIENTS);
  say('clients are created');
  await inBatches(own, 2, (batch) =>
    apply(
      world,
      batch.map((name) => client(name, 'corporate', name)),
    ),
  );
  say('some are refused, and one server goes');
  await apply(
    world,
    names('refused', 8).map((name) => client(name, 'corporate', `Refused ${name}`)),
  );
  await partners.stop();
  await inBatches(names('partner', AT_PARTNERS), 8, (batch) =>
    apply(
      world,
      batch.map((name) => client(name, 'partners', name)),
    ),
  );
  await pause(10);
  await partners.start();
  say('the server is back, and all clients are edited');
  await inBatches(own, 1, (batch) =>
    apply(
      world,
      batch.map((name) => client(name, 'corporate', `${name}, edited`)),
    ),
  );
  say('answers are lost, and the server asks for a pause');
  const properly = corporate.behave.register;
  corporate.behave.register = ({ silently }) => silently();
  await apply(world, [client('lost', 'corporate', 'lost')]);
  await pause(6);
  corporate.behave.register = reply(429, { error: 'too_many_requests' }, { 'retry-after': '15' });
  await apply(
    world,
    names('late', 5).map((name) => client(name, 'corporate', name)),
  );
  await pause(16);
  if (properly !== undefined) {
    corporate.behave.register = properly;
  }
  say('clients are deleted, and some can not be removed');
  corporate.behave.remove = async (exchange) => {
    await pause(0.05);
    if (Math.random() < 0.1) {
      drop(exchange);
    } else {
      exchange.properly();
    }
  };
  await inBatches(own.slice(0, 250), 2, (batch) =>
    testbed.kubectl('delete', 'oauthclients.oauth-registrar.dev', '-n', NAMESPACE, '--wait=false', ...batch),
  );
  await pause(15);
}
