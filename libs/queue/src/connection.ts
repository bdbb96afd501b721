/** Where the jobs are kept while they wait. */
export type QueueConnection =
  | { readonly kind: 'redis'; readonly url: string }
  | { readonly kind: 'redisSocket'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }
