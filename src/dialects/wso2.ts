import type { Preset } from './dialect.ts';
import { firstOf, onAdmission } from './hints.ts';

/**
 * WSO2 Identity Server, DCR 1.1. Read in its source, nothing observed.
 *
 * - Answers neither token nor URI: clients are managed at the registration endpoint's path with an administrator's
 *   credential (`spec.management` of the server object).
 * - PUT applies values that aren't empty and resets booleans. Nothing clears a member: an empty value is ignored like a
 *   missing one.
 * - A `client_name` that is taken is refused with 400.
 * - A deleted client answers 401 with an empty body. Reads and updates give the secret (recalled).
 */
export const wso2: Preset = {
  departures: {
    configurationUrl: '{registration_endpoint}/{client_id}',
    goneStatuses: [401],
  },
  hint: firstOf(
    onAdmission(
      'WSO2 wants an administrator: set spec.registration.admission.basic of the server object, or clientCredentials with the scopes internal_dcr_create, internal_dcr_update, internal_dcr_delete and internal_dcr_view.',
    ),
    ({ status, description = '' }) =>
      status === 400 && /already exist|duplicate/i.test(description)
        ? 'WSO2 wants a name of its own for every client: choose another spec.client.clientName, or put {namespace} and {name} into spec.defaults.clientName of the server object.'
        : undefined,
  ),
};
