/** What a section of the bench measures, and what it claims. */

export type Unit = 'KB' | 'ms' | 's' | 'requests/s' | 'requests/min' | '%' | 'MB' | '×' | 'apps'

/** One figure, measured again and again. */
export interface Series {
  readonly name: string
  readonly unit: Unit
  readonly values: readonly number[]
}

/** A promise of the product, held against what was measured. */
export interface Target {
  readonly claim: string
  readonly unit: Unit
  readonly measured: number
  /** `measured` has to be at most, or at least, this. */
  readonly limit: { readonly atMost: number } | { readonly atLeast: number }
}

export interface SectionResult {
  readonly series: readonly Series[]
  readonly targets: readonly Target[]
}

export interface BenchOptions {
  readonly repetitions: number
  /** Build args that name local images, on a machine that reaches no registry. */
  readonly buildArgs: Readonly<Record<string, string>>
  /** Tells who waits what is done. */
  progress(text: string): void
}

export interface Section {
  readonly title: string
  run(options: BenchOptions): Promise<SectionResult>
}

export function holds({ measured, limit }: Target): boolean {
  return 'atMost' in limit ? measured <= limit.atMost : measured >= limit.atLeast
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const above = sorted[Math.floor(middle)] ?? Number.NaN
  const below = sorted[Math.ceil(middle) - 1] ?? Number.NaN
  return (above + below) / 2
}

/** The value that so many of a hundred are not above (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((share / 100) * sorted.length) - 1)] ?? Number.NaN
}

/** Series that are filled while the rounds go by, in the order in which their names first come up. */
export function createSeries(unit: Unit) {
  const series = new Map<string, number[]>()
  return {
    add: (name: string, value: number) => {
      const values = series.get(name) ?? []
      series.set(name, values)
      values.push(value)
    },
    median: (name: string) => median(series.get(name) ?? []),
    all: (): Series[] => [...series].map(([name, values]) => ({ name, unit, values })),
  }
}
