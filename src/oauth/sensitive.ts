const contents = new WeakMap<Sensitive, string>();

/**
 * A string that must not be shown: a client secret, a token, a key.
 *
 * It prints as `[redacted]` wherever JavaScript turns a value into text (template strings, `JSON.stringify`,
 * `console.log`, a logger). The content is accessible only through {@link Sensitive.reveal}, so every use can be found.
 */
export class Sensitive {
  constructor(content: string) {
    contents.set(this, content);
  }

  /** The content itself. Call it where the value is sent or stored, nowhere else. */
  reveal(): string {
    return contents.get(this) ?? '';
  }

  equals(other: Sensitive | undefined): boolean {
    return other !== undefined && other.reveal() === this.reveal();
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]';
  }
}
