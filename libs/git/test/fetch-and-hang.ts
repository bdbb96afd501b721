/** A controller that fetches, to be killed in the middle: FOLDER URL COMMIT. */
import { join } from 'node:path'
import { parseAppName, parseCommitSha, parseRepoUrl, parseTagName } from '@tagship/domain'
import { createGitSource } from '../src/index.ts'

const [home = '', url = '', commit = ''] = process.argv.slice(2)
const quiet = () => {}
const source = createGitSource({
  folder: join(home, 'repositories'),
  spoolFolder: join(home, 'spool'),
  log: { info: quiet, warn: quiet, error: quiet },
})
const repository = { app: parseAppName('shop'), url: parseRepoUrl(url) }
await source.fetchCommit(repository, parseCommitSha(commit), parseTagName('v1'))
