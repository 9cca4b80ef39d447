import * as z from 'zod';
import { boundedDuration } from './durations.ts';
import { objectName } from './schema.ts';

/** How a server's registered clients are kept: after faults, at their end, and against changes by others. */
export const upkeep = {
  recovery: z
    .object({
      interrupted: z.enum(['Reregister', 'Hold']).default('Reregister').meta({
        description:
          'After a registration whose answer was lost. Reregister: register again after the cooldown. Hold: wait for the annotation reconcile-requested-at.',
      }),
      tokenLost: z.enum(['Hold', 'Reregister']).default('Hold').meta({
        description:
          'When a registration access token is refused. Hold: keep the client as it is. Reregister: register another in its place.',
      }),
      clientGone: z.enum(['Hold', 'Reregister']).default('Hold').meta({
        description:
          'When the server says twice that it no longer knows a client. Hold: keep its record and say so. Reregister: register another in its place.',
      }),
      cooldown: boundedDuration(
        'cooldown',
        'Pause before the same client is registered again, 1s to 24h.',
      ).default('1m'),
      maxAttempts: z.int().min(1).max(100).default(3).meta({
        description:
          'Registrations of one client whose answers were lost, before others are tried ten minutes apart only, until the server has answered one.',
      }),
      maxRegistrationsPerHour: z.int().min(1).max(1000).default(10).meta({
        description:
          'Registrations for one OAuthClient within an hour, whatever asks for them. At the bound, the next one waits (`ReplacementLimitReached`).',
      }),
    })
    .meta({ description: 'What happens after failures between the operator and the server.' })
    .prefault({}),
  deletion: z
    .object({
      unconfirmed: z.enum(['Release', 'Hold']).default('Release').meta({
        description:
          "When the server doesn't confirm a deletion. Release: let the object go, and try again by its record. Hold: keep the object.",
      }),
      retryFor: boundedDuration(
        'retryFor',
        'How long deregistration is tried before the client counts as left behind, 1m to 168h.',
      ).default('1h'),
    })
    .meta({ description: 'How clients are deregistered.' })
    .prefault({}),
  drift: z
    .object({
      mode: z.enum(['Off', 'Report', 'Correct']).default('Off').meta({
        description:
          'Whether the operator reads clients periodically. Report: status shows what differs from the registration. Correct: the spec is also sent again.',
      }),
      interval: boundedDuration(
        'interval',
        'Time between two reads of one client, with jitter, 1m to 720h.',
      ).default('1h'),
      rotatingReads: z.enum(['Refuse', 'Allow']).default('Refuse').meta({
        description:
          'Whether clients are read at a server where each read changes the registration access token or the secret.',
      }),
    })
    .meta({ description: 'Changes that somebody else makes to clients at the server.' })
    .prefault({}),
  verification: z
    .object({
      mode: z.enum(['Off', 'Report', 'Gate']).default('Off').meta({
        description:
          'Whether the operator asks the token endpoint once with each new credential of a client. Report: the condition Verified says what the server answered. Gate: the client is also not Ready before the server accepted its credential.',
      }),
      interval: boundedDuration(
        'verificationInterval',
        'Time after which the same credential is tried again, with jitter, 5m to 8760h, like 24h. Finds clients that the server forgot. Default: never.',
      ).optional(),
    })
    .meta({ description: 'Whether clients can authenticate with what the server gave them.' })
    .prefault({}),
};

/** `spec.migration` of a server object. */
export const migration = z
  .object({
    to: z
      .object({
        kind: z
          .enum(['AuthorizationServer', 'ClusterAuthorizationServer'])
          .default('ClusterAuthorizationServer')
          .meta({
            description: 'Kind of the new server object; an AuthorizationServer is in the same namespace.',
          }),
        name: objectName().meta({ description: 'Its name, like `corporate-new`.' }),
      })
      .meta({ description: 'The server object that the clients move to.' }),
    maxConcurrent: z.int().min(1).max(1000).default(10).meta({
      description: 'How many clients move at the same time.',
    }),
    overlap: boundedDuration(
      'overlap',
      "How long a client stays registered here after it moved, 0s to 720h. Until then it can go back. Default: the client's own replacement.overlap.",
    ).optional(),
    suspend: z.boolean().default(false).meta({
      description:
        'No client moves until this is false. Which clients the new server would refuse is shown all the same, so true is a dry run.',
    }),
  })
  .meta({
    description:
      'All clients move to another server object: each is registered there, its Secret shows that, and it ends here after an overlap. While this stands, a reference to this object means the other. To go back, remove it before the overlaps end.',
  });
