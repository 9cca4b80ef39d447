declare const BRAND: unique symbol;

/** `namespace/name`: names an OAuthClient. Made by the functions of this file. */
export type ClientKey = string & { readonly [BRAND]: 'ClientKey' };

/** Namespace and name of an OAuthClient, of its metadata or of its identity in a record. */
interface ClientName {
  readonly namespace?: string;
  readonly name: string;
}

export const clientKey = ({ namespace = '', name }: ClientName): ClientKey =>
  `${namespace}/${name}` as ClientKey;

/** A key that was stored as text and is read back. */
export const storedClientKey = (text: string): ClientKey => text as ClientKey;
