import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** `npm run dev` in this folder: the page from sources, everything else from a controller that runs. */
const controller = process.env.TAGSHIP_URL ?? 'http://127.0.0.1:7070'

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    // A data: address would need a wider content security policy.
    assetsInlineLimit: 0,
    // Small files that the browser fetches when a page asks for them are what keeps the first load small.
    chunkSizeWarningLimit: 400,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    target: 'baseline-widely-available',
  },
  server: { proxy: Object.fromEntries(['/api', '/healthz', '/readyz'].map((path) => [path, controller])) },
})

/** Each file also as `.br` and `.gz`, made once here instead of at every request. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    async writeBundle({ dir }) {
      if (!dir) return
      const entries = await readdir(dir, { recursive: true, withFileTypes: true })
      const texts = entries.filter((entry) => entry.isFile() && /\.(js|css|html|svg)$/.test(entry.name))
      await Promise.all(texts.map(({ parentPath, name }) => compress(join(parentPath, name))))
    },
  }
}

async function compress(path: string): Promise<void> {
  const content = await readFile(path)
  const [br, gz] = await Promise.all([promisify(brotliCompress)(content), promisify(gzip)(content)])
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)])
}
