import { expect, test } from 'vitest';
import { keysFormat } from '../../../src/formats/keys.ts';
import { renderSecret } from '../../../src/formats/render-secret.ts';
import { templateFormat } from '../../../src/formats/template-only.ts';
import { webApplication, withSecret } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

const template = { data: { 'app.yaml': 'id: {{ client_id }}\n', issuer: 'constant' } };

test('The keys of a template are beside those of the format, and count where both have one', () => {
  const data = rendered(renderSecret(webApplication, keysFormat, { keys: { client_id: 'ID' }, template }));
  expect(data).toMatchObject({ ID: 'c1', client_secret: 's1', 'app.yaml': 'id: c1\n', issuer: 'constant' });
});

test('The format Template has nothing else', () => {
  expect(rendered(renderSecret(webApplication, templateFormat, { template }))).toEqual({
    'app.yaml': 'id: c1\n',
    issuer: 'constant',
  });
});

test('A template that can not be filled makes no Secret at all', () => {
  const broken = { data: { 'app.yaml': 's: {{ client_secret }}' } };
  expect(renderSecret(withSecret('a"b'), keysFormat, { template: broken })).toMatchObject({ ok: false });
});
