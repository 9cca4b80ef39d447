import { stringify } from 'yaml';
import { customResourceDefinitions } from './crd.ts';

const HEADER = '# Generated from src/api by `npm run generate`. Do not edit.\n';

/** Path from the root → content, of each file that is made from the schemas and tables. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map(
    customResourceDefinitions().map((definition) => {
      const { metadata } = definition as { metadata: { name: string } };
      const [plural = '', ...group] = metadata.name.split('.');
      return [`crds/${group.join('.')}_${plural}.yaml`, HEADER + yaml(definition)] as const;
    }),
  );
}

const yaml = (value: object) => stringify(value, { lineWidth: 110, aliasDuplicateObjects: false });
