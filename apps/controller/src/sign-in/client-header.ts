/** Whose address a request came from, as Fastify knows it: set by us, whatever a client sends. */
export const clientHeader = 'x-tagship-client'
