import * as z from 'zod';
import { FORMATS, namesOfFormats } from '../formats/formats.ts';
import { PUBLISHED_NAMES } from '../formats/published-client.ts';
import { isSecretKey, KEY_FORM, objectName, rules, set, stringMap, text } from './schema.ts';

/**
 * `spec.secret` of an OAuthClient: the Secret that workloads mount. What the API server would refuse on the Secret is
 * refused on the OAuthClient.
 */

const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const DOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*';

/** CEL: whether the expression is a key that a label can have (`validation.IsQualifiedName` of Kubernetes). */
const isQualified = (what: string): string =>
  `(${what}.matches('^(${DOMAIN}/)?${NAME}$') && ${what}.matches('^([^/]{1,253}/)?[^/]+$'))`;

const RESERVED = '^([^/]*[.])?(kubernetes[.]io|k8s[.]io|oauth-registrar[.]dev)/';

/** @param key CEL for a key `k`, as the API server judges it */
const keyRules = (what: string, key: string) => [
  {
    rule: `self.all(k, !k.matches('${RESERVED}'))`,
    message: `${what} below kubernetes.io, k8s.io and oauth-registrar.dev are reserved: choose another name`,
  },
  {
    rule: `self.all(k, ${isQualified(key)})`,
    message: `a key of ${what} is a name of at most 63 letters, digits, -, _ and ., like team, or a domain and such a name, like example.com/team`,
  },
];

const keys = stringMap(64, 253).meta({
  description:
    'Wire name to key of the Secret, or to the name in its file, like `client_id: username`. `""` leaves the value out. Default: as the format has it, for Keys the wire name.',
  ...rules(
    {
      rule: `self.all(k, self[k] == '' || ${isSecretKey('self[k]')})`,
      message: `a key of a Secret consists of ${KEY_FORM}`,
    },
    {
      rule: `self.all(k, self[k] == '' || self[k] == k || !(self[k] in ${JSON.stringify(PUBLISHED_NAMES)}) || self[k] in self)`,
      message:
        'one key would hold two values: choose another key, or rename or leave out the value that has the key by default',
    },
    {
      rule: "self.all(k, self[k] == '' || self.exists_one(j, self[j] == self[k]))",
      message: 'one key would hold two values: give each its own key, or leave one out by ""',
    },
  ),
});

const template = z
  .object({
    data: stringMap(64, 32_768).meta({
      description:
        'Key of the Secret to text, like `region: eu-west-1`, which is put in as it is, or `user: "{{ client_id }}"`.',
      ...rules(
        {
          rule: `self.all(k, ${isSecretKey('k')})`,
          message: `a key of a Secret consists of ${KEY_FORM}`,
        },
        {
          rule: 'self.map(k, size(self[k])).sum() <= 32768',
          message: 'all texts of a template together have at most 32768 characters: make them shorter',
        },
      ),
    }),
  })
  .meta({
    description:
      'Further keys of the Secret, as texts in which `{{ client_id }}` stands for a value, by its wire name, and `{{ client_secret | json }}` for a value in JSON. Filters: json, base64, uri, shell. Nothing else is evaluated. Where the format has the key, too, this counts. Default: none.',
  });

export const secret = z
  .object({
    mode: z.enum(['Write', 'None']).default('Write').meta({
      description:
        'Whether there is a Secret. None: no Secret is written, and one from before is removed; only for a client that has no secret to hand over, such as a public one. Status has its clientId.',
    }),
    name: objectName()
      .meta({ description: 'Name of the Secret. Default: the name of this object.' })
      .optional(),
    format: z
      .enum(namesOfFormats(FORMATS))
      .default('Keys')
      .meta({
        description: `How the Secret holds the client. ${FORMATS.map(({ name, about }) => `${name}: ${about}.`).join(' ')} A format whose Secret has another type makes a new Secret.`,
      }),
    keys: keys.optional(),
    include: set(text(253), 32)
      .meta({
        description:
          "Further members of the server's answer, or endpoints that it publishes, to put into the Secret, by wire name, like `[pushed_authorization_request_endpoint]`; or `type` (`oauth2`) and `provider` (name of the server object), which a service binding reads. Default: none.",
      })
      .optional(),
    template: template.optional(),
    labels: stringMap(32, 63)
      .meta({
        description:
          'Labels to put on the Secret, like `team: shop`. The platform team may reserve some that have a meaning to other controllers. Default: none.',
        ...rules(...keyRules('labels', 'k'), {
          rule: `self.all(k, self[k] == '' || self[k].matches('^${NAME}$'))`,
          message:
            'the value of a label consists of at most 63 letters, digits, -, _ and ., and begins and ends with a letter or digit, like my-team',
        }),
      })
      .optional(),
    annotations: stringMap(32, 4096)
      .meta({
        description:
          'Annotations to put on the Secret, like `example.com/owner: shop team`. The platform team may reserve some. Default: none.',
        ...rules(...keyRules('annotations', 'k.lowerAscii()')),
      })
      .optional(),
  })
  .meta({
    description: 'The Secret that workloads mount.',
    ...rules(
      {
        rule: "!has(self.format) || self.format != 'Template' || has(self.template)",
        message: 'format Template has only what template says: set template',
      },
      {
        rule: `!has(self.include) || self.include.all(m, ${isSecretKey('m')} || (has(self.keys) && m in self.keys))`,
        message: `include has a member whose name can't be a key of a Secret, which consists of ${KEY_FORM}: give it a key in keys`,
      },
    ),
  });
