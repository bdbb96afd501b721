import type { AppRecord, CommandStore } from '@tagship/engine'
import type { links } from './access/links.ts'
import type { sessions } from './access/sessions.ts'
import type { signInTables } from './access/sign-in-tables.ts'
import type { users } from './access/users.ts'
import type { apps } from './apps.ts'
import type { audit } from './audit.ts'
import type { settling } from './backup/settle.ts'
import type { Changes } from './changes.ts'
import type { comparing } from './compared.ts'
import type { configReading } from './config/read.ts'
import type { databaseFacts } from './database-facts.ts'
import type { deployments } from './deployments.ts'
import type { events } from './events.ts'
import type { figures } from './figures.ts'
import type { health } from './health.ts'
import type { idempotency } from './idempotency.ts'
import type { instances } from './instances.ts'
import type { leases } from './leases.ts'
import type { deploymentLists } from './list-deployments.ts'
import type { logs } from './logs.ts'
import type { outbox } from './outbox.ts'
import type { overviews } from './overview.ts'
import type { polls } from './polls.ts'
import type { releases } from './releases.ts'
import type { sourceCredentials } from './sources/credentials.ts'
import type { signers } from './sources/signers.ts'
import type { webhooks } from './sources/webhooks.ts'
import type { tags } from './tags.ts'
import type { tokens } from './tokens.ts'
import type { traffic } from './traffic.ts'
import type { history } from './verify/history.ts'

/** Everything that is kept. Every method throws database.unavailable while Postgres does not answer. */
export interface Store
  extends CommandStore,
    Pick<ReturnType<typeof apps>, 'listApps'>,
    Pick<ReturnType<typeof deployments>, 'currentDeployments'>,
    ReturnType<typeof deploymentLists>,
    Pick<ReturnType<typeof configReading>, 'configNotLive' | 'unreadableSecrets'>,
    Pick<ReturnType<typeof releases>, 'listReleases'>,
    Pick<ReturnType<typeof tags>, 'appsWithMovedTags'>,
    Pick<ReturnType<typeof instances>, 'instancesOf'>,
    Pick<ReturnType<typeof polls>, 'pollState'>,
    Pick<ReturnType<typeof signers>, 'signersOf'>,
    Pick<ReturnType<typeof sourceCredentials>, 'sourceAccess'>,
    Pick<ReturnType<typeof webhooks>, 'webhookOf' | 'acceptDelivery'>,
    Pick<Changes, 'onChange' | 'listening'>,
    ReturnType<typeof audit>,
    ReturnType<typeof comparing>,
    ReturnType<typeof databaseFacts>,
    ReturnType<typeof events>,
    ReturnType<typeof figures>,
    ReturnType<typeof health>,
    ReturnType<typeof history>,
    ReturnType<typeof settling>,
    ReturnType<typeof idempotency>,
    ReturnType<typeof outbox>,
    ReturnType<typeof overviews>,
    ReturnType<typeof tokens>,
    ReturnType<typeof traffic>,
    ReturnType<typeof leases>,
    ReturnType<typeof links>,
    ReturnType<typeof sessions>,
    ReturnType<typeof signInTables>,
    ReturnType<typeof users>,
    Pick<ReturnType<typeof logs>, 'logs'> {
  appByName(name: string): Promise<AppRecord | null>
  /** Resolves while Postgres answers. */
  ping(): Promise<void>
  close(): Promise<void>
}
