import type { Preset } from './dialect.ts';
import { forgerock } from './forgerock.ts';

/**
 * PingOne Advanced Identity Cloud, the endpoint `/register`: the product that was ForgeRock Identity Cloud, with the
 * same documents. Read, nothing observed. Tokens may name an issuer with `:443` (see `discovery.acceptedIssuer`), and
 * one sample answers a `registration_client_uri` without its realm.
 */
export const pingoneAic: Preset = forgerock;
