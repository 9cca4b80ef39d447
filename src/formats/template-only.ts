import type { SecretFormat } from './format.ts';

/** Nothing but what `spec.secret.template` says. */
export const templateFormat = {
  name: 'Template',
  about: 'only what secret.template says',
  secretType: 'Opaque',
  nameOf: () => '',
  render: () => ({ ok: true, data: {} }),
  clientIdIn: () => undefined,
} as const satisfies SecretFormat;
