/** Who may tell of new tags, and in whose way of signing. */
export const webhookProviders = ['github', 'gitlab', 'gitea', 'forgejo', 'bitbucket', 'plain'] as const
export type WebhookProvider = (typeof webhookProviders)[number]
