import { type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One request on a connection of its own, to whatever host its headers say. */
export async function get(
  url: string,
  headers: Record<string, string>,
  options: { method?: string; body?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { headers, method: options.method ?? 'GET', agent: false },
      async (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: await text(response).catch((error) => String(error)),
        })
      },
    )
    asked.on('error', reject)
    asked.end(options.body)
  })
}
