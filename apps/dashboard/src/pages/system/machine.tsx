import { Meter } from '@base-ui/react/meter'
import type { SystemJson } from '@tagship/api'
import { formatBytes } from '../../data/format.ts'
import { classNames } from '../../parts/class-names.ts'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Bytes, Nothing } from '../../parts/values.tsx'
import styles from './machine.module.css'

/** Builds fail where less than this share is free. */
const littleFree = 0.1

/** The disk of the data folder, and the programs that Tagship stands on. */
export function Machine({
  system: { disk, versions, version, installation },
}: {
  readonly system: SystemJson
}) {
  const { totalBytes, freeBytes, databaseBytes } = disk
  const used = totalBytes - freeBytes
  const full = freeBytes / totalBytes < littleFree
  return (
    <Panel title="Machine">
      <Meter.Root
        value={used}
        max={totalBytes}
        className={styles.disk}
        aria-valuetext={`${formatBytes(freeBytes)} free`}
      >
        <Meter.Label>Disk</Meter.Label>
        <span className={classNames(full && styles.full)}>
          {formatBytes(freeBytes)} of {formatBytes(totalBytes)} free
        </span>
        <Meter.Track className={styles.track}>
          <Meter.Indicator className={classNames(styles.used, full && styles.usedUp)} />
        </Meter.Track>
      </Meter.Root>
      <Facts>
        <Fact name="Database">
          <Bytes bytes={databaseBytes} />
        </Fact>
        <Fact name="Tagship">{version}</Fact>
        {Object.entries(versions).map(([program, programVersion]) => (
          <Fact key={program} name={names[program] ?? program}>
            {programVersion ?? <Nothing />}
          </Fact>
        ))}
        <Fact name="Installation">{installation}</Fact>
      </Facts>
    </Panel>
  )
}

const names: Readonly<Record<string, string>> = {
  node: 'Node.js',
  postgres: 'PostgreSQL',
  redis: 'Redis',
  docker: 'Docker Engine',
  haproxy: 'HAProxy',
  git: 'git',
}
