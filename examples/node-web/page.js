/** The start page: each version has a colour of its own, and the page changes by itself when another takes over. */
export function renderPage(version) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>node-web ${escapeHtml(version)}</title>
<style>
  html { color-scheme: light dark }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; font-family: system-ui, sans-serif;
    color: white; background: linear-gradient(135deg, hsl(${hueOf(version)} 62% 36%), hsl(${hueOf(version) + 40} 62% 24%)) }
  main { text-align: center; padding: 2rem }
  h1 { font-size: clamp(3rem, 14vw, 8rem); margin: 0; letter-spacing: -0.04em; font-variant-numeric: tabular-nums }
  p { margin: 0.5rem 0; font-size: 1.15rem; opacity: 0.92 }
</style>
<main>
  <p>You are looking at version</p>
  <h1>${escapeHtml(version)}</h1>
  <p>Push another tag and keep this page open.</p>
</main>
<script>
  setInterval(async () => {
    const answer = await fetch('/version').catch(() => null)
    if (answer?.ok && (await answer.text()).trim() !== ${JSON.stringify(version).replaceAll('<', '\\u003c')}) location.reload()
  }, 1000)
</script>
</html>
`
}

/** Versions that follow each other are far apart on the colour wheel. */
function hueOf(version) {
  const sum = [...version].reduce((total, character) => (total * 31 + character.codePointAt(0)) % 3_600, 7)
  return (sum * 137) % 360
}

function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`)
}
