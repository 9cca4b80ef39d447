import type { SecretFormat } from './format.ts';
import { namedValues, nameOfValue } from './named-values.ts';

const FILE = 'oauth.env';

/** Values of several lines have no place in the file. */
const LEFT_OUT: readonly string[] = ['private_key.pem', 'projected_volume.yaml'];

const nameOf = (wireName: string): string =>
  LEFT_OUT.includes(wireName) ? '' : wireName.replaceAll(/[^A-Za-z0-9]/g, '_').toUpperCase();

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * What every reader of such files takes for the text that it is between single quotes: shells, systemd, Docker Compose,
 * Node.js and the libraries named dotenv read quotes, backslashes and `${` in it in different ways.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in a line.
const BREAKS_A_LINE = /['\\\u0000-\u001f\u007f\u0085\u2028\u2029]|\$\{|\$\(/;

/** One file with a line `NAME='value'` for each value: its wire name in upper case. */
export const envFileFormat = {
  name: 'EnvFile',
  about: `one file, \`${FILE}\`, with a line like \`CLIENT_ID='…'\` for each value`,
  secretType: 'Opaque',
  nameOf,
  isName: (name) => NAME.test(name),
  render(client, keys) {
    const named = namedValues(client, keys, { nameOf });
    if (!named.ok) {
      return named;
    }
    const lines = Object.entries(named.data);
    const broken = lines.find(([, value]) => BREAKS_A_LINE.test(value));
    return broken === undefined
      ? { ok: true, data: { [FILE]: lines.map(([name, value]) => `${name}='${value}'\n`).join('') } }
      : {
          ok: false,
          problem: `can't have the format EnvFile: the value of "${broken[0]}" has a character that readers of such files take in different ways. Use the format Json or Keys, leave the value out by spec.secret.keys, or request another secret`,
        };
  },
  clientIdIn: (data, keys) => {
    const name = nameOfValue('client_id', keys, { nameOf });
    const line = (data[FILE] ?? '').split('\n').find((text) => name !== '' && text.startsWith(`${name}='`));
    return line?.slice(name.length + 2, -1);
  },
} as const satisfies SecretFormat;
