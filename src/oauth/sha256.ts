import { hash } from 'node:crypto';

/** SHA-256 of the text's UTF-8, in base64url without padding: 43 characters. */
export const sha256 = (text: string): string => hash('sha256', text, 'base64url');
