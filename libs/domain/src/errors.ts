/**
 * The catalogue of everything that can go wrong and that a user can be told about.
 * Each entry names the HTTP status, the exit code of the command line (DESIGN §7), whether
 * trying again unchanged can help, and how to mend it. docs/errors.md is generated from here.
 */

export interface ErrorEntry {
  readonly title: string
  readonly httpStatus: number
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8
  readonly retry: boolean
  readonly mend: string
}

const entry = (
  title: string,
  httpStatus: number,
  exitCode: ErrorEntry['exitCode'],
  retry: boolean,
  mend: string,
): ErrorEntry => ({ title, httpStatus, exitCode, retry, mend })

export const errorCatalogue = {
  // --- what a caller sent ---------------------------------------------------------------------
  'input.invalid': entry(
    'The request is not valid',
    400,
    2,
    false,
    'Correct the field that is named and send it again.',
  ),
  'input.tooLarge': entry('The request is too large', 413, 2, false, 'Send at most 256 KiB.'),
  'name.invalid': entry(
    'The name is not allowed',
    400,
    2,
    false,
    'Use 2 to 40 characters: a-z, 0-9 and -, starting with a letter and not ending with -.',
  ),
  'host.invalid': entry(
    'The host is not a valid host name',
    400,
    2,
    false,
    'Give a host name such as shop.example.com, without scheme, port or path.',
  ),
  'host.taken': entry(
    'The host belongs to another app',
    409,
    2,
    false,
    'Choose another host, or take it from the other app first: tagship app set OTHER --remove-host HOST.',
  ),
  'repo.invalid': entry(
    'The repository URL is not allowed',
    400,
    2,
    false,
    'Use an https://, ssh://, git@host:path or file:// URL.',
  ),
  'repo.credentials': entry(
    'Credentials stand in the repository URL',
    400,
    2,
    false,
    'Leave them out of the URL, and give them on stdin: tagship app credential set APP.',
  ),
  'credential.invalid': entry(
    'The credential cannot be used',
    400,
    2,
    false,
    'Give a token for https:// repositories, an SSH private key without passphrase for ssh:// ones, or the private key of a GitHub App.',
  ),
  'credential.notFound': entry(
    'The app has no credential',
    404,
    4,
    false,
    'Set one: tagship app credential set APP --token, or --ssh-key.',
  ),
  'hostKeys.invalid': entry(
    'The host keys cannot be used',
    400,
    2,
    false,
    'Give lines as ssh-keyscan HOST prints them, after comparing them with what the server’s owner publishes.',
  ),
  'signer.invalid': entry(
    'The key cannot be that of a signer',
    400,
    2,
    false,
    'Give one public key: gpg --armor --export KEYID, or the content of id_ed25519.pub.',
  ),
  'signer.notFound': entry(
    'No such signer',
    404,
    4,
    false,
    'List what there is: tagship app signer list APP.',
  ),
  'webhook.notFound': entry(
    'No such webhook',
    404,
    4,
    false,
    'List what there is: tagship app webhook list APP.',
  ),
  'webhook.refused': entry(
    'The delivery was refused',
    401,
    8,
    false,
    'The address, the secret or the time does not fit. Make a new secret: tagship app webhook set APP PROVIDER.',
  ),
  'webhook.replayed': entry(
    'The delivery was accepted before',
    409,
    1,
    false,
    'Nothing to do: what it tells of has been looked at.',
  ),
  'tagRange.invalid': entry(
    'The tag range is not a semver range',
    400,
    2,
    false,
    'Use a range such as "^1" or ">=1.2 <3".',
  ),
  'policy.invalid': entry(
    'The tag policy is not valid',
    400,
    2,
    false,
    'Correct the setting that is named; docs/guides/tags.md says what each of them takes.',
  ),
  'app.exists': entry(
    'An app of this name exists',
    409,
    2,
    false,
    'Choose another name, or change the existing app: tagship app set NAME.',
  ),
  'app.notFound': entry('No such app', 404, 4, false, 'List what there is: tagship app list.'),
  'app.busy': entry(
    'A deployment of the app is under way',
    409,
    2,
    true,
    'Wait until it is live, or stop it: tagship cancel APP before it serves, tagship rollback APP after.',
  ),
  'app.seatsTaken': entry(
    'The router has no place left for another app',
    409,
    2,
    false,
    'Remove an app that is no longer needed, or run a second installation.',
  ),
  'deployment.notFound': entry(
    'No such deployment',
    404,
    4,
    false,
    'List what there is: tagship deployments APP.',
  ),
  'release.notFound': entry('No such release', 404, 4, false, 'List what there is: tagship releases APP.'),
  'release.alreadyLive': entry(
    'The release is live already',
    409,
    2,
    false,
    'Nothing to do. tagship releases APP shows which others there are.',
  ),
  'tag.notFound': entry(
    'No such tag',
    404,
    4,
    false,
    'List what was seen: tagship tags APP. A new tag has to be pushed first.',
  ),
  'tag.noneChosen': entry(
    'The tag policy chooses no tag',
    404,
    4,
    false,
    'tagship tags APP says why each tag was passed over; name one to deploy it all the same.',
  ),
  'tag.notACommit': entry(
    'The tag does not point at a commit',
    422,
    2,
    false,
    'Tag a commit: git tag NAME COMMIT.',
  ),
  'tag.moved': entry(
    'The tag was moved to another commit',
    409,
    2,
    false,
    'A tag that moved is not deployed. Push a new tag, or deploy the commit by its full SHA.',
  ),
  'tag.invalid': entry(
    'The tag name is not allowed',
    400,
    2,
    false,
    'Use a name that git accepts, of at most 128 characters, without spaces, quotes or control characters.',
  ),
  'signature.refused': entry(
    'The signature does not count',
    403,
    8,
    false,
    'Sign it with the key of one of the app’s signers and push a new tag (git tag -s); an admin says who signs.',
  ),
  'config.nameInvalid': entry(
    'The name cannot be an environment variable',
    400,
    2,
    false,
    'Use 1 to 128 characters: A-Z, a-z, 0-9 and _, not starting with a digit.',
  ),
  'config.nameReserved': entry('The name is set by Tagship', 400, 2, false, 'Choose another name.'),
  'config.nameTaken': entry(
    'The name is in use for the other kind of config',
    409,
    2,
    false,
    'A name is an env value or a secret, never both. Unset the one, then set the other.',
  ),
  'config.valueInvalid': entry(
    'The value cannot be held by an environment variable',
    400,
    2,
    false,
    'Give text without NUL characters. Encode what is binary: base64 < FILE | tagship secret set APP NAME.',
  ),
  'config.tooLarge': entry(
    'The config is too large',
    413,
    2,
    false,
    'One value has at most 64 KiB, all names and values of an app 256 KiB. Keep what is larger in a volume.',
  ),
  'app.onHold': entry('The app is on hold', 409, 6, false, 'Lift the hold: tagship resume APP.'),
  'request.conflict': entry(
    'The request does not fit the state of the deployment',
    409,
    2,
    false,
    'tagship status APP shows what is under way.',
  ),
  'idempotency.mismatch': entry(
    'The Idempotency-Key was used for another request',
    422,
    2,
    false,
    'Use a new key for a new request.',
  ),
  // --- access ---------------------------------------------------------------------------------
  'auth.missing': entry('A token is needed', 401, 8, false, 'Log in: tagship login, or set TAGSHIP_TOKEN.'),
  'auth.invalid': entry(
    'The token is not valid',
    401,
    8,
    false,
    'Ask an admin for a new token, or log in again: tagship login.',
  ),
  'auth.forbidden': entry(
    'The token may not do this',
    403,
    8,
    false,
    'Ask an admin for a token with a higher role.',
  ),
  'route.notFound': entry(
    'There is nothing at this address',
    404,
    4,
    false,
    'See /api/openapi.json for what there is.',
  ),
  'dashboard.notMade': entry(
    'The dashboard’s files are not there',
    503,
    1,
    false,
    'Make them: ./tagship prepare. The API works without them.',
  ),
  // --- secrets --------------------------------------------------------------------------------
  'secret.keyInvalid': entry(
    'The key for secrets is not valid',
    500,
    2,
    false,
    'It is 32 random bytes in base64, for example from: openssl rand -base64 32.',
  ),
  'secret.wrongKey': entry(
    'A secret was sealed with another key',
    500,
    1,
    false,
    'Start the controller with the key of then (TAGSHIP_SECRET_KEY, or secret.key in its data folder), or set the secret again.',
  ),
  'secret.damaged': entry(
    'A sealed secret was changed',
    500,
    1,
    false,
    'Set the secret again: tagship secret set APP NAME. Find out who writes to the database.',
  ),
  // --- repository -----------------------------------------------------------------------------
  'git.unreachable': entry(
    'The repository cannot be reached',
    502,
    1,
    true,
    'Check the URL and the network; Tagship goes on trying by itself.',
  ),
  'git.denied': entry(
    'The repository refused access',
    502,
    1,
    false,
    'Check that the URL exists and that its credentials are right: tagship app set APP --repo URL.',
  ),
  'git.notFound': entry(
    'The repository does not exist',
    502,
    4,
    false,
    'Check the URL: tagship app set APP --repo URL.',
  ),
  'git.failed': entry('git reported an error', 502, 1, true, 'The message of git is in the detail.'),
  'git.submodule': entry(
    'A submodule cannot be part of the build',
    422,
    1,
    false,
    'Give it an https:// or ssh:// URL in .gitmodules that the app’s credential opens, and push its commit.',
  ),
  'git.lfs': entry(
    'A file is kept in Git LFS and cannot be had',
    422,
    1,
    false,
    'Install git-lfs where the controller runs, and see that the app’s credential may read the LFS store.',
  ),
  'git.tooLarge': entry(
    'The commit is larger than allowed',
    422,
    1,
    false,
    'Leave large files out of the repository, or export-ignore them in .gitattributes.',
  ),
  // --- manifest and build ---------------------------------------------------------------------
  'manifest.invalid': entry(
    'tagship.yaml is not valid',
    422,
    1,
    false,
    'Correct the key that is named, commit, and push a new tag.',
  ),
  'build.dockerfileMissing': entry(
    'There is no Dockerfile at the tag',
    422,
    1,
    false,
    'Add a Dockerfile, or name it in tagship.yaml: build.dockerfile.',
  ),
  'build.failed': entry(
    'The image build failed',
    422,
    1,
    false,
    'The last lines of the build are in the detail; all of them: tagship logs APP --build.',
  ),
  'build.timeout': entry(
    'The image build took longer than allowed',
    422,
    1,
    false,
    'Make the build faster, or raise build.timeout in tagship.yaml.',
  ),
  'build.outOfMemory': entry(
    'The image build used more memory than allowed',
    422,
    1,
    false,
    'Make the build smaller, or raise build.memory in tagship.yaml.',
  ),
  'build.canceled': entry(
    'The image build was canceled',
    409,
    5,
    false,
    'Deploy again when you want it: tagship deploy APP TAG.',
  ),
  'build.noSpace': entry(
    'There is no disk space left for the build',
    507,
    1,
    true,
    'Free disk space: docker builder prune, docker image prune; then deploy again.',
  ),
  'image.missing': entry(
    'The image is gone',
    410,
    4,
    false,
    'Build it again from its tag: tagship deploy APP TAG.',
  ),
  // --- boot and health ------------------------------------------------------------------------
  'release.commandFailed': entry(
    'The release command failed',
    422,
    1,
    false,
    'Its last lines are in the detail; mend it, and push a new tag.',
  ),
  'release.commandTimeout': entry(
    'The release command took longer than allowed',
    422,
    1,
    false,
    'Make it faster, or raise release.timeout in tagship.yaml.',
  ),
  'instance.exited': entry(
    'An instance exited',
    422,
    1,
    false,
    'Its last lines are in the detail; mend the start of the process, and push a new tag.',
  ),
  'instance.outOfMemory': entry(
    'An instance ran out of memory',
    422,
    1,
    false,
    'Use less memory, or raise processes.NAME.resources.memory in tagship.yaml.',
  ),
  'instance.startFailed': entry(
    'An instance could not be started',
    422,
    1,
    false,
    'Check the command and the image of the process; the engine’s words are in the detail.',
  ),
  'instance.notListening': entry(
    'An instance does not listen on its port',
    422,
    1,
    false,
    'Listen on 0.0.0.0 at the port in processes.NAME.port of tagship.yaml.',
  ),
  'instance.unhealthy': entry(
    'An instance did not become healthy before the deadline',
    422,
    1,
    false,
    'Mend the health path, or raise processes.NAME.health.deadline in tagship.yaml.',
  ),
  'process.noPort': entry(
    'Tagship cannot tell which port the process listens on',
    422,
    1,
    false,
    'Set processes.web.port in tagship.yaml, or EXPOSE one port in the Dockerfile.',
  ),
  'bake.unhealthy': entry(
    'The new release failed under real traffic',
    422,
    1,
    false,
    'The old release serves again. Mend the release, and push a new tag.',
  ),
  'deployment.deadline': entry(
    'The deployment did not finish before its deadline',
    422,
    1,
    false,
    'See which phase took so long: tagship status APP; raise rollout.deadline in tagship.yaml.',
  ),
  'deployment.canceled': entry(
    'The deployment was canceled',
    409,
    5,
    false,
    'Deploy again when you want it: tagship deploy APP TAG.',
  ),
  'deployment.superseded': entry(
    'A newer tag took the place of the deployment',
    409,
    5,
    false,
    'Nothing to do: the newer tag is deployed.',
  ),
  // --- the machine ----------------------------------------------------------------------------
  'engine.unavailable': entry(
    'The Docker Engine does not answer',
    503,
    1,
    true,
    'Start it (./tagship starts it where it may); tagship doctor says more.',
  ),
  'engine.timeout': entry(
    'The Docker Engine did not answer in time',
    503,
    1,
    true,
    'Tagship goes on trying by itself; tagship doctor says more.',
  ),
  'engine.failed': entry('The Docker Engine refused', 502, 1, true, 'The engine’s words are in the detail.'),
  'router.unavailable': entry(
    'The router does not answer',
    503,
    1,
    true,
    'Tagship starts it again by itself; tagship doctor says more.',
  ),
  'router.refused': entry(
    'The router refused the change',
    502,
    1,
    true,
    'The router’s words are in the detail; the old release serves on.',
  ),
  'router.fenced': entry(
    'The router has a newer writer',
    409,
    1,
    false,
    'Nothing to do: another controller has taken this deployment over.',
  ),
  'router.unconfirmed': entry(
    'No request through the router was answered by the new release',
    502,
    1,
    true,
    'The old release serves on. Check the app’s hosts and that the process answers HTTP.',
  ),
  'database.unavailable': entry(
    'Postgres does not answer, or cannot write',
    503,
    7,
    true,
    'Apps serve on. Check DATABASE_URL and free disk space; work goes on by itself when Postgres is back.',
  ),
  'database.tooNew': entry(
    'The database belongs to a newer version of Tagship',
    500,
    1,
    false,
    'Run the newer version, or restore a backup made with this one.',
  ),
  'queue.unavailable': entry(
    'Redis does not answer, or cannot write',
    503,
    7,
    true,
    'Apps serve on. Check REDIS_URL, and memory and role of the server; work goes on by itself when it is back.',
  ),
  'port.taken': entry(
    'The port is in use',
    500,
    1,
    false,
    'Stop what uses it, or choose another: tagship up --port N --http-port N.',
  ),
  'data.notWritable': entry(
    'The data folder cannot be written',
    500,
    1,
    false,
    'Choose another with --data DIR, or give this user the right to write there.',
  ),
  'data.noSpace': entry(
    'There is no disk space left',
    507,
    1,
    true,
    'Apps serve on. Free disk space where the data folder is; then deploy again.',
  ),
  'installation.busy': entry(
    'Another controller runs on this data folder',
    500,
    1,
    false,
    'Use it, or stop it first: tagship down --data DIR.',
  ),
  'backup.exists': entry(
    'There is a file of this name',
    409,
    2,
    false,
    'Choose another name, or replace it: tagship backup FILE --yes.',
  ),
  'backup.notWritable': entry(
    'The backup cannot be written',
    500,
    1,
    false,
    'Choose a folder that this user may write to, on a disk with enough room; what was there before is untouched.',
  ),
  'backup.damaged': entry(
    'The file is not a whole backup',
    500,
    1,
    false,
    'Take another backup; one that was cut off or changed is never restored.',
  ),
  'restore.notEmpty': entry(
    'A restore needs an empty place',
    409,
    2,
    false,
    'Name a folder that is empty or not there: tagship restore FILE --data DIR.',
  ),
  'restore.unfinished': entry(
    'A restore into this data folder did not finish',
    500,
    1,
    false,
    'Begin it again; what it has left is replaced: tagship restore FILE --data DIR.',
  ),
  'restore.keyMissing': entry(
    'The secrets in the backup need their key',
    400,
    2,
    false,
    'Give the key of the old installation (secret.key in its data folder): --key-file FILE, or TAGSHIP_SECRET_KEY.',
  ),
  internal: entry(
    'Tagship has a defect',
    500,
    1,
    true,
    'Please report it, with the line of the log that carries the same time.',
  ),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorCatalogue

/** An error that a user is told about: a code of the catalogue and what exactly was wrong, and where. */
export class TagshipError extends Error {
  readonly code: ErrorCode
  override readonly name = 'TagshipError'

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
  }

  get entry(): ErrorEntry {
    return errorCatalogue[this.code]
  }
}

/** Any thrown value as a TagshipError; a full disk is known as such, anything else not from the catalogue is `internal`. */
export function toTagshipError(error: unknown): TagshipError {
  if (error instanceof TagshipError) return error
  const detail = error instanceof Error ? error.message : String(error)
  if (/^ENOSPC\b/.test(detail)) return new TagshipError('data.noSpace', detail, { cause: error })
  return new TagshipError('internal', detail, { cause: error })
}
