import { links } from './access/links.ts'
import { sessions } from './access/sessions.ts'
import { signInTables } from './access/sign-in-tables.ts'
import { users } from './access/users.ts'
import { apps } from './apps.ts'
import { audit } from './audit.ts'
import { settling } from './backup/settle.ts'
import { builds } from './builds.ts'
import { listenForChanges } from './changes.ts'
import { claims } from './claim.ts'
import { commits } from './commit.ts'
import { commitNotes } from './commits.ts'
import { comparing } from './compared.ts'
import { configChanges } from './config/change.ts'
import { environments } from './config/environment.ts'
import { configReading } from './config/read.ts'
import type { SecretKey } from './config/seal.ts'
import { deploymentCreation } from './create-deployment.ts'
import { type DatabaseOptions, openDatabase } from './database.ts'
import { databaseFacts } from './database-facts.ts'
import { deployments } from './deployments.ts'
import { events } from './events.ts'
import { translateFailure, translatingFailures } from './failures.ts'
import { figures } from './figures.ts'
import { health } from './health.ts'
import { holds } from './hold.ts'
import { idempotency } from './idempotency.ts'
import { instances } from './instances.ts'
import { leases } from './leases.ts'
import { deploymentLists } from './list-deployments.ts'
import { logs } from './logs.ts'
import { outbox } from './outbox.ts'
import { overviews } from './overview.ts'
import { placements } from './placements.ts'
import { polls } from './polls.ts'
import { releases } from './releases.ts'
import { requests } from './request-deployment.ts'
import { routes } from './routes.ts'
import { sourceCredentials } from './sources/credentials.ts'
import { sourceSettings } from './sources/settings.ts'
import { signers } from './sources/signers.ts'
import { webhooks } from './sources/webhooks.ts'
import type { Store } from './store.ts'
import { tagFindings } from './tags/findings.ts'
import { tags } from './tags.ts'
import { tokens } from './tokens.ts'
import { traffic } from './traffic.ts'
import { unfinished } from './unfinished.ts'
import { history } from './verify/history.ts'

export interface StoreOptions extends DatabaseOptions {
  /** Apps at most, as many as the router has places for; 1,000 unless given. */
  readonly maxSeats?: number
  /** Seals and opens the secrets of all apps. */
  readonly secretKey: SecretKey
}

/** Opens the store on a database that `migrate` has brought up to date. @throws database.unavailable */
export async function openStore({ maxSeats = 1_000, secretKey, ...options }: StoreOptions): Promise<Store> {
  const database = openDatabase(options)
  const ping = async () => {
    await database.query({ name: 'ping', text: 'SELECT 1' })
  }
  try {
    await ping()
  } catch (error) {
    await database.close()
    throw translateFailure(error)
  }
  const changes = listenForChanges(database, options.log)
  return translatingFailures({
    ...apps(database, maxSeats),
    ...audit(database),
    ...builds(database),
    ...claims(database),
    ...commits(database),
    ...commitNotes(database),
    ...comparing(database),
    ...configChanges(database, secretKey),
    ...configReading(database, secretKey),
    ...deploymentCreation(database),
    ...deployments(database),
    ...deploymentLists(database),
    ...environments(database, secretKey),
    ...events(database),
    ...figures(database),
    ...health(database),
    ...history(database),
    ...holds(database),
    ...idempotency(database),
    ...instances(database),
    ...leases(database),
    ...links(database),
    ...logs(database),
    ...outbox(database),
    ...overviews(database),
    ...polls(database),
    ...releases(database),
    ...settling(database),
    ...requests(database),
    ...placements(database),
    ...routes(database),
    ...tagFindings(database),
    ...sessions(database),
    ...signInTables(database),
    ...signers(database),
    ...sourceCredentials(database, secretKey),
    ...sourceSettings(database, secretKey),
    ...tags(database),
    ...tokens(database),
    ...traffic(database),
    ...unfinished(database),
    ...users(database),
    ...webhooks(database, secretKey),
    onChange: changes.onChange,
    waitForChange: changes.waitForChange,
    listening: changes.listening,
    ping,
    ...databaseFacts(database),
    async close() {
      await changes.close()
      await database.close()
    },
  })
}
