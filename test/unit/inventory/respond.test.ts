import { describe, expect, test } from 'vitest';
import { readParameters } from '../../../src/inventory/page-query.ts';
import { badRequest, PAGE_HEADERS, respond } from '../../../src/inventory/respond.ts';
import { INVENTORY_NOW, inventoryClient, inventoryView } from '../../kit/fixtures/inventory.ts';
import { clientObject } from '../../kit/fixtures/objects.ts';

const view = inventoryView(300);
/** As the endpoint does it. */
const answerTo = (path: string, query: string, of = view) => {
  const parameters = readParameters(query);
  return 'problem' in parameters ? badRequest(path, parameters.problem) : respond(path, parameters, of);
};
const bodyOf = (path: string, query = '', of = view) => answerTo(path, query, of).body;
/** The cells of a table's body, as texts. */
const rowsOf = (body: string): readonly string[] =>
  (body.slice(body.lastIndexOf('<tbody>')).match(/<tr><th scope="row">.*?<\/tr>/gs) ?? []).map((row) =>
    row
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  );

describe('the page of clients', () => {
  test('has a row for each client: server, state, whose it is, what ends next', () => {
    const rows = rowsOf(bodyOf('/', 'namespace=ml-agents-0&size=500'));
    expect(rows).toContain(
      'scheduler-15 ml-agents-0 ml-agents-0/own Ready Registered Job.batch/agent-15, for invoice-triage, session run-15 in 2 d: client ends by its lifetime',
    );
    expect(rows).toContain(
      'scheduler-7 ml-agents-0 corporate Not ready InvalidRedirectURI The server refuses the update with 400 invalid_redirect_uri: redirect_uris must use https. Correct spec.client.redirectUris. Job.batch/agent-7, for invoice-triage, session run-7 in 2 d: client ends by its lifetime',
    );
  });

  test('counts what fits, and offers all values to filter by', () => {
    const body = bodyOf('/', 'ready=False');
    expect(body).toContain('<strong>14</strong>clients');
    expect(body).toContain('<option value="billing-0">billing-0</option>');
    expect(body).toContain('<option value="False" selected>False</option>');
    expect(rowsOf(body)).toHaveLength(14);
  });

  test('pages, and keeps filter and order in each link', () => {
    const body = bodyOf('/', 'suspended=false&sort=-name&size=25&page=2');
    expect(body).toContain('295 clients, page 2 of 12');
    expect(body).toContain('<a href="?suspended=false&amp;sort=-name&amp;size=25&amp;page=3">Next</a>');
    expect(body).toContain('aria-sort="descending"');
  });

  test('shows what ends as a picture with a text, and as a table', () => {
    const body = bodyOf('/');
    expect(body).toMatch(
      /<svg viewBox="0 0 900 150" role="img" aria-label="\d+ in 30 days \(client ends by its lifetime: \d+; /,
    );
    expect(body).toContain('<caption>What ends, by day in UTC</caption>');
  });

  test('says so where nothing fits and nothing ends', () => {
    const body = bodyOf('/', 'text=no-such-client');
    expect(body).toContain('<p>No client fits. <a href="./">Show all</a>.</p>');
    expect(body).toContain('Nothing that is known ends in the next 30 days.');
  });

  test('names the rights that are missing, the source and the time', () => {
    const sentence = 'You may not list clusterauthorizationservers.oauth-registrar.dev.';
    const body = bodyOf('/', '', inventoryView(1, { hidden: [sentence] }));
    expect(body).toContain(`<li>${sentence}</li>`);
    expect(body).toContain('Context production, with your own rights. Read at ');
  });
});

describe('the page of one client', () => {
  test('has its state with cause and cure, its facts, its ends and its conditions', () => {
    const body = bodyOf('/clients/ml-agents-0/scheduler-7');
    expect(body).toContain('<h1>ml-agents-0/scheduler-7</h1>');
    expect(body).toContain('<dt>What to do</dt>');
    expect(body).toContain('<dt>Session</dt><dd>run-7</dd>');
    expect(body).toContain('2026-05-04 04:00 UTC (in 2 d)</time>: client ends by its lifetime');
    expect(body).toContain('<caption>Conditions</caption>');
    expect(body).toContain('kubectl oauthclient status scheduler-7 -n ml-agents-0');
    expect(body).toContain('kubectl describe oauthclients.oauth-registrar.dev scheduler-7 -n ml-agents-0');
    expect(body).toContain('href="../../style.css"');
  });

  test('leads to what is outstanding of the object', () => {
    const body = bodyOf('/clients/billing-0/api-16');
    expect(body).toContain('1 further client of this object may exist at a server: ');
    expect(body).toContain('<a href="../../outstanding?namespace=billing-0&amp;text=api-16">show them</a>');
  });

  test.each([
    '/clients/billing-0/nobody',
    '/clients/billing-0',
    '/clients/a/b/c',
    '/x',
    '//',
    '/clients/%00/%',
  ])('of %s is not there', (path) => {
    const { status, body } = answerTo(path, '');
    expect(status).toBe(404);
    expect(body).toContain('<p>There is no such page, or you may not see it.</p>');
  });
});

describe('the page of servers', () => {
  test('has state, pause and counts that lead to what they count', () => {
    const body = bodyOf('/servers');
    expect(rowsOf(body)).toEqual([
      'corporate default ClusterAuthorizationServer Ready Ready https://sso.example.com 812 2 1 1',
      'partners ClusterAuthorizationServer Not ready AdmissionRefused The server refuses the initial access token with 401. paused until 2026-05-01 12:04 UTC (in 4 min) https://partners.example.net 388 0 0 0',
    ]);
    expect(body).toContain('outstanding?server=ClusterAuthorizationServer%2Fcorporate&amp;kind=LeftBehind');
  });

  test('can be narrowed by text', () => {
    expect(rowsOf(bodyOf('/servers', 'text=partners'))).toHaveLength(1);
    expect(bodyOf('/servers', 'text=none')).toContain('No server is shown.');
  });
});

describe('the page of what is owed, left behind or suspected', () => {
  test('has the oldest first, each with what is known', () => {
    expect(rowsOf(bodyOf('/outstanding'))).toEqual([
      'catalog-2/importer-3 Suspected corporate unknown Storefront attempt-3 2026-04-30 16:00 UTC (20 h ago) no answer within 30 s',
      'support-1/web-12 Left behind corporate c-old-3 Storefront attempt-2 2026-04-30 21:00 UTC (15 h ago)',
      'search-3/worker-99 Owed corporate c-old-2 Storefront attempt-1 2026-05-01 02:00 UTC (10 h ago)',
      'billing-0/api-16 Owed corporate c-old-1 Storefront attempt-0 2026-05-01 07:00 UTC (5 h ago)',
    ]);
  });

  test.each([
    ['kind=Owed', 2],
    ['namespace=search-3', 1],
    ['server=corporate&kind=Suspected', 1],
    ['text=OLD-3', 1],
    ['server=other', 0],
  ])('can be narrowed by %s', (query, count) => {
    expect(rowsOf(bodyOf('/outstanding', query))).toHaveLength(count);
  });
});

test('what is owed, left behind or suspected has no count where the reader may not see it', () => {
  const hidden = inventoryView(3, { outstanding: undefined });
  expect(bodyOf('/', '', hidden)).toContain('>Owed, left behind, suspected</a>');
  expect(bodyOf('/outstanding', '', hidden)).toContain(
    '<p>You may not see them. The missing right is named above.</p>',
  );
  expect(bodyOf('/clients/billing-0/api-0', '', hidden)).not.toContain('may exist at a server');
});

const TAGS = [
  ...[
    'html',
    'head',
    'meta',
    'title',
    'link',
    'body',
    'a',
    'header',
    'p',
    'nav',
    'ul',
    'li',
    'main',
    'h1',
    'h2',
  ],
  ...[
    'div',
    'strong',
    'form',
    'label',
    'input',
    'select',
    'option',
    'button',
    'section',
    'figure',
    'figcaption',
  ],
  ...[
    'svg',
    'line',
    'rect',
    'text',
    'details',
    'summary',
    'table',
    'caption',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
  ],
  ...['span', 'footer', 'time', 'dl', 'dt', 'dd', 'pre'],
];

/** Every well-formed tag of a page with the names of its attributes, and what is left without them. */
function markupOf(body: string) {
  const tags: string[] = [];
  const attributes: string[] = [];
  const rest = body
    .replace('<!doctype html>', '')
    .replace(/<\/?([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*(?:="[^"<]*")?)*)\s*\/?>/g, (_, tag, given) => {
      tags.push(tag);
      attributes.push(
        ...[...given.matchAll(/\s+([a-zA-Z][a-zA-Z0-9-]*)(?:="[^"<]*")?/g)].map(([, name]) => name),
      );
      return '';
    });
  return { tags, attributes, rest };
}

test('the reading of markup finds a tag and an attribute that do not belong there', () => {
  const found = markupOf('<p onclick="x">a</p><script>');
  expect(found).toEqual({ tags: ['p', 'p', 'script'], attributes: ['onclick'], rest: 'a' });
  expect(markupOf('<p title="<">').rest).toContain('<');
});

describe('texts of others', () => {
  const EVIL = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e\u0000';
  const hostile = clientObject(
    {
      name: EVIL,
      namespace: EVIL,
      labels: { 'oauth-registrar.dev/purpose': EVIL, 'oauth-registrar.dev/session': EVIL },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: EVIL, uid: 'p' }],
    },
    { authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: EVIL } },
    {
      clientId: EVIL,
      issuer: `javascript:alert(1)//${EVIL}`,
      secretName: EVIL,
      retiring: [{ clientId: EVIL, issuer: EVIL, endsAt: '2026-05-02T00:00:00Z' }],
      conditions: [
        { type: 'Ready', status: 'False', reason: EVIL, message: EVIL, lastTransitionTime: EVIL },
        { type: EVIL, status: 'True', reason: '__proto__', message: EVIL, lastTransitionTime: EVIL },
      ],
    },
  );
  const outstanding = [
    {
      ...(view.outstanding?.[0] ?? (null as never)),
      namespace: EVIL,
      name: EVIL,
      clientId: EVIL,
      clientName: EVIL,
      attempt: EVIL,
      why: EVIL,
    },
  ];
  const evil = inventoryView(1, { hidden: [EVIL], source: EVIL, outstanding }, [hostile]);
  const query = new URLSearchParams({ text: EVIL, owner: EVIL, namespace: EVIL, server: EVIL }).toString();
  const own = `/clients/${encodeURIComponent(EVIL)}/${encodeURIComponent(EVIL)}`;

  test.each([
    ['/', ''],
    ['/', query],
    ['/', 'size=500&sort=-owner'],
    [own, ''],
    ['/servers', query],
    ['/outstanding', ''],
    ['/outstanding', query],
    [`/${encodeURIComponent(EVIL)}`, ''],
    ['/', `sort=${encodeURIComponent(EVIL)}`],
  ])('make no markup on %s?%s', (path, given) => {
    const { body } = answerTo(path, given, evil);
    const { tags, attributes, rest } = markupOf(body);
    expect(rest).not.toContain('<');
    expect(tags.filter((tag) => !TAGS.includes(tag))).toEqual([]);
    expect(
      attributes.filter((name) => /^(on|style|src|action|formaction)/.test(name) && name !== 'action'),
    ).toEqual([]);
    expect(body.includes('\u202e') || body.includes('\u0000')).toBe(false);
    expect(body.match(/href="(?!\.\/|\.\.\/|\?|#content|clients\/|servers"|outstanding)[^"]*"/g)).toBeNull();
  });

  test('are found, and shown as text', () => {
    const { status, body } = answerTo(own, '', evil);
    expect(status).toBe(200);
    expect(body).toContain('&lt;script>alert(2)&lt;/script>\\u{202e}\\u{0}');
  });

  test('are cut where they are long', () => {
    const long = clientObject({ name: 'long' }, {}, { clientId: 'x'.repeat(4_000) });
    const body = bodyOf('/clients/shop/long', '', inventoryView(0, {}, [long]));
    expect(body).toContain(`${'x'.repeat(1_024)}\u2026</dd>`);
  });
});

test('the headers permit no script and nothing from elsewhere', () => {
  expect(PAGE_HEADERS['content-security-policy']).toBe(
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
});

test('a client that is not there any more makes no difference to the others', () => {
  expect(inventoryClient(3)).toEqual(inventoryClient(3));
  expect(rowsOf(bodyOf('/', '', inventoryView(0, { now: INVENTORY_NOW })))).toEqual([]);
});
