/** Series of promtool's notation: labels → values, one a minute. */
export type Series = Readonly<Record<string, string>>;

interface Scene {
  /** What happens, as the name of the test says it. */
  readonly when: string;
  readonly series: Series;
}

/** When an alert fires, and when it does not, although something similar happens. */
interface Scenes {
  readonly firing: Scene & {
    /** Labels of the alert beside its severity, and its summary. */
    readonly labels: Readonly<Record<string, string>>;
    readonly summary: string;
  };
  readonly silent: readonly [Scene, ...Scene[]];
}

const NAMESPACE = 'namespace="oauth-registrar-system"';
const of = (name: string, labels = '') => `${name}{${NAMESPACE}${labels === '' ? '' : `,${labels}`}}`;
const corporate = 'server="corporate"';
const leader = (pod: string) => of('oauth_registrar_leader', `pod="${pod}"`);
const memory = { rss: of('process_resident_memory_bytes'), limit: of('oauth_registrar_memory_limit_bytes') };
const slow = 'oauth_registrar_authorization_server_request_duration_seconds_bucket';
const queue = of('oauth_registrar_queue_depth', 'pod="one"');
const pod = { namespace: 'oauth-registrar-system', pod: 'one' };

/** An hour of each; alerts are asked for at its end. */
export const SCENES: Readonly<Record<string, Scenes>> = {
  OAuthRegistrarDown: {
    firing: {
      when: 'no Pod is scraped for ten minutes',
      series: { [leader('one')]: '1x45 _x15' },
      labels: { namespace: 'oauth-registrar-system' },
      summary: 'No Pod of the operator is scraped.',
    },
    silent: [
      {
        when: 'one Pod is replaced by another',
        series: { [leader('one')]: '1x30 _x30', [leader('two')]: '_x33 1x30' },
      },
      { when: 'a Pod waits for the lead', series: { [leader('one')]: '0x60' } },
    ],
  },
  OAuthRegistrarNoLeader: {
    firing: {
      when: 'two Pods wait for the lead',
      series: { [leader('one')]: '1x50 0x10', [leader('two')]: '0x60' },
      labels: {},
      summary: 'Pods of the operator run, and none of them leads.',
    },
    silent: [
      {
        when: 'another Pod took the lead',
        series: { [leader('one')]: '1x50 0x10', [leader('two')]: '0x50 1x10' },
      },
      {
        when: 'the lead changes for a minute',
        series: { [leader('one')]: '1x58 0x2', [leader('two')]: '0x59 1x1' },
      },
    ],
  },
  OAuthRegistrarWatchDeaf: {
    firing: {
      when: 'a watch has been silent for twenty minutes',
      series: {
        [of('oauth_registrar_watch_last_event_age_seconds', 'resource="oauthclients"')]: '0x40 60+60x19',
      },
      labels: { resource: 'oauthclients' },
      summary: 'The operator has heard nothing of oauthclients for more than ten minutes.',
    },
    silent: [
      {
        when: 'a bookmark comes each minute',
        series: { [of('oauth_registrar_watch_last_event_age_seconds', 'resource="oauthclients"')]: '59x60' },
      },
    ],
  },
  OAuthRegistrarServerNotReady: {
    firing: {
      when: 'discovery fails for twenty minutes',
      series: {
        [of('oauth_registrar_authorization_servers', `${corporate},ready="False",reason="DiscoveryFailed"`)]:
          '_x40 1x20',
      },
      labels: { server: 'corporate', reason: 'DiscoveryFailed' },
      summary: 'ClusterAuthorizationServer corporate is not ready: DiscoveryFailed.',
    },
    silent: [
      {
        when: 'it fails for ten minutes',
        series: {
          [of(
            'oauth_registrar_authorization_servers',
            `${corporate},ready="False",reason="DiscoveryFailed"`,
          )]: '_x50 1x10',
        },
      },
      {
        when: 'a server of a namespace fails',
        series: {
          [of(
            'oauth_registrar_authorization_servers',
            'server="AuthorizationServer",ready="False",reason="DiscoveryFailed"',
          )]: '3x60',
        },
      },
      {
        when: 'a person suspended it',
        series: {
          [of('oauth_registrar_authorization_servers', `${corporate},ready="False",reason="Suspended"`)]:
            '1x60',
        },
      },
    ],
  },
  OAuthRegistrarServerRefused: {
    firing: {
      when: 'it refuses twenty registrations',
      series: {
        [of('oauth_registrar_client_changes_total', `${corporate},event="Registration",outcome="Failed"`)]:
          '4x50 6+2x9',
      },
      labels: { server: 'corporate' },
      summary: 'corporate refused 21.43 changes of clients within 15 minutes.',
    },
    silent: [
      {
        when: 'it refuses five',
        series: {
          [of('oauth_registrar_client_changes_total', `${corporate},event="Registration",outcome="Failed"`)]:
            '4x54 5+1x5',
        },
      },
      {
        when: 'it does many things',
        series: {
          [of('oauth_registrar_client_changes_total', `${corporate},event="Update",outcome="Succeeded"`)]:
            '0+50x60',
        },
      },
    ],
  },
  OAuthRegistrarAdmissionRefused: {
    firing: {
      when: 'the credential is refused for ten minutes',
      series: {
        [of('oauth_registrar_authorization_servers', `${corporate},ready="False",reason="AdmissionRefused"`)]:
          '_x50 1x10',
      },
      labels: { server: 'corporate' },
      summary: 'ClusterAuthorizationServer corporate refuses the credential of the operator.',
    },
    silent: [
      {
        when: 'another one is given within five minutes',
        series: {
          [of(
            'oauth_registrar_authorization_servers',
            `${corporate},ready="False",reason="AdmissionRefused"`,
          )]: '_x50 1x3 _x7',
          [of('oauth_registrar_authorization_servers', `${corporate},ready="True",reason="Available"`)]:
            '1x50 _x3 1x7',
        },
      },
    ],
  },
  OAuthRegistrarTokenLost: {
    firing: {
      when: 'the server refuses a token',
      series: { [of('oauth_registrar_lost_tokens_total', corporate)]: '0x30 1x30' },
      labels: { server: 'corporate' },
      summary: 'corporate refused registration access tokens within the last hour.',
    },
    silent: [
      {
        when: 'it did so some time ago',
        series: { [of('oauth_registrar_lost_tokens_total', corporate)]: '3x60' },
      },
    ],
  },
  OAuthRegistrarCredentialRefused: {
    firing: {
      when: 'a token endpoint refuses a credential twice',
      series: {
        [of('oauth_registrar_verifications_total', `${corporate},result="Refused"`)]: '0x30 2x30',
        [of('oauth_registrar_verifications_total', `${corporate},result="Accepted"`)]: '5x60',
      },
      labels: { server: 'corporate' },
      summary: 'The token endpoint of corporate refused credentials of clients within the last hour.',
    },
    silent: [
      {
        when: 'it accepts them, and its answer to one is not clear',
        series: {
          [of('oauth_registrar_verifications_total', `${corporate},result="Accepted"`)]: '0+1x60',
          [of('oauth_registrar_verifications_total', `${corporate},result="Inconclusive"`)]: '0x30 1x30',
          [of('oauth_registrar_verifications_total', `${corporate},result="Refused"`)]: '2x60',
        },
      },
    ],
  },
  OAuthRegistrarOrphanSuspected: {
    firing: {
      when: 'two registrations are listed',
      series: { [of('oauth_registrar_suspected_orphans', corporate)]: '0x58 2x2' },
      labels: { server: 'corporate' },
      summary: 'At corporate, 2 registrations got no answer: clients may exist that nobody manages.',
    },
    silent: [
      {
        when: 'a person removed the entries',
        series: { [of('oauth_registrar_suspected_orphans', corporate)]: '2x58 0x2' },
      },
    ],
  },
  OAuthRegistrarClientsNotReady: {
    firing: {
      when: 'three clients wait for a server',
      series: {
        [of(
          'oauth_registrar_clients_not_ready_for_long',
          `${corporate},reason="AuthorizationServerUnavailable"`,
        )]: '_x55 3x5',
      },
      labels: { server: 'corporate', reason: 'AuthorizationServerUnavailable' },
      summary:
        'At corporate, 3 OAuthClients have not been Ready for 15 minutes: AuthorizationServerUnavailable.',
    },
    silent: [
      {
        when: 'clients come and go, and none waits for long',
        series: {
          [of(
            'oauth_registrar_clients',
            `${corporate},ready="False",condition="Reconciling",reason="Queued"`,
          )]: '20x60',
        },
      },
    ],
  },
  OAuthRegistrarRenewalOverdue: {
    firing: {
      when: 'the renewal of a client is overdue',
      series: { [of('oauth_registrar_renewals_overdue', corporate)]: '_x55 1x5' },
      labels: { server: 'corporate' },
      summary: 'At corporate, 1 clients end within 48 hours and are not renewed.',
    },
    silent: [
      {
        when: 'secrets end, and are renewed in time',
        series: { [of('oauth_registrar_ends', 'what="ClientSecret",within="1d"')]: '40x60' },
      },
    ],
  },
  OAuthRegistrarQueueNotDraining: {
    firing: {
      when: 'objects wait, and become more',
      series: { [queue]: '0x30 100+10x30' },
      labels: pod,
      summary: 'The queue of one has not become shorter for 15 minutes.',
    },
    silent: [
      { when: 'a long queue becomes shorter', series: { [queue]: '0x30 9000-100x30' } },
      {
        when: 'objects wait now and then',
        series: { [queue]: '0 5 0 3 0 9 0 5 0 3 0 9 0 5 0 3 0 9 0 5 0 3 0 9' },
      },
    ],
  },
  OAuthRegistrarMemoryNearLimit: {
    firing: {
      when: 'the Pod uses 95 % of its limit',
      series: { [memory.rss]: '95000000x60', [memory.limit]: '100000000x60' },
      labels: { namespace: 'oauth-registrar-system' },
      summary: ' uses 95% of its memory.',
    },
    silent: [
      { when: 'it uses half', series: { [memory.rss]: '50000000x60', [memory.limit]: '100000000x60' } },
      { when: 'it has no limit', series: { [memory.rss]: '95000000x60', [memory.limit]: '0x60' } },
    ],
  },
  OAuthRegistrarWritesRefused: {
    firing: {
      when: 'a quota refuses Secrets',
      series: {
        [of('oauth_registrar_kubernetes_requests_total', 'verb="create",resource="secrets",code="403"')]:
          '0x45 2+2x14',
      },
      labels: { resource: 'secrets', code: '403' },
      summary: 'The API server answered 403 to writes of secrets.',
    },
    silent: [
      {
        when: 'writes meet conflicts',
        series: {
          [of('oauth_registrar_kubernetes_requests_total', 'verb="update",resource="secrets",code="409"')]:
            '0+9x60',
        },
      },
    ],
  },
  OAuthRegistrarServerSlow: {
    firing: {
      when: 'calls take more than five seconds',
      series: {
        [of(slow, `${corporate},call="POST",le="5"`)]: '0+1x60',
        [of(slow, `${corporate},call="POST",le="10"`)]: '0+10x60',
        [of(slow, `${corporate},call="POST",le="+Inf"`)]: '0+10x60',
      },
      labels: { server: 'corporate' },
      summary: 'One in twenty calls to corporate takes more than 9.722s.',
    },
    silent: [
      {
        when: 'one in fifty does',
        series: {
          [of(slow, `${corporate},call="POST",le="1"`)]: '0+49x60',
          [of(slow, `${corporate},call="POST",le="10"`)]: '0+50x60',
          [of(slow, `${corporate},call="POST",le="+Inf"`)]: '0+50x60',
        },
      },
    ],
  },
};
