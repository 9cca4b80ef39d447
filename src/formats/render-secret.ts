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

/** The data of a Secret: that of its format, and that of its template, which counts where both have a key. */
export function renderSecret(
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
