import type { FiguresJson } from '@tagship/api'
import { formatAge, formatBytes } from '../../data/format.ts'
import { Columns } from '../../parts/columns.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Bytes } from '../../parts/values.tsx'
import styles from './image-sizes.module.css'

/** How large images are; of one app, release by release. */
export function ImageSizes({ figures: { app, imageBytes, imageSizes } }: { readonly figures: FiguresJson }) {
  const columns = imageSizes.map(({ release, at, bytes }) => ({
    key: release,
    name: release,
    parts: [{ look: 'ink', amount: bytes }] as const,
    says: `${formatBytes(bytes)}, ${formatAge(new Date(at), Date.now())}`,
  }))
  return (
    <Panel title="Image sizes" aside={app === null && 'Choose an app to see its releases'}>
      <Facts>
        <Fact name="p50">
          <Bytes bytes={imageBytes.p50} />
        </Fact>
        <Fact name="p95">
          <Bytes bytes={imageBytes.p95} />
        </Fact>
        <Fact name="Images made">{imageBytes.samples}</Fact>
      </Facts>
      {columns.length > 0 && (
        <div className={styles.releases}>
          <Columns label="Image sizes by release" columns={columns} format={formatBytes} />
        </div>
      )}
    </Panel>
  )
}
