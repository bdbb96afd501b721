/** Builds what the test cluster is made of, unless it is there: minutes that can be spent beside something else. */
import { buildPrograms } from './cluster.ts'

await buildPrograms()
