import type { Rendering, SecretFormat } from './format.ts';
import { type PublishedClient, publishedValues } from './published-client.ts';
import { renderTemplate } from './template.ts';

/** What `spec.secret` says about the data of a Secret, besides its format. */
interface SecretContent {
  /** Wire name → key or name; see {@link SecretFormat.render}. */
  readonly keys?: Readonly<Record<string, string>> | undefined;
  /** Key → text with placeholders. */
  readonly template?: { readonly data: Readonly<Record<string, string>> } | undefined;
}

/** Of all that templates make for one Secret: far less than a Secret may have. */
const MOST_TEMPLATE_BYTES = 262_144;

/** Values of one Secret together, as the API server admits them (`MaxSecretSize`). */
export const MOST_SECRET_BYTES = 1_048_576;

/**
 * The data of a Secret: that of its format, and that of its template, which counts where both have a key. It is never more
 * than the API server stores.
 */
export function renderSecret(
  client: PublishedClient,
  format: SecretFormat,
  content: SecretContent,
): Rendering {
  const rendering = dataOf(client, format, content);
  const bytes = rendering.ok
    ? Object.values(rendering.data).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
    : 0;
  return bytes <= MOST_SECRET_BYTES
    ? rendering
    : {
        ok: false,
        problem: `would have ${bytes} bytes, and a Secret may have ${MOST_SECRET_BYTES}: name less in spec.secret.include, or make spec.secret.template smaller`,
      };
}

function dataOf(
  client: PublishedClient,
  format: SecretFormat,
  { keys = {}, template }: SecretContent,
): Rendering {
  const formed = format.render(client, keys);
  if (!formed.ok || template === undefined) {
    return formed;
  }
  const filled = renderTemplate(template.data, publishedValues(client), MOST_TEMPLATE_BYTES);
  return filled.ok ? { ok: true, data: { ...formed.data, ...filled.data } } : filled;
}
