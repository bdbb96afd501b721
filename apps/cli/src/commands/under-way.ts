import type { AppJson, Client, DeploymentJson } from '@tagship/api'
import { notFound } from '../errors.ts'

/** What is under way of the app, or waits for its turn. @throws deployment.notFound (exit code 4) */
export async function deploymentUnderWay(client: Client, name: string): Promise<DeploymentJson> {
  const app: AppJson = await client.getApp({ params: { app: name } })
  const found = app.active ?? app.queued
  if (!found)
    throw notFound(
      `${name} has no deployment under way`,
      `tagship deployments ${name} lists those that were.`,
    )
  return found
}
