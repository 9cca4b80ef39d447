/** The ways in which servers and gateways repeat a value, and in which somebody might who wants it to be seen. */
export const ENCODINGS: Readonly<Record<string, (value: string) => string>> = {
  'as it is': (value) => value,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (value) => encodeURIComponent(value).toLowerCase(),
  'percent-encoded octet by octet': (value) =>
    [...Buffer.from(value)].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join(''),
  'percent-encoded twice': (value) => encodeURIComponent(encodeURIComponent(value)),
  'form-encoded': (value) => new URLSearchParams({ v: value }).toString().slice(2),
  'in base64': (value) => Buffer.from(value).toString('base64').replace(/=+$/, ''),
  'in base64 with its padding, percent-encoded': (value) =>
    encodeURIComponent(Buffer.from(value).toString('base64')).replace(/(%3D)+$/, ''),
  'in base64url': (value) => Buffer.from(value).toString('base64url'),
  'in hex': (value) => Buffer.from(value).toString('hex'),
  'in HEX': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  'with JSON escapes': (value) => JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/'),
  'with JSON in JSON': (value) => JSON.stringify(JSON.stringify(value)).slice(3, -3),
  'with Unicode escapes': (value) =>
    Array.from(
      { length: value.length },
      (_, at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  'with HTML escapes': (value) =>
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  'with HTML numbers': (value) => [...value].map((letter) => `&#${letter.codePointAt(0)};`).join(''),
  'with HTML numbers in hex': (value) =>
    [...value].map((letter) => `&#x${letter.codePointAt(0)?.toString(16)};`).join(''),
  'in upper case': (value) => value.toUpperCase(),
  'in lower case': (value) => value.toLowerCase(),
  reversed: (value) => [...value].reverse().join(''),
  'reversed and percent-encoded': (value) => encodeURIComponent([...value].reverse().join('')),
  spaced: (value) => [...value].join(' '),
  'with zero-width spaces between': (value) => [...value].join('\u200b'),
  'with joiners and marks between': (value) => [...value].join('\u2060\u034f'),
  'with control characters between': (value) => [...value].join('\u0007'),
  'with line breaks between': (value) => value.replace(/(.{4})/gsu, '$1\r\n').trim(),
};
