import { webhookProviders } from '@tagship/domain/webhook'
import { Argument, type Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../../command.ts'
import { connect } from '../../config.ts'
import { note, printJson, printLines, terminalWidth } from '../../output/print.ts'
import { describeNewWebhook, webhookColumns, webhookRow } from '../../output/source.ts'
import { renderTable } from '../../output/table.ts'

type Provider = (typeof webhookProviders)[number]

const provider = () => new Argument('<provider>', 'who sends the deliveries').choices(webhookProviders)

export function webhookCommand(): Command {
  return command('webhook', 'who may tell of new tags, so that they are seen at once')
    .addCommand(
      withJson(command('set', 'make a webhook, or a new secret for it; the secret is shown once'))
        .argument('<app>', 'the app')
        .addArgument(provider())
        .action(exitWith(set)),
    )
    .addCommand(
      withJson(command('list', 'every webhook')).argument('<app>', 'the app').action(exitWith(list)),
    )
    .addCommand(
      withJson(command('remove', 'take its deliveries no more'))
        .argument('<app>', 'the app')
        .addArgument(provider())
        .action(exitWith(remove)),
    )
}

async function set(app: string, from: Provider, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const webhook = await client.setWebhook({ params: { app }, body: { provider: from } })
  if (flags.json) printJson(webhook)
  else printLines(describeNewWebhook(webhook))
  return 0
}

async function list(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const { webhooks } = await client.getSource({ params: { app } })
  if (flags.json) printJson(webhooks)
  else if (webhooks.length === 0) note(`${app} has no webhooks; tagship app webhook set ${app} github`)
  else
    printLines(
      renderTable(
        webhookColumns,
        webhooks.map((one) => webhookRow(one)),
        terminalWidth(),
      ),
    )
  return 0
}

async function remove(app: string, from: Provider, flags: JsonFlag): Promise<number> {
  const client = await connect()
  await client.removeWebhook({ params: { app, provider: from } })
  if (flags.json) printJson({ removed: from })
  else printLines([`${app}: deliveries of ${from} are taken no more`])
  return 0
}
