/** The head of a CGI response (RFC 3875 §6): header lines and an empty line. */
export interface CgiHead {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Where the body starts. */
  readonly length: number
}

/** Null while the head is not there as a whole. */
export function parseCgiHead(bytes: Buffer): CgiHead | null {
  const match = /\r?\n\r?\n/.exec(bytes.toString('latin1'))
  if (!match) return null
  const lines = bytes.toString('latin1', 0, match.index).split(/\r?\n/)
  const fields = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':')
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : []
  })
  const status = fields.find(([name]) => name.toLowerCase() === 'status')?.[1]
  return {
    status: status ? Number.parseInt(status, 10) : 200,
    headers: fields.filter(([name]) => name.toLowerCase() !== 'status'),
    length: match.index + match[0].length,
  }
}
