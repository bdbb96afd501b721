/** What the router says itself where no app can answer. No part of a page comes from outside it. */

/** Pages that a rule of the frontend chooses, as HTML or JSON, with their status. */
export const chosenPages = { 'no-app': 404, 'not-live': 503, 'no-preview': 404, unhealthy: 503 } as const

/** Pages for errors that HAProxy meets on its way to an instance. */
const errorPages = { unhealthy: 503, failed: 502, 'too-slow': 504 } as const

type PageName = keyof typeof chosenPages | keyof typeof errorPages

const words: Readonly<Record<PageName, { title: string; text: string }>> = {
  'no-app': { title: 'Nothing lives here', text: 'No app answers to this address.' },
  'not-live': { title: 'Not launched yet', text: 'This app is known, but none of its releases is live yet.' },
  'no-preview': { title: 'Nothing to preview', text: 'No release of this app is waiting for its turn.' },
  unhealthy: {
    title: 'Back in a moment',
    text: 'This app does not answer right now. Please try again shortly.',
  },
  failed: { title: 'Something went wrong', text: 'This app broke off while it was answering.' },
  'too-slow': { title: 'That took too long', text: 'This app did not answer in time.' },
}

/** Every file of the folder `pages`. */
export function renderPages(): Map<string, string> {
  const files = new Map<string, string>()
  for (const [page, status] of entries(chosenPages)) {
    const { title, text } = words[page]
    files.set(`${page}.html`, renderHtml(status, title, text))
    files.set(`${page}.json`, `${JSON.stringify({ status, title, detail: text })}\n`)
  }
  for (const [page, status] of entries(errorPages)) {
    files.set(`${page}.http`, rawAnswer(status, renderHtml(status, words[page].title, words[page].text)))
  }
  return files
}

function entries<K extends PageName>(pages: Readonly<Record<K, number>>): [K, number][] {
  return Object.entries(pages) as [K, number][]
}

function rawAnswer(status: number, html: string): string {
  const head = [
    `HTTP/1.1 ${status} Unavailable`,
    'Content-Type: text/html; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(html)}`,
    'Cache-Control: no-store',
    ...(status === 503 ? ['Retry-After: 2'] : []),
  ]
  return `${head.join('\r\n')}\r\n\r\n${html}`
}

function renderHtml(status: number, title: string, text: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
  body { margin: 0; min-height: 100vh; display: grid; place-items: center;
    font: 17px/1.6 system-ui, sans-serif; color: #1c2430; background: #f5f7fa }
  main { max-width: 26rem; padding: 2rem }
  b { font: 600 .8rem/1 ui-monospace, monospace; letter-spacing: .12em; color: #3568d4 }
  h1 { margin: .6rem 0 .4rem; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em }
  p { margin: 0; color: #5a6675 }
  @media (prefers-color-scheme: dark) {
    body { color: #e8ecf2; background: #10141a } b { color: #7ba4f7 } p { color: #98a3b3 }
  }
</style>
<main><b>${status}</b><h1>${title}</h1><p>${text}</p></main>
</html>
`
}
