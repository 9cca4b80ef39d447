import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderTemplate, templateProblem } from '../../../src/formats/template.ts';

const NAMES = ['client_id', 'client_secret', 'private_key.pem'];
const unknown = (name: string): string =>
  `has the placeholder "${name}", and no client has a value of that name; use one of ${NAMES.join(', ')}, or name the member of the server's answer in spec.secret.include, too`;
const MOST = 1_000;
const AWKWARD = `a"b'c\\d\ne \${HOME} $(id) \`id\` #: {{ client_id }} \u2028 \u{1f600}`;

const filled = (text: string, secret = AWKWARD) =>
  renderTemplate({ key: text }, { client_id: 'c1', client_secret: secret, scope: 'openid a:b' }, MOST);
const textOf = (text: string, secret = AWKWARD): string => {
  const rendering = filled(text, secret);
  return rendering.ok ? (rendering.data['key'] ?? '') : `problem: ${rendering.problem}`;
};

describe('A template', () => {
  test('has values in place of placeholders, and all else as it is', () => {
    expect(textOf('id={{client_id}} scope={{ scope }}; { client_id } }} {')).toBe(
      'id=c1 scope=openid a:b; { client_id } }} {',
    );
  });

  test('may be a constant, or empty', () => {
    expect([textOf('_oauth2_proxy'), textOf('')]).toEqual(['_oauth2_proxy', '']);
  });

  test('is a value alone as it is, whatever is in it', () => {
    expect(textOf('{{ client_secret }}')).toBe(AWKWARD);
  });

  test('is filled once: a placeholder in a value stays', () => {
    expect(textOf('{{ client_secret | json }}.')).toContain('{{ client_id }}');
  });
});

describe('The filter', () => {
  test('json gives a JSON text, which YAML reads, too', () => {
    const text = textOf('secret: {{ client_secret | json }}\nlast: 1');
    expect(parse(text)).toEqual({ secret: AWKWARD, last: 1 });
    expect(JSON.parse(textOf('{"a": {{ client_secret | json }}}'))).toEqual({ a: AWKWARD });
  });

  test('base64 encodes the bytes', () => {
    expect(Buffer.from(textOf('{{ client_secret | base64 }}'), 'base64').toString()).toBe(AWKWARD);
  });

  test('uri leaves unreserved characters alone', () => {
    const text = textOf('https://as.example/?s={{ client_secret | uri }}');
    expect(new URL(text).searchParams.get('s')).toBe(AWKWARD);
    expect(textOf('{{ client_secret | uri }}', "A-z_.~!'()*")).toBe('A-z_.~%21%27%28%29%2A');
  });

  test('shell gives one word', () => {
    const read = execFileSync('sh', ['-c', `printf %s ${textOf('{{ client_secret | shell }}')}`]).toString();
    expect(read).toBe(AWKWARD);
  });

  test('goes after another from left to right', () => {
    expect(textOf('{{ client_id | json | base64 }}')).toBe('ImMxIg==');
  });
});

describe('A value without a filter in a text', () => {
  test.each(['abc-DEF_1.2~/x?y=z%20+@,', 'openid profile', 'https://sso.example.com/a', ''])(
    'goes in where it is harmless: %j',
    (secret) => {
      expect(textOf('[{{ client_secret }}]', secret)).toBe(`[${secret}]`);
    },
  );

  test.each([
    '"',
    "'",
    '\\',
    '\n',
    '$',
    '`',
    '&',
    ';',
    '#',
    '*',
    '{',
    ': ',
    ' a',
    'a ',
    '-a',
    '@a',
    'a:',
    'é',
  ])('does not go in where it could break it: %j', (secret) => {
    expect(filled('[{{ client_secret }}]', secret)).toEqual({
      ok: false,
      problem:
        'can\'t have the key "key": the value of "client_secret" has a character that could break the text around it. Write {{ client_secret | json }} in spec.secret.template, or another filter: json, base64, uri, shell',
    });
  });
});

test.each<readonly [string, string, string]>([
  [
    'a value that this client lacks',
    '{{ kid }}',
    'can\'t have the key "key": this client has no value of "kid". Take the placeholder out of spec.secret.template',
  ],
  [
    'a NUL for a shell',
    '{{ client_secret | shell }}',
    'can\'t have the key "key": the value of "client_secret" has a NUL, which no word of a shell has. Use another filter',
  ],
  [
    'more than it may have',
    '{{ client_id }}'.repeat(600),
    'would have more than 1000 bytes from spec.secret.template: make the template smaller',
  ],
])('Nothing is rendered of %s', (_, text, problem) => {
  expect(filled(text, 'a\0b')).toEqual({ ok: false, problem });
});

describe('templateProblem', () => {
  test.each(['', 'text', '{{ client_id }}{{client_secret|json|base64}}', '{{\tprivate_key.pem }}', '}} { {'])(
    'has nothing to say about %j',
    (text) => {
      expect(templateProblem(text, NAMES)).toBeUndefined();
    },
  );

  test.each<readonly [string, string]>([
    ['{{ clientId }}', unknown('clientId')],
    ['{{ constructor }}', unknown('constructor')],
    ['{{ client_id | upper }}', 'has the filter "upper"; filters are json, base64, uri, shell'],
    ['{{ client_id | constructor }}', 'has the filter "constructor"; filters are json, base64, uri, shell'],
    ...[
      '{{',
      '{{ client_id',
      '{{ client id }}',
      '{{ .client_id() }}',
      '{{}}',
      '{{ client_id | }}',
      '{{{ client_id }}}',
    ].map(
      (text) =>
        [
          text,
          'has {{ that begins no placeholder; write {{ client_id }}, or {{ client_id | json }}',
        ] as const,
    ),
  ])('says what is wrong with %j', (text, problem) => {
    expect(templateProblem(text, NAMES)).toBe(problem);
  });

  test('takes no longer for a text that is nearly a placeholder many times', () => {
    const text = '{{ client_id '.repeat(2_500);
    expect(templateProblem(text, NAMES)).toMatch(/^has \{\{ that begins no placeholder/);
  });
});
