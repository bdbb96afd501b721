import { textOr } from '../../data/search.ts'

/** Of the address: which app's tags, and which of them is explained. */
export interface TagsSearch {
  readonly app?: string | undefined
  readonly tag?: string | undefined
}

export function parseTagsSearch({ app, tag }: Readonly<Record<string, unknown>>): TagsSearch {
  return { app: textOr(app), tag: textOr(tag) }
}
