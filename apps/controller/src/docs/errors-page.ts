/**
 * Writes docs/errors.md from the catalogue; with --check, fails where the page is stale.
 * Run: node apps/controller/src/docs/errors-page.ts [--check]
 */
import { readFile, writeFile } from 'node:fs/promises'
import { type ErrorEntry, errorCatalogue } from '@tagship/domain'

const page = new URL('../../../../docs/errors.md', import.meta.url)

const introduction = `# Errors

Everything that Tagship reports carries one of these codes: in the API as a problem document
([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with \`code\`, \`detail\` and \`mend\`, on the command line
with its exit code, and in the failure of a deployment. "Retry" says whether the same request can go well
later without a change.

This page is made from the catalogue in \`libs/domain/src/errors.ts\`:
\`node apps/controller/src/docs/errors-page.ts\`.
`

export function errorsPage(catalogue: Readonly<Record<string, ErrorEntry>>): string {
  const rows = Object.entries(catalogue).map(([code, { title, httpStatus, exitCode, retry, mend }]) =>
    [`\`${code}\``, title, httpStatus, exitCode, retry ? 'yes' : 'no', mend].map(toCell).join(' | '),
  )
  const header = '| Code | What happened | HTTP | Exit code | Retry | What to do |\n|---|---|---|---|---|---|'
  return `${introduction}\n${header}\n${rows.map((row) => `| ${row} |`).join('\n')}\n`
}

function toCell(value: string | number): string {
  return String(value).replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

async function main(check: boolean): Promise<void> {
  const wanted = errorsPage(errorCatalogue)
  if (!check) return writeFile(page, wanted)
  const present = await readFile(page, 'utf8').catch(() => '')
  if (present === wanted) return
  process.stderr.write('docs/errors.md is stale: run node apps/controller/src/docs/errors-page.ts\n')
  process.exitCode = 1
}

if (import.meta.main) await main(process.argv.includes('--check'))
