import * as z from 'zod';
import { celText, list, rules, set, stringMap, text, textMatching } from './schema.ts';

/** `spec.allowedNamespaces` of a ClusterAuthorizationServer: who may use the server. */

const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_KEY = '^([^/]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$';
const LABEL_VALUE = '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$';
const NO_LABEL = 'no namespace can have such a label: correct its key and value, like sso: "true"';

const expression = z
  .object({
    key: text(317).meta({ description: 'Key of the label, like `sso`.' }),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).meta({
      description:
        'In, NotIn: the label has one, or none, of `values`. Exists, DoesNotExist: it is there, or is not.',
    }),
    values: list(z.string().max(63), 64)
      .meta({ description: 'For In and NotIn: the values of the label, like `[shop, web]`.' })
      .optional(),
  })
  .meta(
    rules(
      {
        rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
        message: 'In and NotIn need values; Exists and DoesNotExist take none',
      },
      {
        rule: `self.key.matches(${celText(LABEL_KEY)}) && (!has(self.values) || self.values.all(v, v.matches(${celText(LABEL_VALUE)})))`,
        message: NO_LABEL,
      },
    ),
  );

const selector = z
  .object({
    matchLabels: stringMap(32, 63)
      .meta({
        description: 'Labels that a namespace has, like `sso: "true"`. All of them must match.',
        ...rules({
          rule: `self.all(k, k.matches(${celText(LABEL_KEY)}) && self[k].matches(${celText(LABEL_VALUE)}))`,
          message: NO_LABEL,
        }),
      })
      .optional(),
    matchExpressions: list(expression, 32)
      .meta({
        description:
          'Conditions on labels, like `{key: team, operator: In, values: [a, b]}`. All of them must hold.',
      })
      .optional(),
  })
  .meta({
    description:
      'Namespaces by their labels, as everywhere in Kubernetes. An empty selector, `{}`, admits every namespace.',
    'x-kubernetes-map-type': 'atomic',
  });

export const allowedNamespaces = z
  .object({
    names: set(
      textMatching(
        text(63),
        NAMESPACE,
        'must be the name of a namespace, without wildcard; to admit every namespace write selector: {}',
      ),
      256,
    )
      .meta({ description: 'Namespaces by name, like `[shop, web]`. Default: none.' })
      .optional(),
    selector: selector.optional(),
    disclose: z.enum(['Nothing', 'Requirement']).default('Nothing').meta({
      description:
        "What status says in a namespace that isn't admitted. Nothing: no such server is available. Requirement: also the required names or labels, and `contact`.",
    }),
  })
  .meta({
    description:
      'Namespaces that may use the server: by name or by label, either admits. Default: none. `selector: {}`: all.',
  });

export type AllowedNamespaces = z.infer<typeof allowedNamespaces>;
