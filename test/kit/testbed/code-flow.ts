import { createHash, randomBytes } from 'node:crypto';

/** The authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636), as a person in a browser makes it. */
export interface CodeFlow {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Nothing needs to listen there. */
  readonly redirectUri: string;
  /** What the person types into the forms of the server: fields by name, of each form those that it has. */
  readonly typed: Readonly<Record<string, string>>;
  /** Default: `openid`. With `offline_access` the person is asked for consent, as OpenID Connect demands. */
  readonly scope?: string;
  /** What the client adds to its token request. Default: nothing, as a public client. */
  readonly authenticate?: () => Promise<Readonly<Record<string, string>>>;
}

interface FlowAnswer {
  readonly status: number;
  /** RFC 6749 section 5.1 or 5.2. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The answer of the token endpoint; throws with the last page where the server does not come to give a code. */
export async function signIn(flow: CodeFlow): Promise<FlowAnswer> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: flow.clientId,
    redirect_uri: flow.redirectUri,
    scope: flow.scope ?? 'openid',
    ...(flow.scope?.includes('offline_access') ? { prompt: 'consent' } : {}),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const code = await codeOf(flow, `${flow.authorizationEndpoint}?${query}`);
  return askForTokens(flow, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: flow.redirectUri,
    code_verifier: verifier,
  });
}

type TokenTerms = Pick<CodeFlow, 'tokenEndpoint' | 'clientId' | 'authenticate'>;

/** The answer to a refresh token (RFC 6749 section 6). */
export const refresh = (terms: TokenTerms, refreshToken: unknown): Promise<FlowAnswer> =>
  askForTokens(terms, { grant_type: 'refresh_token', refresh_token: String(refreshToken) });

async function askForTokens(
  { tokenEndpoint, clientId, authenticate }: TokenTerms,
  grant: Readonly<Record<string, string>>,
): Promise<FlowAnswer> {
  const body = new URLSearchParams({ ...grant, client_id: clientId, ...(await authenticate?.()) });
  const answer = await fetch(tokenEndpoint, { method: 'POST', body });
  return { status: answer.status, body: (await answer.json()) as FlowAnswer['body'] };
}

/** A form to sign in, one to consent, and one more for servers that ask something else. */
const MOST_FORMS = 3;

async function codeOf({ redirectUri, typed }: CodeFlow, url: string): Promise<string> {
  const jar = new Map<string, string>();
  let page = await browse(jar, redirectUri, url);
  for (let forms = 0; forms < MOST_FORMS && page.text !== undefined; forms++) {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1];
    if (action === undefined) {
      break;
    }
    const target = new URL(action.replaceAll('&amp;', '&'), page.url).href;
    page = await browse(jar, redirectUri, target, new URLSearchParams(fieldsOf(page.text, typed)));
  }
  const code = page.text === undefined ? new URL(page.url).searchParams.get('code') : null;
  if (code === null) {
    throw new Error(`no code at ${page.url}: ${page.text?.replaceAll(/<[^>]*>|\s+/g, ' ').slice(0, 2_000)}`);
  }
  return code;
}

/** Hidden fields of a form as they are, and those that the person types. */
function fieldsOf(text: string, typed: CodeFlow['typed']): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [tag] of text.matchAll(/<(?:input|button)[^>]*>/g)) {
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
    const name = attribute('name') ?? '';
    if (Object.hasOwn(typed, name)) {
      fields[name] = typed[name] ?? '';
    } else if (attribute('type') === 'hidden' && name !== '') {
      fields[name] = attribute('value') ?? '';
    }
  }
  return fields;
}

/** Follows redirects with the cookies of the server, until one leads to the client (then without a text) or a page is answered. */
async function browse(
  jar: Map<string, string>,
  redirectUri: string,
  url: string,
  form?: URLSearchParams,
): Promise<{ readonly url: string; readonly text: string | undefined }> {
  let next = { url, form };
  for (;;) {
    const answer = await fetch(next.url, {
      method: next.form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      body: next.form ?? null,
    });
    for (const cookie of answer.headers.getSetCookie()) {
      keep(jar, cookie);
    }
    const location = answer.headers.get('location');
    if (location === null) {
      return { url: next.url, text: await answer.text() };
    }
    const target = new URL(location, next.url).href;
    if (target.startsWith(redirectUri)) {
      return { url: target, text: undefined };
    }
    next = { url: target, form: undefined };
  }
}

function keep(jar: Map<string, string>, cookie: string): void {
  const [pair = '', ...attributes] = cookie.split(';');
  const name = pair.slice(0, pair.indexOf('='));
  if (attributes.some((text) => /^\s*max-age=0$/i.test(text))) {
    jar.delete(name);
    return;
  }
  jar.set(name, pair.slice(pair.indexOf('=') + 1));
}
